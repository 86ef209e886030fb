"""When a delivery that failed is tried again: after growing distances, as the settings say."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings

JITTER = 0.1  # so that what failed together is not sent again together
MAX_RETRY_AFTER = 24 * 3600  # seconds that a receiver can ask for
_FIRST_HOLD = 5  # seconds
_MAX_HOLD = 300


def retry_delay(attempts: int) -> float | None:
    """Return the seconds until the next attempt after so many; None where that was the last."""
    if attempts > len(settings.WEBHOOK_RETRY_SECONDS):
        return None
    return float(settings.WEBHOOK_RETRY_SECONDS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER))


def hold_delay(failures: int) -> float:
    """Return the seconds for which nothing is sent to an endpoint that failed so many times in a row.

    Twice as long each time, up to five minutes: so a receiver that is away is asked seldom, however much
    waits for it. Never longer than the longest distance between two attempts.
    """
    longest = min(_MAX_HOLD, *settings.WEBHOOK_RETRY_SECONDS[-1:])
    return float(min(_FIRST_HOLD * 2.0 ** min(failures - 1, 10), longest))


def parse_retry_after(text: str, now: datetime) -> float:
    """Return the seconds that a `Retry-After` asks for, in bounds; 0 for what nobody can read."""
    try:
        seconds = float(text) if text.isdigit() else _seconds_until(text, now)
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _seconds_until(text: str, now: datetime) -> float:
    at = parsedate_to_datetime(text)  # ValueError for what is no date
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - now) / timedelta(seconds=1)
