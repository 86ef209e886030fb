"""Of several beats one sends the ticks."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from contentgen import activity, beat
from contentgen.beat import LeaderScheduler
from contentgen.celery import app
from videos.engine.leadership import ASK_EVERY
from videos.models import Heartbeat


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(
        LeaderScheduler, "apply_entry", lambda self, entry, producer=None: sent.append(entry.name)
    )
    monkeypatch.setattr(LeaderScheduler, "producer", None)
    return sent


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "close_old_connections", lambda: None)  # it may be older than this test


def _scheduler() -> LeaderScheduler:
    """Return one that is started now, to which everything is due."""
    scheduler = LeaderScheduler(app)
    for entry in scheduler.schedule.values():
        entry.last_run_at -= timedelta(days=1)
    return scheduler


def _tick(scheduler: LeaderScheduler) -> None:
    for _ in range(len(app.conf.beat_schedule) + 1):
        scheduler.tick()


@pytest.mark.django_db
def test_the_one_that_waits_sends_nothing_and_takes_over(sent: list[str]):
    first, second = _scheduler(), _scheduler()
    _tick(first)
    assert sorted(sent) == sorted(app.conf.beat_schedule)

    sent.clear()
    assert second.tick() == ASK_EVERY
    assert sent == []

    first.close()  # in the handler of SIGTERM, which may have interrupted a query
    assert second.tick() == ASK_EVERY
    with pytest.raises(SystemExit):
        first.tick()
    first.close()
    _tick(second)
    assert sorted(sent) == sorted(app.conf.beat_schedule)
    assert Heartbeat.objects.get().holder is not None


@pytest.mark.django_db
def test_work_is_seen_within_a_second_by_a_beat_that_had_none(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
):
    is_quiet = True
    monkeypatch.setattr(activity, "ASK_EVERY", 0)
    monkeypatch.setattr(activity, "_has_work", [lambda: not is_quiet])
    scheduler = _scheduler()
    _tick(scheduler)
    sent.clear()
    for entry in scheduler.schedule.values():
        entry.last_run_at -= timedelta(seconds=2.5)
    scheduler._heap = None  # they are asked anew, and wait for their seldom ticks

    assert scheduler.tick() == pytest.approx(0.5, abs=0.4)  # until the sign of life is due
    assert sent == []

    is_quiet = False
    assert scheduler.tick() <= 1
    _tick(scheduler)
    assert {"videos.dispatch", "videos.poll", "webhooks.deliver"} <= set(sent)
    assert "videos.sweep" not in sent  # which is not due every second with work, either


def test_a_beat_that_cannot_ask_sends_nothing(sent: list[str], monkeypatch: pytest.MonkeyPatch):
    scheduler = _scheduler()

    def is_away() -> bool:
        raise OperationalError("away")

    monkeypatch.setattr(scheduler._leadership, "is_held", is_away)
    monkeypatch.setattr(beat.connection, "close", lambda: None)

    assert scheduler.tick() == ASK_EVERY
    assert sent == []
