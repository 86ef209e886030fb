"""kill -9 between any two steps: nothing is lost, nothing is billed twice, nothing is left behind."""

from uuid import uuid4

import pytest

from tests.chaos.checker import leftover_temp_files
from tests.chaos.conftest import Studio
from tests.factories import VideoFactory
from videos.models import Kind, State, Video
from videos.services.video_actions import cancel_video, delete_video


def test_between_the_claim_and_the_request(studio: Studio):
    studio.kill_worker("submit", step="claimed")
    assert (studio.video.state, studio.billed_jobs) == (State.SUBMITTING, [])

    studio.recover()

    studio.assert_completed()


def test_between_the_request_and_recording_the_job_id(studio: Studio):
    studio.kill_worker("submit", step="accepted")
    assert (studio.video.state, studio.video.backend_job_id) == (State.SUBMITTING, "")
    assert len(studio.billed_jobs) == 1

    studio.recover()

    studio.assert_completed()


def test_after_recording_the_job_id(studio: Studio):
    studio.kill_worker("submit", step="recorded")
    assert (studio.video.state, studio.billed_jobs) == (State.IN_PROGRESS, [studio.video.backend_job_id])

    studio.recover()

    studio.assert_completed()


@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EDIT, Kind.EXTEND])
@pytest.mark.parametrize("step", ["claimed", "accepted", "recorded"])
def test_while_submitting_a_derived_video(studio: Studio, step: str, kind: Kind):
    _advance_to_storing(studio)
    studio.run_task("store")
    source = studio.video
    studio.video = VideoFactory(
        backend=studio.backend,
        kind=kind,
        source=source,
        source_seconds=4 if kind == Kind.EXTEND else 0,
        prompt=f"In snow, {uuid4().hex}",
    )

    studio.kill_worker("submit", step=step)
    assert delete_video(source)
    assert len(studio.billed_jobs) == (step != "claimed")
    studio.recover()

    assert studio.video.state == State.COMPLETED
    assert studio.billed_jobs == [studio.video.backend_job_id]
    assert not Video.objects.filter(pk=source.pk).exists(), (
        "the source is removed once it is no longer needed"
    )
    assert studio.stored_files == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert leftover_temp_files() == []


def test_between_learning_of_completion_and_recording_it(studio: Studio):
    studio.run_task("submit")
    studio.expire_leases()

    studio.kill_worker("poll_backend", step="completion seen")
    assert studio.video.state == State.IN_PROGRESS
    studio.recover()

    studio.assert_completed()


@pytest.mark.parametrize("step", ["downloading", "saved"])
def test_while_storing(studio: Studio, step: str):
    _advance_to_storing(studio)

    studio.kill_worker("store", step=step)
    assert (studio.video.state, studio.video.file.name) == (State.STORING, "")
    assert leftover_temp_files(), "a killed worker cannot clean up"
    studio.recover()

    studio.assert_completed()


def test_after_recording_that_the_video_is_stored(studio: Studio):
    _advance_to_storing(studio)

    studio.kill_worker("store", step="stored")
    assert studio.video.state == State.COMPLETED
    studio.recover()

    studio.assert_completed()


@pytest.mark.parametrize("step", ["claimed", "accepted", "recorded"])
def test_while_submitting_a_video_that_is_then_canceled(studio: Studio, step: str):
    studio.kill_worker("submit", step=step)
    assert cancel_video(studio.video)

    studio.recover()

    studio.assert_canceled()
    assert len(studio.billed_jobs) == (step != "claimed")


@pytest.mark.parametrize("step", ["downloading", "saved"])
def test_while_storing_a_video_that_is_then_canceled(studio: Studio, step: str):
    _advance_to_storing(studio)
    studio.kill_worker("store", step=step)
    assert cancel_video(studio.video)

    studio.recover()

    studio.assert_canceled()


def test_while_deleting_the_job_of_a_canceled_video(studio: Studio):
    studio.run_task("submit")
    assert cancel_video(studio.video)

    studio.kill_worker("clean_up_video", step="deleted at the backend")
    assert studio.video.delete_job_at is not None
    studio.recover()

    studio.assert_canceled()
    assert studio.video.delete_job_at is None
    assert studio.control.job(studio.video.backend_job_id) is None


def test_while_removing_a_deleted_video(studio: Studio):
    _advance_to_storing(studio)
    studio.run_task("store")
    assert delete_video(studio.video)

    studio.kill_worker("clean_up_video", step="deleted at the backend")
    studio.recover()

    assert not Video.objects.filter(pk=studio.video.pk).exists()
    assert len(studio.billed_jobs) == 1
    assert studio.stored_files == []


def _advance_to_storing(studio: Studio) -> None:
    """Bring the video to the state in which its file is to be downloaded."""
    studio.run_task("submit")
    studio.expire_leases()
    studio.run_task("poll_backend")
    assert studio.video.state == State.STORING
