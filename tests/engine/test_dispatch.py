from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from videos.engine import dispatch
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _claim(backend: Backend) -> Video | None:
    claim = dispatch.claim_next(backend.pk)
    return Video.objects.get(pk=claim.video_id) if claim else None


def test_owners_take_turns(backend: Backend, alice, bob):
    backend.max_in_flight = 100
    backend.save()
    for _ in range(10):
        VideoFactory(backend=backend, owner=alice)
    late = VideoFactory(backend=backend, owner=bob)

    assert _claim(backend).owner == alice
    assert _claim(backend) == late
    assert _claim(backend).owner == alice


def test_the_one_served_longest_ago_goes_first_when_nobody_has_more(backend: Backend, alice, bob):
    VideoFactory(backend=backend, owner=alice, state=State.COMPLETED)
    VideoFactory(backend=backend, owner=alice)
    served_before = VideoFactory(backend=backend, owner=bob, state=State.COMPLETED)
    Video.objects.filter(pk=served_before.pk).update(attempted_at=timezone.now() - timedelta(hours=1))
    VideoFactory(backend=backend, owner=bob)

    assert _claim(backend).owner == bob


def test_within_one_owner_the_oldest_goes_first(backend: Backend, alice):
    first = VideoFactory(backend=backend, owner=alice)
    VideoFactory(backend=backend, owner=alice)

    assert _claim(backend) == first


@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS])
def test_nothing_starts_while_the_backend_is_full(backend: Backend, state: State):
    for _ in range(backend.max_in_flight):
        VideoFactory(backend=backend, state=state)
    VideoFactory(backend=backend)

    assert _claim(backend) is None


def test_a_video_waiting_for_its_owners_decision_holds_nobody_up(backend: Backend):
    for _ in range(backend.max_in_flight):
        VideoFactory(backend=backend, state=State.UNCERTAIN, due_at=None)
    VideoFactory(backend=backend)

    assert _claim(backend) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"due_at": timezone.now() + timedelta(hours=1)},
        {"cancel_requested_at": timezone.now()},
    ],
)
def test_what_is_not_to_start_does_not(backend: Backend, fields: dict):
    VideoFactory(backend=backend, **fields)

    assert _claim(backend) is None


def test_a_paused_backend_starts_nothing(backend: Backend):
    VideoFactory(backend=backend)
    dispatch.pause(backend.pk, seconds=60, reason="asked to")

    assert _claim(backend) is None


def test_a_longer_pause_is_not_shortened(backend: Backend):
    dispatch.pause(backend.pk, seconds=60, reason="long")
    dispatch.pause(backend.pk, seconds=1, reason="short")

    backend.refresh_from_db()
    assert backend.pause_reason == "long"


def test_the_tick_hints_only_at_what_may_start(backend: Backend, hints: list):
    for _ in range(6):
        VideoFactory(backend=backend)
    other = BackendFactory(paused_until=timezone.now() + timedelta(hours=1))
    VideoFactory(backend=other)

    dispatch.tick()

    assert hints == [("submit", backend.pk)]


def test_the_tick_hints_at_nothing_where_no_slot_is_free(backend: Backend, hints: list):
    for _ in range(backend.max_in_flight):
        VideoFactory(backend=backend, state=State.IN_PROGRESS)
    VideoFactory(backend=backend)

    dispatch.tick()

    assert hints == []


def test_the_tick_hints_at_nothing_where_no_request_is_allowed(backend: Backend, hints: list):
    VideoFactory(backend=backend)
    Backend.objects.filter(pk=backend.pk).update(
        requests_per_minute=1, request_allowance=0, request_allowance_at=timezone.now()
    )

    dispatch.tick()
    dispatch.hint_at_next(backend.pk)

    assert hints == []


def test_the_tick_hints_at_downloads_that_nobody_makes(backend: Backend, hints: list):
    free = VideoFactory(backend=backend, state=State.STORING)
    abandoned = VideoFactory(
        backend=backend, state=State.STORING, lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    VideoFactory(
        backend=backend, state=State.STORING, lease_expires_at=timezone.now() + timedelta(seconds=60)
    )

    dispatch.tick()

    assert sorted(hints) == [("store", free.pk), ("store", abandoned.pk)]


def _pause_longer(backend: Backend) -> float:
    """Have the backend refuse us once more, its last pause being over; returns the seconds."""
    Backend.objects.filter(pk=backend.pk).update(paused_until=None)
    return dispatch.pause_longer(backend.pk, reason="Slow down.", first=5, longest=300)


def test_pauses_double_up_to_a_limit_until_a_job_is_accepted(backend: Backend):
    pauses = [_pause_longer(backend) for _ in range(9)]

    for number, seconds in enumerate(pauses):
        assert 0.9 <= seconds / min(300, 5 * 2**number) <= 1.1
    dispatch.note_acceptance(backend.pk)
    assert _pause_longer(backend) < 6


def test_refusals_that_were_under_way_together_count_once(backend: Backend):
    _pause_longer(backend)
    for _ in range(5):
        dispatch.pause_longer(backend.pk, reason="Slow down.", first=5, longest=300)

    backend.refresh_from_db()
    assert backend.pause_count == 1
    assert (backend.paused_until - timezone.now()).total_seconds() < 6


def test_after_a_refusal_a_single_submission_finds_out(backend: Backend):
    VideoFactory.create_batch(3, backend=backend, state=State.QUEUED)
    Backend.objects.filter(pk=backend.pk).update(pause_count=2)

    assert dispatch.claim_next(backend.pk)
    assert dispatch.claim_next(backend.pk) is None

    dispatch.note_acceptance(backend.pk)
    assert dispatch.claim_next(backend.pk)


def test_nothing_starts_while_too_many_finished_videos_wait_to_be_stored(backend: Backend):
    waiting = VideoFactory.create_batch(dispatch.max_to_store(backend), backend=backend, state=State.STORING)
    VideoFactory(backend=backend)
    assert dispatch.claim_next(backend.pk) is None

    Video.objects.filter(pk=waiting[0].pk).update(state=State.COMPLETED)

    assert dispatch.claim_next(backend.pk) is not None


@pytest.mark.parametrize(("max_in_flight", "bound"), [(1, 8), (4, 8), (20, 40)])
def test_how_many_may_wait_follows_the_jobs_in_flight(backend: Backend, max_in_flight: int, bound: int):
    backend.max_in_flight = max_in_flight
    assert dispatch.max_to_store(backend) == bound
