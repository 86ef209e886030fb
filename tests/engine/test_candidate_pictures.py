"""The picture of a job that may be a video's own: what the backend keeps, or a frame of its video."""

import io
import os
import time
from contextlib import ExitStack

import pytest
from PIL import Image

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.simulator.conftest import StartSimulator
from tests.views.page import bomb, picture
from videos import tasks
from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.engine import bulkhead, candidate_pictures, clients, workspace
from videos.engine.candidate_pictures import fetch
from videos.engine.picture_cache import cached_picture, request_picture
from videos.models import Backend, JobCandidate, State

pytestmark = pytest.mark.django_db
NOT_READY = UnavailableError("Not ready.", code="content_not_ready", status=404)


@pytest.fixture
def candidate(backend: Backend) -> JobCandidate:
    video = VideoFactory(backend=backend, state=State.UNCERTAIN, due_at=None)
    return JobCandidate.objects.create(video=video, backend_job_id="job_7", status="completed")


def _opened(content: bytes | None) -> Image.Image:
    assert content
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_it_is_the_one_that_the_backend_keeps_made_small(candidate: JobCandidate, fake: FakeBackend):
    fake.picture = picture("JPEG", (1280, 720))

    tasks.picture_candidate_task(candidate.pk)

    image = _opened(cached_picture(candidate))
    assert (image.format, image.size) == ("WEBP", (480, 270))


@pytest.mark.parametrize(
    "kept",
    [
        NOT_READY,
        RefusedError("No such variant.", code="bad_request", status=400),
        b"\x00\x00\x00\x18ftypisom a video",
        b"",
    ],
    ids=["none", "refused", "the video itself", "nothing"],
)
def test_else_it_is_a_frame_of_the_video(
    candidate: JobCandidate, fake: FakeBackend, sample_video: bytes, kept: bytes | BackendError
):
    """SGLang has no pictures, and tells no prompt either: the picture is all there is to go by."""
    fake.picture, fake.content = kept, [sample_video]

    fetch(candidate.pk)

    assert _opened(cached_picture(candidate)).size == (64, 36)


@pytest.mark.parametrize(
    ("kept", "content"),
    [
        (NOT_READY, NOT_READY),
        (UnavailableError("Away.", code="timeout"), [b"unused"]),
        (b"not an image", [b"\x00\x00\x00\x18ftypisom cut off"]),
        (bomb(), NOT_READY),
    ],
    ids=["no job", "away", "damaged", "a bomb"],
)
def test_where_there_is_none_nothing_fails_and_it_is_asked_for_again_later(
    candidate: JobCandidate, fake: FakeBackend, hints: list, kept: bytes | BackendError, content: object
):
    fake.picture, fake.content = kept, content

    assert request_picture(candidate)
    fetch(candidate.pk)

    assert cached_picture(candidate) == b""
    assert not request_picture(candidate), "not within the minute"
    assert hints == [("picture_candidate", candidate.pk)]


def test_a_video_that_is_too_large_is_not_fetched_for_it(
    candidate: JobCandidate, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(candidate_pictures, "MAX_VIDEO_BYTES", 1000)
    taken = []

    def chunks():
        for number in range(1000):
            taken.append(number)
            yield bytes(400)

    fake.picture, fake.content = NOT_READY, chunks()
    fetch(candidate.pk)

    assert cached_picture(candidate) == b""
    assert len(taken) == 3


def test_beyond_the_backends_share_it_is_left_for_later(
    candidate: JobCandidate, fake: FakeBackend, backend: Backend
):
    request_picture(candidate)
    with ExitStack() as stack:
        while stack.enter_context(bulkhead.call(backend.pk)):
            pass
        fetch(candidate.pk)
    assert fake.pictured == []
    assert cached_picture(candidate) is None
    assert request_picture(candidate), "at once"


def test_a_job_that_two_searches_found_is_fetched_once(candidate: JobCandidate, fake: FakeBackend):
    fake.picture = picture()
    fetch(candidate.pk)
    again = JobCandidate.objects.create(
        video=VideoFactory(backend=candidate.video.backend), backend_job_id=candidate.backend_job_id
    )
    elsewhere = JobCandidate.objects.create(video=VideoFactory(), backend_job_id=candidate.backend_job_id)

    assert cached_picture(again)
    assert cached_picture(elsewhere) is None, "another backend's job of the same name"


def test_the_simulator_serves_one(candidate: JobCandidate, backend: Backend, start_simulator: StartSimulator):
    url = f"{start_simulator().url}/v1"
    Backend.objects.filter(pk=backend.pk).update(base_url=url)
    backend.refresh_from_db()
    with clients.client_for(backend) as client:
        job = client.create(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
        while client.retrieve(job.id).status != "completed":
            time.sleep(0.05)  # a real server, which takes its time
        with client.download(job.id) as chunks:  # it is rendered now, however busy the machine
            assert next(chunks)
    candidate.backend_job_id = job.id
    candidate.save()

    fetch(candidate.pk)

    assert max(_opened(cached_picture(candidate)).size) == 480


def test_what_a_killed_worker_left_is_removed_and_what_is_in_use_is_not():
    with workspace.scratch_folder() as used, workspace.scratch_folder() as left:
        long_ago = time.time() - workspace.SCRATCH_RETENTION - 1
        os.utime(left, (long_ago, long_ago))
        workspace.remove_abandoned_workspaces(set)
        assert used.exists()
        assert not left.exists()
