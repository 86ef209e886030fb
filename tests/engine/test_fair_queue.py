"""The place in the queue that a page tells is the order in which the dispatcher really claims."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos.engine import dispatch, fair_queue
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _claimed_in_order(backend: Backend) -> list[int]:
    Backend.objects.filter(pk=backend.pk).update(max_in_flight=1000)
    claims = iter(lambda: dispatch.claim_next(backend.pk), None)
    return [claim.video_id for claim in claims]


def test_places_are_the_order_of_claims(backend: Backend, alice, bob, carol):
    VideoFactory(backend=backend, owner=alice, state=State.IN_PROGRESS)
    for owner in (alice, alice, bob, alice, carol, bob, alice):
        VideoFactory(backend=backend, owner=owner)
    served = VideoFactory(backend=backend, owner=carol, state=State.COMPLETED)
    Video.objects.filter(pk=served.pk).update(attempted_at=timezone.now() - timedelta(seconds=5))
    VideoFactory(owner=alice)  # at another backend

    told = fair_queue.queue_positions(Video.objects.filter(backend=backend))

    in_order = _claimed_in_order(backend)
    assert sorted(told, key=lambda pk: told[pk]) == in_order
    assert sorted(told.values()) == list(range(1, 8))


def test_others_wishes_count_too(backend: Backend, alice, bob):
    VideoFactory.create_batch(5, backend=backend, owner=bob)
    mine = VideoFactory.create_batch(2, backend=backend, owner=alice)

    told = fair_queue.queue_positions(mine)

    assert list(told.values()) == [2, 4]


def test_it_counts_only_so_far(backend: Backend, alice, monkeypatch):
    monkeypatch.setattr(fair_queue, "MAX_POSITION", 3)
    mine = VideoFactory.create_batch(6, backend=backend, owner=alice)

    assert list(fair_queue.queue_positions(mine).values()) == [1, 2, 3, 4, 4, 4]


def test_what_is_not_queued_has_no_place(backend: Backend):
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
        lambda line: VideoFactory(backend=line[0].backend),
        lambda line: VideoFactory(backend=line[0].backend, owner=line[2].owner, state=State.IN_PROGRESS),
        lambda line: Video.objects.filter(pk=line[0].pk).update(state=State.CANCELED),
        lambda line: Video.objects.filter(pk=line[0].pk).update(cancel_requested_at=timezone.now()),
        lambda line: dispatch.claim_next(line[0].backend_id),
    ],
)
def test_a_line_that_moves_is_looked_at_anew(backend: Backend, alice, bob, change):
    line = [VideoFactory(backend=backend, owner=owner) for owner in (alice, alice, bob, alice)]
    mine = Video.objects.filter(backend=backend, owner=alice)
    fair_queue.queue_positions(mine)
    change(line)
    told = fair_queue.queue_positions(mine)
    fair_queue.forget_all()
    assert told == fair_queue.queue_positions(mine)
    assert fair_queue.queue_positions([line[-1]]) == {line[-1].pk: told[line[-1].pk]}


def test_a_line_is_looked_at_once_a_second(backend: Backend, alice, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(fair_queue, "LOOK_EVERY", 1)
    clock = [100.0]
    monkeypatch.setattr(fair_queue, "monotonic", lambda: clock[0])
    first, mine = VideoFactory(backend=backend), VideoFactory(backend=backend, owner=alice)
    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
    Video.objects.filter(pk=first.pk).update(state=State.CANCELED)
    with django_assert_num_queries(0):
        assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
    clock[0] += 1
    assert fair_queue.queue_positions([mine]) == {mine.pk: 1}


def test_one_who_has_just_joined_is_told_at_once(backend: Backend, alice, monkeypatch):
    monkeypatch.setattr(fair_queue, "LOOK_EVERY", 60)
    fair_queue.queue_positions([VideoFactory(backend=backend)])
    mine = VideoFactory(backend=backend, owner=alice)
    assert fair_queue.queue_positions([mine]) == {mine.pk: 2}
