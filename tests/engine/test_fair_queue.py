"""The queue positions that pages show are the order in which the dispatcher really claims."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos.engine import dispatch, fair_queue
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _claimed_in_order(backend: Backend) -> list[int]:
    Backend.objects.filter(pk=backend.pk).update(max_in_flight=1000)
    claims = iter(lambda: dispatch.claim_next(backend.pk), None)
    return [claim.video_id for claim in claims]


def test_positions_are_the_order_of_claims(backend: Backend, alice, bob, carol):
    VideoFactory(backend=backend, owner=alice, state=State.IN_PROGRESS)
    for owner in (alice, alice, bob, alice, carol, bob, alice):
        VideoFactory(backend=backend, owner=owner)
    served = VideoFactory(backend=backend, owner=carol, state=State.COMPLETED)
    Video.objects.filter(pk=served.pk).update(attempted_at=timezone.now() - timedelta(seconds=5))
    VideoFactory(owner=alice)  # at another backend

    positions = fair_queue.queue_positions(Video.objects.filter(backend=backend))

    in_order = _claimed_in_order(backend)
    assert sorted(positions, key=lambda pk: positions[pk]) == in_order
    assert sorted(positions.values()) == list(range(1, 8))


def test_videos_of_others_count_too(backend: Backend, alice, bob):
    VideoFactory.create_batch(5, backend=backend, owner=bob)
    mine = VideoFactory.create_batch(2, backend=backend, owner=alice)

    positions = fair_queue.queue_positions(mine)

    assert list(positions.values()) == [2, 4]


def test_it_counts_only_so_far(backend: Backend, alice, monkeypatch):
    monkeypatch.setattr(fair_queue, "MAX_POSITION", 3)
    mine = VideoFactory.create_batch(6, backend=backend, owner=alice)

    assert list(fair_queue.queue_positions(mine).values()) == [1, 2, 3, 4, 4, 4]


@pytest.mark.parametrize("joins", [True, False])
def test_the_queue_may_move_between_its_queries(backend: Backend, alice, joins: bool):
    mine = VideoFactory.create_batch(6, backend=backend, owner=alice)
    leaving = iter(mine)

    def move(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "GROUP BY" in sql and joins:
            VideoFactory(backend=backend, owner=UserFactory())
        elif "GROUP BY" in sql:
            Video.objects.filter(pk=next(leaving).pk).update(state=State.CANCELED)
        return result

    with connection.execute_wrapper(move):
        positions = fair_queue.queue_positions(mine)

    waiting = set(Video.objects.filter(owner=alice, state=State.QUEUED).values_list("pk", flat=True))
    assert waiting <= positions.keys() <= {video.pk for video in mine}, "what has just left may have none"


def test_what_is_not_queued_has_no_position(backend: Backend):
    running = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    VideoFactory(backend=backend, cancel_requested_at=timezone.now())

    assert fair_queue.queue_positions([running]) == {}


def test_it_needs_as_many_queries_for_many(backend: Backend, alice, django_assert_num_queries):
    other = BackendFactory()
    for _ in range(12):
        VideoFactory(backend=backend, owner=alice)
        VideoFactory(backend=backend, owner=UserFactory())
    VideoFactory(backend=other, owner=alice)
    mine = list(Video.objects.filter(owner=alice, backend=backend))

    with django_assert_num_queries(6):
        fair_queue.queue_positions(mine)
    with django_assert_num_queries(1):
        fair_queue.queue_positions(mine)


@pytest.mark.parametrize(
    "change",
    [
        lambda queue: VideoFactory(backend=queue[0].backend),
        lambda queue: VideoFactory(backend=queue[0].backend, owner=queue[2].owner, state=State.IN_PROGRESS),
        lambda queue: Video.objects.filter(pk=queue[0].pk).update(state=State.CANCELED),
        lambda queue: Video.objects.filter(pk=queue[0].pk).update(cancel_requested_at=timezone.now()),
        lambda queue: dispatch.claim_next(queue[0].backend_id),
    ],
)
def test_a_queue_that_moves_is_computed_again(backend: Backend, alice, bob, change):
    queue = [VideoFactory(backend=backend, owner=owner) for owner in (alice, alice, bob, alice)]
    mine = Video.objects.filter(backend=backend, owner=alice)
    fair_queue.queue_positions(mine)
    change(queue)
    positions = fair_queue.queue_positions(mine)
    cache.clear()
    assert positions == fair_queue.queue_positions(mine)
    assert fair_queue.queue_positions([queue[-1]]) == {queue[-1].pk: positions[queue[-1].pk]}


def test_a_queue_is_checked_once_a_second(backend: Backend, alice, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(fair_queue, "MAX_AGE", 1)
    clock = [100.0]
    monkeypatch.setattr(fair_queue, "time", SimpleNamespace(time=lambda: clock[0]))
    first, mine = VideoFactory(backend=backend), VideoFactory(backend=backend, owner=alice)
    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
    Video.objects.filter(pk=first.pk).update(state=State.CANCELED)
    with django_assert_num_queries(0):
        assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
    clock[0] += 1
    assert fair_queue.queue_positions([mine]) == {mine.pk: 1}


def test_one_who_has_just_joined_is_counted_at_once(backend: Backend, alice, monkeypatch):
    monkeypatch.setattr(fair_queue, "MAX_AGE", 60)
    fair_queue.queue_positions([VideoFactory(backend=backend)])
    mine = VideoFactory(backend=backend, owner=alice)
    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
