"""How far a batch is: counts, tiles that scale, and the time that is left."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import VideoFactory
from videos.engine import fair_queue
from videos.models import State, Video
from videos.services.batch_progress import TILES, read_progress, seconds_left
from videos.services.batches import start_batch

pytestmark = pytest.mark.django_db


def test_each_of_a_few_rows_has_a_tile(save, work):
    batch = save("prompt\nA\nB\nC\nD\n")
    start_batch(batch)
    work(batch)
    for prompt, state in (("A", State.COMPLETED), ("B", State.FAILED), ("C", State.STORING)):
        Video.objects.filter(prompt=prompt).update(state=state)
    progress = read_progress(batch)
    assert [tile.kind for tile in progress.tiles] == ["done", "failed", "running", "waiting"]
    assert (progress.ended, progress.percent, progress.is_over) == (2, 50, False)
    Video.objects.filter(prompt="D").update(deleted_at=timezone.now())
    Video.objects.filter(prompt="A").delete()
    assert [tile.kind for tile in read_progress(batch).tiles] == ["gone", "failed", "running", "gone"]


def test_many_rows_share_tiles_and_none_is_left_out(save, work):
    batch = save("prompt\n" + "".join(f"Fox {n}\n" for n in range(TILES * 2 + 7)))
    progress = read_progress(batch)
    assert len(progress.tiles) == TILES
    assert sum(sum(tile.counts.values()) for tile in progress.tiles) == batch.row_count
    assert {tile.label for tile in progress.tiles} == {"2 waiting", "3 waiting"}


def test_the_time_left_is_that_of_the_latest_pace():
    now = timezone.now()
    ended = [now - timedelta(seconds=10 * n) for n in range(1, 5)]
    assert seconds_left(6, ended, now) == pytest.approx(60)
    assert seconds_left(6, ended[:2], now) is None


def test_one_waiting_for_a_decision_is_over_as_long_as_nobody_decides(save, work):
    batch = save("prompt\nA\n")
    start_batch(batch)
    work(batch)
    Video.objects.update(state=State.UNCERTAIN, due_at=None)
    progress = read_progress(batch)
    assert (progress.undecided, progress.is_over) == (1, True)


def test_somebody_elses_single_video_is_next(save, work, bob):
    batch = save("prompt\n" + "".join(f"Fox {n}\n" for n in range(50)))
    start_batch(batch)
    work(batch)
    first = Video.objects.order_by("pk")[0]
    Video.objects.filter(pk=first.pk).update(state=State.IN_PROGRESS, attempted_at=timezone.now())
    single = VideoFactory(owner=bob, backend=first.backend)
    assert fair_queue.next_video(first.backend_id, timezone.now()) == single.pk
