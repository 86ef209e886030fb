import pytest

from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import State

pytestmark = pytest.mark.django_db


def test_a_queued_video_is_canceled_and_nothing_is_to_be_deleted_at_the_backend():
    video = VideoFactory(state=State.QUEUED)

    assert lifecycle.cancel(video.pk)

    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert video.delete_job_at is None
    assert video.finished_at is not None


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.STORING])
def test_the_backend_is_told_about_a_job_it_has(state: State):
    video = VideoFactory(state=state)

    assert lifecycle.cancel(video.pk)

    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert video.delete_job_at is not None
    assert video.backend_job_id


@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNCERTAIN])
def test_a_submission_on_its_way_is_canceled_once_its_fate_is_known(state: State):
    video = VideoFactory(state=state)

    assert lifecycle.cancel(video.pk)
    assert not lifecycle.cancel(video.pk)

    video.refresh_from_db()
    assert video.state == state
    assert video.cancel_requested_at is not None


def test_a_wish_to_cancel_is_carried_out_later():
    video = VideoFactory(state=State.UNCERTAIN)
    lifecycle.cancel(video.pk)
    lifecycle.adopt(
        video.pk,
        State.UNCERTAIN,
        attempted_at=video.attempted_at,
        job_id="job_1",
        due_at=video.created_at,
    )

    assert lifecycle.apply_pending_cancellations() == 1

    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert video.delete_job_at is not None


def test_canceling_an_undecided_video_is_a_decision():
    video = VideoFactory(state=State.UNCERTAIN, due_at=None)

    assert lifecycle.cancel(video.pk)

    video.refresh_from_db()
    assert video.state == State.CANCELED


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELED])
def test_what_has_ended_cannot_be_canceled(state: State):
    video = VideoFactory(state=state)

    assert not lifecycle.cancel(video.pk)

    video.refresh_from_db()
    assert video.state == state
    assert video.delete_job_at is None


def test_a_deleted_video_in_flight_is_canceled_by_the_sweep_at_the_latest():
    video = VideoFactory(state=State.SUBMITTING)
    lifecycle.delete(video.pk)
    type(video).objects.filter(pk=video.pk).update(state=State.IN_PROGRESS, cancel_requested_at=None)

    assert lifecycle.apply_pending_cancellations() == 1

    video.refresh_from_db()
    assert video.state == State.CANCELED
