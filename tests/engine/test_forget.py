import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import Refused, Unavailable
from videos.engine.forget import forget
from videos.engine.store import folder_of
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _stored(backend: Backend) -> Video:
    video = VideoFactory(backend=backend, state=State.COMPLETED)
    video.file = default_storage.save(f"{folder_of(video)}/abc/video.mp4", ContentFile(b"film"))
    video.save(update_fields=["file"])
    return video


def test_a_deleted_video_goes_with_its_files_and_its_job(backend: Backend, fake: FakeBackend):
    video, other = _stored(backend), _stored(backend)
    lifecycle.delete(video.pk)

    forget(video.pk)

    assert fake.deleted == [video.backend_job_id]
    assert not Video.objects.filter(pk=video.pk).exists()
    assert not default_storage.exists(video.file.name)
    assert default_storage.exists(other.file.name)


def test_a_canceled_video_keeps_its_row(backend: Backend, fake: FakeBackend):
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    lifecycle.cancel(video.pk)

    forget(video.pk)

    video.refresh_from_db()
    assert fake.deleted == [video.backend_job_id]
    assert video.forget_at is None


def test_a_backend_that_is_away_is_asked_again_and_the_video_stays_hidden(
    backend: Backend, fake: FakeBackend
):
    video = _stored(backend)
    lifecycle.delete(video.pk)
    fake.answers[video.backend_job_id] = Unavailable("Away.", code="unreachable")

    forget(video.pk)

    video.refresh_from_db()
    assert video.forget_at > timezone.now()
    assert not Video.objects.of(video.owner).exists()
    assert default_storage.exists(video.file.name)


def test_a_backend_that_cannot_delete_does_not_keep_the_video_alive(backend: Backend, fake: FakeBackend):
    video = _stored(backend)
    lifecycle.delete(video.pk)
    fake.answers[video.backend_job_id] = Refused("Cannot.", code="not_deleted")

    forget(video.pk)

    assert not Video.objects.filter(pk=video.pk).exists()


def test_a_video_in_flight_is_never_removed(backend: Backend, fake: FakeBackend):
    video = VideoFactory(backend=backend, state=State.SUBMITTING)
    lifecycle.delete(video.pk)

    forget(video.pk)

    assert Video.objects.filter(pk=video.pk, state=State.SUBMITTING).exists()
    assert fake.deleted == []


def test_what_a_killed_worker_saved_of_a_canceled_video_is_removed(backend: Backend, fake: FakeBackend):
    video, other = VideoFactory(backend=backend, state=State.STORING), _stored(backend)
    left = default_storage.save(f"{folder_of(video)}/abc/video.mp4", ContentFile(b"film"))
    lifecycle.cancel(video.pk)

    forget(video.pk)

    assert not default_storage.exists(left)
    assert default_storage.exists(other.file.name)
    assert Video.objects.filter(pk=video.pk, state=State.CANCELED).exists()
