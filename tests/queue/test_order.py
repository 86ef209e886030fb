"""The order of one's own queue: the scheduler does what was asked for, and no turn of others changes."""

from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import User
from tests.factories import VideoFactory
from videos.engine import fair_queue
from videos.models import Backend, State, Video
from videos.services.queue import Place, place_between, reorder
from videos.services.queue_entries import list_waiting
from videos.services.video_actions import retry_video

pytestmark = pytest.mark.django_db

Claimed = Callable[[], list[int]]


def _queue(owner: User, backend: Backend, count: int) -> list[Video]:
    return VideoFactory.create_batch(count, owner=owner, backend=backend)


def _listed(owner: User) -> list[int]:
    return [video.pk for video in list_waiting(owner)]


def _move(owner: User, place: Place, *videos: Video) -> int:
    return reorder(owner, [video.public_id for video in videos], place)


@pytest.mark.parametrize(
    ("place", "moved", "order"),
    [
        (Place.FRONT, [3], [3, 0, 1, 2, 4]),
        (Place.FRONT, [4, 2], [2, 4, 0, 1, 3]),  # they stay in their order
        (Place.END, [0], [1, 2, 3, 4, 0]),
        (Place.END, [1, 0], [2, 3, 4, 0, 1]),
        (Place.UP, [2], [0, 2, 1, 3, 4]),
        (Place.UP, [0, 1], [0, 1, 2, 3, 4]),  # nothing is before them
        (Place.UP, [0, 2], [0, 2, 1, 3, 4]),
        (Place.UP, [2, 3], [0, 2, 3, 1, 4]),
        (Place.DOWN, [1], [0, 2, 1, 3, 4]),
        (Place.DOWN, [1, 2], [0, 3, 1, 2, 4]),
        (Place.DOWN, [4], [0, 1, 2, 3, 4]),
    ],
)
def test_the_page_and_the_scheduler_have_the_order_that_was_asked_for(
    alice: User, backend: Backend, claimed: Claimed, place: Place, moved: list[int], order: list[int]
):
    videos = _queue(alice, backend, 5)

    assert _move(alice, place, *(videos[n] for n in moved)) == len(moved)

    expected = [videos[n].pk for n in order]
    assert _listed(alice) == expected
    positions = fair_queue.queue_positions(videos)
    assert sorted(positions, key=lambda pk: positions[pk]) == expected
    assert claimed() == expected


def test_moves_add_up(alice: User, backend: Backend, claimed: Claimed):
    one, two, three = _queue(alice, backend, 3)
    _move(alice, Place.FRONT, three)
    _move(alice, Place.DOWN, three)
    (four,) = _queue(alice, backend, 1)
    assert _listed(alice) == [one.pk, three.pk, two.pk, four.pk], "what comes later goes behind"

    _move(alice, Place.UP, four)
    _move(alice, Place.FRONT, two)

    expected = [two.pk, one.pk, three.pk, four.pk]
    assert _listed(alice) == expected
    assert claimed() == expected


def test_to_the_front_is_the_front_of_ones_own_queue_and_of_no_other(
    alice: User, bob: User, backend: Backend, claimed: Claimed
):
    """The owners of the videos that start, one after the other, are the same with and without."""
    theirs = {alice.pk: _queue(alice, backend, 6), bob.pk: _queue(bob, backend, 3)}
    order = _owners_in_order(backend)

    _move(alice, Place.FRONT, *theirs[alice.pk][3:])
    _move(alice, Place.FRONT, theirs[alice.pk][5])

    assert _owners_in_order(backend) == order
    started = [Video.objects.get(pk=pk).owner_id for pk in claimed()]
    assert started == order
    assert started[:6] == [alice.pk, bob.pk] * 3, "and they take turns"


def _owners_in_order(backend: Backend) -> list[int]:
    videos = list(Video.objects.filter(backend=backend))
    positions = fair_queue.queue_positions(videos)
    return [video.owner_id for video in sorted(videos, key=lambda video: positions[video.pk])]


def test_a_position_that_a_page_shows_follows_a_move_at_once(alice: User, backend: Backend):
    videos = _queue(alice, backend, 3)
    assert fair_queue.queue_positions(videos)[videos[2].pk] == 3

    _move(alice, Place.UP, videos[2])

    assert fair_queue.queue_positions(videos)[videos[2].pk] == 2


def test_nobody_moves_anothers_videos(alice: User, bob: User, backend: Backend):
    hers = _queue(alice, backend, 2)

    assert _move(bob, Place.FRONT, hers[1]) == 0

    assert _listed(alice) == [hers[0].pk, hers[1].pk]


def test_what_has_left_the_queue_is_moved_nowhere(alice: User, backend: Backend, claimed: Claimed):
    videos = _queue(alice, backend, 2)
    claimed()

    assert _move(alice, Place.FRONT, videos[1]) == 0
    assert Video.objects.filter(queue_order__isnull=False).count() == 0


def test_a_retried_video_is_a_new_one_to_the_queue(alice: User, backend: Backend):
    waiting = _queue(alice, backend, 2)
    failed = VideoFactory(owner=alice, backend=backend)
    _move(alice, Place.FRONT, failed)
    Video.objects.filter(pk=failed.pk).update(state=State.FAILED, due_at=None)
    failed.refresh_from_db()
    _move(alice, Place.UP, waiting[1])

    assert retry_video(failed)

    assert _listed(alice) == [waiting[1].pk, waiting[0].pk, failed.pk]


def test_ten_thousand_are_moved_with_a_few_statements(
    alice: User, backend: Backend, django_assert_max_num_queries
):
    """The number of statements does not grow with the queue; only the first move ranks all of it."""
    videos = Video.objects.bulk_create(
        Video(owner=alice, backend=backend, prompt="A fox", model="sora-2", size="1280x720", seconds=4)
        for _ in range(300)
    )
    with django_assert_max_num_queries(20) as captured:
        _move(alice, Place.UP, videos[200])
    connection.queries_log.clear()
    assert _listed(alice)[199] == videos[200].pk
    assert len(captured) < 20


def _place(owner: User, moved: Video, behind: Video | None, before: Video | None) -> bool:
    ids = [each.public_id if each else "" for each in (behind, before)]
    return place_between(owner, moved.public_id, behind=ids[0], before=ids[1])


def test_a_video_is_placed_between_the_two_where_it_was_dropped(
    alice: User, bob: User, backend: Backend, claimed: Claimed
):
    zero, one, two, three, four = _queue(alice, backend, 5)
    _queue(bob, backend, 3)
    owners = _owners_in_order(backend)

    assert _place(alice, four, one, two)
    assert _place(alice, zero, three, None)  # the last of a page
    assert _place(alice, three, None, one)  # the first of one
    assert not _place(alice, two, None, None)

    expected = [three.pk, one.pk, four.pk, two.pk, zero.pk]
    assert _listed(alice) == expected
    assert _owners_in_order(backend) == owners
    assert [pk for pk in claimed() if Video.objects.get(pk=pk).owner == alice] == expected


def test_a_queue_that_changed_since_the_page_was_drawn_is_left_as_it_is(
    alice: User, bob: User, backend: Backend
):
    zero, one, two, three = videos = _queue(alice, backend, 4)
    (others,) = _queue(bob, backend, 1)
    _move(alice, Place.FRONT, three)  # in another window
    order = _listed(alice)

    assert not _place(alice, zero, two, three), "the other way round by now"
    assert not _place(alice, two, three, one), "another one is between them"
    assert not _place(alice, zero, None, others)
    assert not _place(bob, zero, None, one)
    Video.objects.filter(pk=one.pk).update(state=State.SUBMITTING)
    assert not _place(alice, one, None, zero), "it has started"
    assert not _place(alice, three, one, two), "its neighbor has"

    assert [pk for pk in order if pk != one.pk] == _listed(alice)
    assert {video.pk for video in videos} == {*_listed(alice), one.pk}
