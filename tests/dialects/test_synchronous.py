"""A server that delivers the video in its reply to the create, and forgets it afterwards."""

import pytest
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import OperationalError

from tests.dialects.conftest import Start, StartStorage
from tests.dialects.server import Reply
from tests.dialects.servers import Dynamo
from tests.dialects.studio import files_of
from videos import lifecycle
from videos.engine import submit
from videos.models import State, Video


def _request_lines(studio) -> list[str]:
    return [f"{request.method} {request.path}" for request in studio.server.requests]


def test_it_stores_the_video_in_the_reply_and_asks_for_nothing_more(start: Start, mp4: bytes):
    studio = start(Dynamo)

    video = studio.create(seconds=4)

    assert (video.state, video.backend_job_id) == (State.STORING, studio.server.job.id)
    assert files_of(video) == ["video.mp4"], "the only copy is safe before anything else happens"
    video = studio.store(video)
    assert (video.state, video.error_code) == (State.COMPLETED, "")
    assert video.file.read() == mp4
    video.file.close()
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"], "nothing is left lying"
    assert len(studio.server.jobs) == 1
    assert set(_request_lines(studio)) == {"POST /v1/videos"}
    assert studio.server.job.fields == {
        "prompt": "A fox",
        "model": "sora-2",
        "seconds": 4,
        "size": "1280x720",
        "response_format": "b64_json",
    }


def test_it_fetches_the_video_from_the_address_in_the_reply(
    start: Start, start_storage: StartStorage, mp4: bytes
):
    studio = start(Dynamo)
    studio.server.address, asked = start_storage(mp4)

    video = studio.store(studio.create())

    assert video.state == State.COMPLETED
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    (request,) = asked
    assert "authorization" not in request.headers
    assert len(studio.server.jobs) == 1


def test_an_address_that_fails_for_now_is_tried_again(start: Start, start_storage: StartStorage, mp4: bytes):
    studio = start(Dynamo)
    studio.server.address, asked = start_storage(mp4, 503)

    video = studio.store(studio.create())
    assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    video = studio.store(video)

    assert (video.state, len(asked), len(studio.server.jobs)) == (State.STORING, 2, 1)


def test_a_job_that_failed_at_once_says_why(start: Start):
    studio = start(Dynamo)
    studio.server.fails = True

    video = studio.create()

    assert (video.state, video.error_code, video.error_detail) == (
        State.FAILED,
        "generation_failed",
        "no worker",
    )
    assert len(studio.server.jobs) == 1
    assert not files_of(video)


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b'{"error": "no"}', b"\0\0\0\x18ftypisom half"])
def test_a_delivery_that_is_no_video_is_refused_with_a_reason(start: Start, content: bytes):
    studio = start(Dynamo)
    studio.server.mp4 = content

    video = studio.store(studio.create())

    if content:
        assert (video.state, video.error_code) == (State.FAILED, "not_a_video")
        assert "delivered something that is not a video" in video.error_message
    else:
        assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    assert not video.file
    assert len(studio.server.jobs) == 1


def test_half_a_video_is_refused(start: Start, mp4: bytes):
    studio = start(Dynamo)
    studio.server.mp4 = mp4[: len(mp4) // 2]

    video = studio.store(studio.create())

    assert (video.state, video.error_code) == (State.FAILED, "not_a_video")
    assert not video.file


def test_the_delivery_outlives_a_worker_that_dies_before_storing(start: Start):
    studio = start(Dynamo)
    video = studio.create()
    studio.server.__exit__()

    video = studio.store(video)

    assert video.state == State.COMPLETED


def test_the_row_never_says_accepted_without_the_delivery(start: Start, monkeypatch: pytest.MonkeyPatch):
    """The worker dies between the two: the lease runs out and the owner decides."""
    studio = start(Dynamo)
    kept: list[list[str]] = []

    def dies(*_: object, **__: object) -> bool:
        kept.append(files_of(Video.objects.get()))
        raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "accept", dies)
    with pytest.raises(KeyboardInterrupt):
        studio.create()

    assert kept == [["video.mp4"]]
    assert Video.objects.get().state == State.SUBMITTING
    assert len(studio.server.jobs) == 1


def test_a_busy_database_loses_no_delivery(start: Start, monkeypatch: pytest.MonkeyPatch):
    studio = start(Dynamo)
    accept, busy = lifecycle.accept, [OperationalError("locked"), OperationalError("locked")]

    def accept_later(*args: object, **kwargs: object) -> bool:
        if busy:
            raise busy.pop()
        return accept(*args, **kwargs)

    monkeypatch.setattr(lifecycle, "accept", accept_later)
    monkeypatch.setattr(submit.time, "sleep", lambda _: None)

    video = studio.store(studio.create())

    assert video.state == State.COMPLETED
    assert len(studio.server.jobs) == 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("bucket is gone")])
def test_storage_that_takes_nothing_does_not_lose_the_jobs_id(
    start: Start, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    studio = start(Dynamo)

    save = default_storage.save

    def full(name: str, content: File) -> str:
        if name.startswith("studio/"):  # without the marks of submissions, nothing would be sent
            return save(name, content)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        video = studio.create()

    assert (video.state, video.backend_job_id) == (State.STORING, studio.server.job.id)
    assert len(studio.server.jobs) == 1


def test_a_retry_does_not_get_the_old_delivery(start: Start, mp4: bytes):
    studio = start(Dynamo)
    studio.server.mp4 = b"no video"
    video = studio.store(studio.create())
    studio.server.mp4 = mp4
    lifecycle.retry(video.pk)

    submit.submit_next(studio.backend.pk)
    video = studio.store(video)

    assert video.state == State.COMPLETED
    assert len(studio.server.jobs) == 2
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]


def test_a_canceled_delivery_goes_with_the_video(start: Start):
    studio = start(Dynamo)
    video = studio.create()
    lifecycle.cancel(video.pk)

    studio.delete(video)

    assert files_of(video) == []
    assert not Video.objects.filter(pk=video.pk).exists()


def test_a_form_is_refused_with_the_servers_words(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Dynamo, "body", "multipart")
    studio = start(Dynamo)

    video = studio.create()

    assert (video.state, video.error_code) == (State.FAILED, "unsupported_media")
    assert "application/json" in video.error_message
    assert studio.server.jobs == {}


def test_a_finished_job_without_a_video_is_fetched_like_any_other(start: Start, mp4: bytes):
    class AtOnce(Dynamo):
        def create_reply(self, job):
            job.state = "done"
            return Reply(200, {"id": job.id, "status": "completed"})

        def content_reply(self, job, request):
            return Reply(200, mp4, "video/mp4")

    studio = start(AtOnce)

    video = studio.store(studio.create())

    assert video.state == State.COMPLETED
