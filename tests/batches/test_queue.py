"""A batch in its owner's queue, whatever is done to the queue meanwhile: each row is submitted once."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from tests.engine.conftest import clock as clock  # a fixture here too
from tests.engine.conftest import fake as fake  # a fixture here too
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.engine import ageing, retention
from videos.engine.storage_use import GIGABYTE
from videos.engine.submit import submit_next
from videos.models import Backend, BatchState, State, Video
from videos.services import batch_work
from videos.services.batches import resume_batch, start_batch
from videos.services.library import move_to_trash
from videos.services.queue import Place, pause_queue, pause_videos, reorder, resume_queue, resume_videos

pytestmark = pytest.mark.django_db

ROWS = 24


def submit_all(videos: int = 1000) -> int:
    """Submit what may start, as workers do, at most so many. Returns how many were."""
    Backend.objects.update(max_in_flight=1000, requests_per_minute=None)
    backends = list(Backend.objects.values_list("pk", flat=True))
    return sum(any(submit_next(pk) for pk in backends) for _ in range(min(videos, 2 * ROWS)))


def test_paused_reordered_stopped_by_a_full_storage_and_resumed_it_makes_each_row_once(
    save, work, alice: User, fake: FakeBackend, monkeypatch, settings
):
    monkeypatch.setattr(batch_work, "PORTION", 6)
    settings.STORAGE_QUOTA_GB = 1
    batch = save("prompt\n" + "".join(f"Fox {n}\n" for n in range(ROWS)))
    start_batch(batch)
    assert batch_work.step(batch.pk)
    assert batch_work.step(batch.pk)
    made = list(Video.objects.order_by("pk").values_list("public_id", flat=True))

    pause_queue(alice)
    assert reorder(alice, made[-2:], Place.FRONT) == 2
    assert pause_videos(alice, made[:3]) == 3
    assert submit_all() == 0
    assert batch_work.step(batch.pk), "a paused queue grows all the same"
    full = VideoFactory(owner=alice, state=State.COMPLETED, byte_count=GIGABYTE)
    work(batch)
    assert batch.state == BatchState.STOPPED
    assert "Your storage is full" in batch.problem
    assert Video.objects.filter(batch=batch).count() == 18

    resume_queue(alice)
    assert submit_all(2) == 2
    assert [each["prompt"] for each in fake.created] == ["Fox 10", "Fox 11"]
    assert submit_all() == 13, "those that were paused one by one stay"
    assert resume_batch(batch)
    work(batch)
    assert batch.state == BatchState.STOPPED, "it is still full"
    move_to_trash([full])
    Video.objects.filter(pk=full.pk).delete()
    assert resume_batch(batch)
    work(batch)
    resume_videos(alice, None)
    submit_all()
    work(batch)

    assert batch.state == BatchState.RUNNING
    assert Counter(each["prompt"] for each in fake.created) == Counter(f"Fox {n}" for n in range(ROWS))
    assert Video.objects.filter(batch=batch).count() == ROWS
    assert [row.video.prompt for row in batch.rows.order_by("number")] == [f"Fox {n}" for n in range(ROWS)]


def test_nothing_that_waits_is_aged(save, work, alice: User, fake: FakeBackend, clock, settings):
    """However long a queue was paused: the days of a rule count from the end of a video."""
    settings.RETENTION_DAYS = 2
    batch = save()
    start_batch(batch)
    work(batch)
    pause_queue(alice)
    retried = VideoFactory(owner=alice, created_at=clock.now - timedelta(days=90), state=State.QUEUED)
    ended = VideoFactory(
        owner=alice, created_at=clock.now - timedelta(days=90), finished_at=clock.now, state=State.COMPLETED
    )

    for _ in range(20):
        clock.advance(86_400)
        ageing.run()

    waiting = Video.objects.filter(state=State.QUEUED)
    assert waiting.count() == 3
    assert retried in waiting
    assert not waiting.exclude(trashed_at=None, retention_due_at=None).exists()
    ended.refresh_from_db()
    assert ended.trashed_at


def test_what_ages_is_found_in_an_index(clock, alice: User):
    """Of the team's library, in its order: the rows before a place are not read again."""
    VideoFactory.create_batch(3, owner=alice, state=State.COMPLETED, finished_at=clock.now)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of three rows, each way costs the same.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        plan = retention.finished_before(timezone.now()).explain()
    assert "video_team_finished" in plan
    assert "TEMP B-TREE" not in plan
