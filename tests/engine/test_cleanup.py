from contextlib import suppress

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import RefusedError, UnavailableError
from videos.engine import cleanup, dispatch, sweep
from videos.engine.cleanup import clean_up_video
from videos.engine.store import folder_of
from videos.models import IN_FLIGHT, Backend, Kind, ReleasedJob, State, Video

pytestmark = pytest.mark.django_db


def _stored(backend: Backend) -> Video:
    video = VideoFactory(backend=backend, state=State.COMPLETED)
    video.file = default_storage.save(f"{folder_of(video)}/abc/video.mp4", ContentFile(b"video"))
    video.save(update_fields=["file"])
    return video


def test_a_deleted_video_goes_with_its_files_and_its_job(backend: Backend, fake: FakeBackend):
    video, other = _stored(backend), _stored(backend)
    lifecycle.delete(video.pk)

    clean_up_video(video.pk)

    assert fake.deleted == [video.backend_job_id]
    assert not Video.objects.filter(pk=video.pk).exists()
    assert not default_storage.exists(video.file.name)
    assert default_storage.exists(other.file.name)


def test_a_canceled_video_keeps_its_row(backend: Backend, fake: FakeBackend):
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    lifecycle.cancel(video.pk)

    clean_up_video(video.pk)

    video.refresh_from_db()
    assert fake.deleted == [video.backend_job_id]
    assert video.delete_job_at is None


def test_a_backend_that_is_away_is_asked_again_and_the_video_stays_hidden(
    backend: Backend, fake: FakeBackend
):
    video = _stored(backend)
    lifecycle.delete(video.pk)
    fake.answers[video.backend_job_id] = UnavailableError("Away.", code="unreachable")

    clean_up_video(video.pk)

    video.refresh_from_db()
    assert video.delete_job_at > timezone.now()
    assert not Video.objects.owned_by(video.owner).exists()
    assert default_storage.exists(video.file.name)


def test_a_backend_that_cannot_delete_does_not_keep_the_video_alive(backend: Backend, fake: FakeBackend):
    video = _stored(backend)
    lifecycle.delete(video.pk)
    fake.answers[video.backend_job_id] = RefusedError("Cannot.", code="not_deleted")

    clean_up_video(video.pk)

    assert not Video.objects.filter(pk=video.pk).exists()


def test_a_video_in_flight_is_never_removed(backend: Backend, fake: FakeBackend):
    video = VideoFactory(backend=backend, state=State.SUBMITTING)
    lifecycle.delete(video.pk)

    clean_up_video(video.pk)

    assert Video.objects.filter(pk=video.pk, state=State.SUBMITTING).exists()
    assert fake.deleted == []


def test_what_a_killed_worker_saved_of_a_canceled_video_is_removed(backend: Backend, fake: FakeBackend):
    video, other = VideoFactory(backend=backend, state=State.STORING), _stored(backend)
    left = default_storage.save(f"{folder_of(video)}/abc/video.mp4", ContentFile(b"video"))
    lifecycle.cancel(video.pk)

    clean_up_video(video.pk)

    assert not default_storage.exists(left)
    assert default_storage.exists(other.file.name)
    assert Video.objects.filter(pk=video.pk, state=State.CANCELED).exists()


@pytest.mark.parametrize("state", sorted(IN_FLIGHT))
def test_a_source_stays_until_what_is_made_from_it_has_ended(
    backend: Backend, fake: FakeBackend, hints: list, state: State
):
    source = _stored(backend)
    derived = VideoFactory(backend=backend, state=state, kind=Kind.EDIT, source=source)
    lifecycle.delete(source.pk)

    sweep.sweep()
    clean_up_video(source.pk)

    assert Video.objects.filter(pk=source.pk).exists()
    assert not Video.objects.owned_by(source.owner).exists(), "its owner does not see it any more"
    assert default_storage.exists(source.file.name)
    assert fake.deleted == []
    assert ("clean_up_video", source.pk) not in hints

    Video.objects.filter(pk=derived.pk).update(state=State.COMPLETED)
    sweep.sweep()
    assert ("clean_up_video", source.pk) in hints
    clean_up_video(source.pk)

    assert not Video.objects.filter(pk=source.pk).exists()
    assert not default_storage.exists(source.file.name)
    assert fake.deleted == [source.backend_job_id]
    derived.refresh_from_db()
    assert derived.source is None


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELED])
def test_what_has_ended_keeps_no_source(backend: Backend, fake: FakeBackend, state: State):
    source = _stored(backend)
    derived = VideoFactory(backend=backend, state=state, kind=Kind.REMIX, source=source)
    lifecycle.delete(source.pk)

    clean_up_video(source.pk)

    assert not Video.objects.filter(pk=source.pk).exists()
    assert Video.objects.filter(pk=derived.pk).exists()


def test_a_backend_that_is_known_not_to_delete_is_not_asked(backend: Backend, fake: FakeBackend):
    Backend.objects.filter(pk=backend.pk).update(can_delete=False)
    deleted, canceled = _stored(backend), VideoFactory(backend=backend, state=State.IN_PROGRESS)
    lifecycle.delete(deleted.pk)
    lifecycle.cancel(canceled.pk)

    clean_up_video(deleted.pk)
    clean_up_video(canceled.pk)

    assert fake.deleted == []
    assert not Video.objects.filter(pk=deleted.pk).exists()
    canceled.refresh_from_db()
    assert (canceled.state, canceled.delete_job_at) == (State.CANCELED, None)


def test_a_hundred_that_cannot_be_cleaned_up_do_not_keep_the_rest_waiting(
    backend: Backend, fake: FakeBackend, hints: list, monkeypatch: pytest.MonkeyPatch
):
    stuck = VideoFactory.create_batch(sweep.CLEANUP_BATCH, backend=backend, state=State.FAILED)
    last = _stored(backend)
    for video in [*stuck, last]:
        lifecycle.delete(video.pk)
    remove = cleanup.remove_folder

    def refuse(folder: str) -> None:
        if folder != folder_of(last):
            raise PermissionError(folder)
        remove(folder)

    monkeypatch.setattr(cleanup, "remove_folder", refuse)

    for _ in range(2):
        sweep.sweep()
        for _, pk in hints:
            with suppress(PermissionError):
                clean_up_video(pk)
        hints.clear()

    assert not Video.objects.filter(pk=last.pk).exists()
    assert Video.objects.filter(delete_job_at__gt=timezone.now()).count() == len(stuck)


def test_a_video_that_cannot_be_cleaned_up_is_tried_again_less_and_less_often(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    video = _stored(backend)
    lifecycle.delete(video.pk)
    fake.answers[video.backend_job_id] = UnavailableError("Away.", code="unreachable")
    delays = []

    for _ in range(8):
        Video.objects.filter(pk=video.pk).update(delete_job_at=timezone.now())
        clean_up_video(video.pk)
        clean_up_video(video.pk)  # a second message changes nothing
        video.refresh_from_db()
        delays.append(round((video.delete_job_at - timezone.now()).total_seconds() / 60))

    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("can_delete", [True, None, False])
def test_a_running_job_that_is_not_deleted_is_asked_about_again_when_it_has_ended(
    backend: Backend, fake: FakeBackend, can_delete: bool | None
):
    """Seen: it ran on, its place was given to the next one, and it stayed at the backend for ever."""
    Backend.objects.filter(pk=backend.pk).update(can_delete=can_delete, max_in_flight=1)
    fake.refuses_to_delete_running = True
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id)
    VideoFactory(backend=backend)
    lifecycle.cancel(video.pk)

    clean_up_video(video.pk)

    video.refresh_from_db()
    assert timezone.now() < video.delete_job_at < timezone.now() + cleanup.MAX_WATCH_DELAY
    assert fake.deleted == []
    assert dispatch.claim_next(backend.pk) is None, "the backend still works on it"

    fake.now(job.id, status="completed")
    Video.objects.filter(pk=video.pk).update(delete_job_at=timezone.now())
    clean_up_video(video.pk)

    video.refresh_from_db()
    assert (video.state, video.delete_job_at) == (State.CANCELED, None)
    assert fake.deleted == ([] if can_delete is False else [job.id])
    assert dispatch.claim_next(backend.pk) is not None


def test_a_deleted_video_whose_job_runs_on_is_removed_when_it_has_ended(backend: Backend, fake: FakeBackend):
    fake.refuses_to_delete_running = True
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id)
    lifecycle.delete(video.pk)

    clean_up_video(video.pk)
    assert Video.objects.filter(pk=video.pk).exists()
    fake.now(job.id, status="failed")
    Video.objects.filter(pk=video.pk).update(delete_job_at=timezone.now())
    clean_up_video(video.pk)

    assert not Video.objects.filter(pk=video.pk).exists()
    assert fake.deleted == [job.id]
    assert not ReleasedJob.objects.filter(due_at__isnull=False).exists()


def test_a_backend_that_answers_a_deletion_and_works_on_is_not_believed(backend: Backend, fake: FakeBackend):
    """One without the call answers 404, as if there were no such job."""
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id)
    lifecycle.cancel(video.pk)

    clean_up_video(video.pk)

    video.refresh_from_db()
    assert video.delete_job_at is not None
    assert video.may_be_running


def test_a_job_that_runs_for_days_is_let_go_of_with_a_line_in_the_log(
    backend: Backend, fake: FakeBackend, caplog: pytest.LogCaptureFixture
):
    fake.refuses_to_delete_running = True
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=job.id)
    lifecycle.cancel(video.pk)
    Video.objects.filter(pk=video.pk).update(finished_at=timezone.now() - cleanup.RETRY_FOR)

    clean_up_video(video.pk)

    video.refresh_from_db()
    assert not video.may_be_running
    assert (
        f"Job {job.id} could not be deleted at {backend} within a day: It was still running." in caplog.text
    )
