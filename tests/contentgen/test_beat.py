"""Of several beats one sends the ticks."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from contentgen import beat
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


def test_a_beat_that_cannot_ask_sends_nothing(sent: list[str], monkeypatch: pytest.MonkeyPatch):
    scheduler = _scheduler()

    def is_away() -> bool:
        raise OperationalError("away")

    monkeypatch.setattr(scheduler._leadership, "is_held", is_away)
    monkeypatch.setattr(beat.connection, "close", lambda: None)

    assert scheduler.tick() == ASK_EVERY
    assert sent == []
