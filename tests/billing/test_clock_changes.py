"""A budget's period begins at midnight in the studio, also where the clocks change on that day."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.periods import Period, end_of, start_of


@pytest.mark.parametrize(
    ("zone", "now", "start", "end"),
    [
        # 23 hours, and 25
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        # Midnight itself is skipped: the day begins at 01:00, which is when the day before ends.
        ("Africa/Cairo", "2026-04-24T12:00", "2026-04-23T22:00", "2026-04-24T21:00"),
        # The hour before midnight comes twice, and both belong to the day that ends.
        ("Africa/Cairo", "2026-10-29T20:30", "2026-10-28T21:00", "2026-10-29T22:00"),
        ("Africa/Cairo", "2026-10-29T21:30", "2026-10-28T21:00", "2026-10-29T22:00"),
        # The hour after midnight comes twice, and both belong to the day that begins.
        ("America/Havana", "2026-11-01T04:30", "2026-11-01T04:00", "2026-11-02T05:00"),
        ("America/Havana", "2026-11-01T05:30", "2026-11-01T04:00", "2026-11-02T05:00"),
    ],
)
def test_a_day_is_as_long_as_it_is(settings, zone: str, now: str, start: str, end: str):
    settings.TIME_ZONE = zone
    moment = _utc(now)

    assert start_of(Period.DAY, moment).astimezone(UTC) == _utc(start)
    assert (end_of(Period.DAY, moment) or moment).astimezone(UTC) == _utc(end)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Africa/Cairo", "America/Havana", "America/Santiago", "UTC"]
)
@pytest.mark.parametrize("period", [Period.DAY, Period.WEEK, Period.MONTH])
def test_no_moment_is_in_two_periods_or_in_none(settings, zone: str, period: Period):
    settings.TIME_ZONE = zone
    moment, last = _utc("2026-01-01T00:00"), _utc("2027-01-01T00:00")
    while moment < last:
        end = end_of(period, moment)
        assert end is not None
        assert start_of(period, moment) <= moment < end
        assert start_of(period, end) == end, "the next one begins where this one ends"
        moment += timedelta(hours=7, minutes=30)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
