"""Ticks that come seldom while there is nothing to do, and at once when there is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from accounts.models import MailState, OutgoingMail
from contentgen import activity
from contentgen.activity import Tick
from tests.factories import VideoFactory
from videos.models import Batch, BatchState, State

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "ASK_EVERY", 0)
    monkeypatch.setattr(activity, "close_old_connections", lambda: None)  # tests have one connection


@pytest.mark.parametrize(
    ("age", "is_quiet", "is_due", "again"),
    [
        (0.5, False, False, 0.5),
        (1, False, True, 1),
        (1, True, False, 9),
        (9, True, False, 1),
        (10, True, True, 1),
    ],
)
def test_a_tick_comes_seldom_while_all_is_quiet(monkeypatch, age, is_quiet, is_due, again):
    monkeypatch.setattr(activity, "is_quiet", lambda: is_quiet)
    tick = Tick(1, quiet=10)
    tick.nowfun = lambda: NOW

    state = tick.is_due(NOW - timedelta(seconds=age))

    assert (state.is_due, state.next) == (is_due, again)


def test_what_waits_for_its_seldom_tick_is_woken_once_there_is_work(monkeypatch):
    has_work = [False, True, True, False, False, True]
    monkeypatch.setattr(activity, "_has_work", [lambda: has_work.pop(0)])
    monkeypatch.setattr(activity, "_last", (0.0, False))
    before = activity.count_wakings()

    assert [activity.count_wakings() - before for _ in range(5)] == [1, 1, 1, 1, 2]


@pytest.mark.django_db
def test_a_studio_without_work_is_quiet(alice):
    VideoFactory(owner=alice, state=State.COMPLETED)
    VideoFactory(owner=alice, state=State.FAILED)
    Batch.objects.create(owner=alice, name="Foxes", state=BatchState.COMPLETED, row_count=1, estimate=0)

    assert activity.is_quiet()


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.QUEUED, State.UNCERTAIN, State.IN_PROGRESS, State.STORING])
def test_a_video_under_way_is_work(alice, state):
    VideoFactory(owner=alice, state=state)

    assert not activity.is_quiet()


@pytest.mark.django_db
def test_a_batch_that_runs_is_work_and_so_is_mail(alice):
    batch = Batch.objects.create(owner=alice, name="Foxes", state=BatchState.RUNNING, row_count=1, estimate=0)
    assert not activity.is_quiet()

    batch.delete()
    assert activity.is_quiet()

    OutgoingMail.objects.create(recipient="a@example.org", state=MailState.QUEUED, due_at=NOW - timedelta(1))
    assert not activity.is_quiet()


def test_a_database_that_is_away_counts_as_work(monkeypatch):
    def _fail() -> bool:
        raise DatabaseError("away")

    monkeypatch.setattr(activity, "_has_work", [_fail])

    assert not activity.is_quiet()
