"""A cache that fails costs queries, never an answer."""

import pytest

from tests.factories import VideoFactory
from videos.engine import durations, fair_queue, list_polling, safe_cache
from videos.engine.durations import JobProfile
from videos.models import Backend

pytestmark = pytest.mark.django_db


class BrokenCache:
    """Every call fails, as with a Redis server that is down."""

    def __getattr__(self, name: str) -> object:
        raise ConnectionError("Connection refused")


@pytest.fixture(autouse=True)
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_cache, "cache", BrokenCache())


def test_queue_positions_are_computed(backend: Backend, alice, bob):
    VideoFactory(backend=backend, owner=bob)
    mine = VideoFactory(backend=backend, owner=alice)

    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}


def test_durations_are_read(backend: Backend):
    profile = JobProfile(backend.pk, "sora-2", "1280x720", 4)

    assert durations.stats_for([profile]) == {profile: durations.DurationStats()}


def test_the_list_is_tried(backend: Backend):
    list_polling._distrust(backend, "it shows nothing")

    assert list_polling.is_worthwhile(backend, 1000)
