"""kill -9 between any two steps: nothing is lost, nothing is billed twice, nothing is left behind."""

from uuid import uuid4

import pytest

from tests.chaos.conftest import Studio
from tests.chaos.verdict import left_in_tmp
from tests.factories import VideoFactory
from videos.models import Kind, State, Video
from videos.services.videos import cancel_video, delete_video


def test_between_the_claim_and_the_request(studio: Studio):
    studio.killed("submit", step="claimed")
    assert (studio.video.state, studio.jobs) == (State.SUBMITTING, [])

    studio.recover()

    studio.check_completed()


def test_after_the_request_and_before_the_jobs_id_is_written(studio: Studio):
    studio.killed("submit", step="accepted")
    assert (studio.video.state, studio.video.backend_job_id) == (State.SUBMITTING, "")
    assert len(studio.jobs) == 1

    studio.recover()

    studio.check_completed()


def test_after_the_jobs_id_is_written(studio: Studio):
    studio.killed("submit", step="written down")
    assert (studio.video.state, studio.jobs) == (State.IN_PROGRESS, [studio.video.backend_job_id])

    studio.recover()

    studio.check_completed()


@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EDIT, Kind.EXTEND])
@pytest.mark.parametrize("step", ["claimed", "accepted", "written down"])
def test_while_submitting_what_is_made_from_another(studio: Studio, step: str, kind: Kind):
    _until_storing(studio)
    studio.run("store")
    source = studio.video
    studio.video = VideoFactory(
        backend=studio.backend,
        kind=kind,
        source=source,
        source_seconds=4 if kind == Kind.EXTEND else 0,
        prompt=f"In snow, {uuid4().hex}",
    )

    studio.killed("submit", step=step)
    assert delete_video(source)
    assert len(studio.jobs) == (step != "claimed")
    studio.recover()

    assert studio.video.state == State.COMPLETED
    assert studio.jobs == [studio.video.backend_job_id]
    assert not Video.objects.filter(pk=source.pk).exists(), "it was needed, and went then"
    assert studio.stored == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert left_in_tmp() == []


def test_between_the_news_that_it_is_done_and_the_row(studio: Studio):
    studio.run("submit")
    studio.pass_time()

    studio.killed("poll_backend", step="told of completion")
    assert studio.video.state == State.IN_PROGRESS
    studio.recover()

    studio.check_completed()


@pytest.mark.parametrize("step", ["downloading", "saved"])
def test_while_storing(studio: Studio, step: str):
    _until_storing(studio)

    studio.killed("store", step=step)
    assert (studio.video.state, studio.video.file.name) == (State.STORING, "")
    assert left_in_tmp(), "a killed worker cannot clean up"
    studio.recover()

    studio.check_completed()


def test_right_after_the_row_says_that_it_is_stored(studio: Studio):
    _until_storing(studio)

    studio.killed("store", step="stored")
    assert studio.video.state == State.COMPLETED
    studio.recover()

    studio.check_completed()


@pytest.mark.parametrize("step", ["claimed", "accepted", "written down"])
def test_while_submitting_what_is_then_canceled(studio: Studio, step: str):
    studio.killed("submit", step=step)
    assert cancel_video(studio.video)

    studio.recover()

    studio.check_canceled()
    assert len(studio.jobs) == (step != "claimed")


@pytest.mark.parametrize("step", ["downloading", "saved"])
def test_while_storing_what_is_then_canceled(studio: Studio, step: str):
    _until_storing(studio)
    studio.killed("store", step=step)
    assert cancel_video(studio.video)

    studio.recover()

    studio.check_canceled()


def test_while_a_canceled_job_is_being_deleted(studio: Studio):
    studio.run("submit")
    assert cancel_video(studio.video)

    studio.killed("forget", step="deleted at the backend")
    assert studio.video.delete_job_at is not None
    studio.recover()

    studio.check_canceled()
    assert studio.video.delete_job_at is None
    assert studio.control.job(studio.video.backend_job_id) is None


def test_while_a_deleted_video_is_being_removed(studio: Studio):
    _until_storing(studio)
    studio.run("store")
    assert delete_video(studio.video)

    studio.killed("forget", step="deleted at the backend")
    studio.recover()

    assert not Video.objects.filter(pk=studio.video.pk).exists()
    assert len(studio.jobs) == 1
    assert studio.stored == []


def _until_storing(studio: Studio) -> None:
    studio.run("submit")
    studio.pass_time()
    studio.run("poll_backend")
    assert studio.video.state == State.STORING
