"""What no server should do and some do: refused with a clear reason, never stored, never paid again."""

import pytest

from tests.dialects.conftest import Start, StartStorage
from tests.dialects.server import KEY, Dialect, FakeJob, Reply
from tests.dialects.servers import SGLang
from tests.dialects.studio import Studio, files_of
from tests.factories import VideoFactory
from videos.engine import poll
from videos.engine.reconcile import SEARCHES_NEEDED
from videos.models import State, Video

PAGE = Reply(200, b"<!doctype html><title>Sign in</title>", "text/html")


def _finished(studio: Studio) -> Video:
    video = studio.create()
    studio.server.set("done")
    return studio.poll(video)


NOT_VIDEOS = {
    "JSON as a video": Reply(200, {"error": {"message": "upstream said no"}}, "video/mp4"),
    "a page as a video": Reply(200, b"<html>no</html>", "video/mp4"),
    "a page": PAGE,
    "nothing": Reply(200, b"", "video/mp4"),
    "not yet": Reply(202, {"status": "in_progress"}),
    "a WebM": Reply(200, b"\x1aE\xdf\xa3" * 100, "video/webm"),
    "an error page": Reply(502, b"<html>Bad Gateway</html>", "text/html"),
    "an error as text": Reply(500, b"oops", "text/plain"),
    "a redirect out of the web": Reply(302, b"", headers={"Location": "file:///etc/passwd"}),
}


@pytest.mark.parametrize("reply", NOT_VIDEOS.values(), ids=NOT_VIDEOS)
def test_what_is_no_video_is_not_stored(start: Start, reply: Reply):
    studio = start(Dialect)
    video = _finished(studio)
    studio.server.next_reply["content"] = reply

    video = studio.store(video)

    # What begins as a WebM does is downloaded, and found out when it is inspected.
    is_webm = reply is NOT_VIDEOS["a WebM"]
    assert (video.state, video.error_code) == (State.STORING, "not_a_video" if is_webm else "not_fetched")
    assert video.error_message
    assert video.error_detail
    assert not video.file
    assert not files_of(video)
    assert studio.store(video).state == State.COMPLETED
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_half_a_video_is_not_stored(start: Start, mp4: bytes, part: float):
    studio = start(Dialect)
    video = _finished(studio)
    studio.server.next_reply["content"] = Reply(200, mp4[: int(len(mp4) * part)], "video/mp4")

    video = studio.store(video)

    assert (video.state, video.error_code) == (State.STORING, "not_a_video")
    assert not files_of(video)
    assert studio.store(video).state == State.COMPLETED
    assert len(studio.server.creates) == 1


NOT_JOBS = {
    "a page": PAGE,
    "an error page": Reply(502, b"<html>Bad Gateway</html>", "text/html"),
    "an error as text": Reply(500, b"Internal Server Error", "text/plain"),
    "detail": Reply(500, {"detail": "no"}),
    "an error as text in JSON": Reply(503, {"error": "overloaded"}),
    "no JSON": Reply(200, b"{", "application/json"),
    "a list": Reply(200, []),
    "a job without an id": Reply(200, {"status": "completed"}),
}


@pytest.mark.parametrize("reply", NOT_JOBS.values(), ids=NOT_JOBS)
def test_a_poll_that_shows_no_job_changes_nothing(start: Start, reply: Reply):
    studio = start(Dialect)
    video = studio.create()
    studio.server.next_reply["retrieve"] = reply

    video = studio.poll(video)

    assert video.state == State.IN_PROGRESS
    assert video.error_code in {"bad_reply", "server_error"}
    assert video.error_message
    assert studio.finish(video).state == State.COMPLETED
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("reply", NOT_JOBS.values(), ids=NOT_JOBS)
def test_a_create_that_shows_no_job_is_never_repeated(start: Start, reply: Reply):
    """The list shows that it was not accepted: only then is it queued again."""
    studio = start(Dialect)
    studio.server.next_reply["create"] = reply

    video = studio.create()

    assert (video.state, len(studio.server.creates)) == (State.UNCERTAIN, 1)
    assert video.error_code in {"bad_reply", "server_error"}
    for _ in range(SEARCHES_NEEDED - 1):
        assert studio.reconcile(video).state == State.UNCERTAIN
    assert studio.reconcile(video).state == State.QUEUED
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(400, {"detail": "no such size"}), "no such size"),
        (Reply(422, {"detail": [{"msg": "too long", "loc": ["prompt"]}]}), "too long"),
        (Reply(400, {"error": "as a string"}), "as a string"),
        (Reply(404, {"error": {"message": "unknown model", "code": 404}}), "unknown model"),
        (Reply(405, b"<html>"), "refused"),
    ],
)
def test_a_refusal_of_any_shape_says_why(start: Start, reply: Reply, words: str):
    studio = start(Dialect)
    studio.server.next_reply["create"] = reply

    video = studio.create()

    assert (video.state, video.backend_job_id) == (State.FAILED, "")
    assert words in video.error_message
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 502, 503])
@pytest.mark.parametrize("call", ["create", "retrieve"])
def test_a_failed_job_in_an_http_error_has_failed(start: Start, call: str, status: int):
    studio = start(Dialect)
    body = {"id": "video_x", "status": "failed", "error": {"code": 507, "message": "out of memory"}}
    studio.server.next_reply[call] = Reply(status, body)

    video = studio.create()
    if call == "retrieve":
        video = studio.poll(video)

    assert (video.state, video.error_code, video.error_detail) == (State.FAILED, "507", "out of memory")
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("job_id", ["x" * 512, "video_" + "Y" * 504 + "==", "a/b?c#d", "ünïcode", "%2e%2e"])
def test_an_unusual_id_goes_all_the_way(start: Start, job_id: str):
    class Unusual(Dialect):
        def new_id(self, number: int) -> str:
            return job_id

    studio = start(Unusual)

    video = studio.finish(studio.create())

    assert (video.state, video.backend_job_id) == (State.COMPLETED, job_id)
    studio.delete(video)
    assert studio.server.jobs == {}


@pytest.mark.parametrize("job_id", ["", None, 5, "x" * 513, "..", "a\nb", "\x00"])
def test_an_impossible_id_is_the_owners_to_judge(start: Start, job_id: object):
    studio = start(Dialect)
    studio.server.next_reply["create"] = Reply(200, {"id": job_id, "status": "queued"})

    video = studio.create()

    assert (video.state, video.error_code, video.backend_job_id) == (State.UNCERTAIN, "bad_reply", "")
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize(
    ("fields", "progress"),
    [
        ({"progress": 12.7, "seconds": 4, "size": None}, 13),
        ({"progress": None, "seconds": None, "created_at": None, "prompt": None}, None),
        ({"progress": "55", "seconds": "4.0", "error": None}, 55),
        ({"progress": -3, "status": "transmogrifying"}, 0),
        ({"progress": 1e9, "status": None}, 100),
        ({"progress": {"percent": 5}, "status": ["odd"], "error": []}, None),
        ({"progress": True, "status": "", "url": 5, "data": "x"}, None),
    ],
)
def test_odd_fields_are_a_job_in_progress(start: Start, fields: dict[str, object], progress: int | None):
    class Odd(Dialect):
        def job_body(self, job: FakeJob) -> dict[str, object]:
            return super().job_body(job) | (fields if job.state == "running" else {"progress": None})

    studio = start(Odd)
    video = studio.create()
    studio.server.set("running")

    video = studio.poll(video)

    assert (video.state, video.progress, video.error_code) == (State.IN_PROGRESS, progress, "")
    assert studio.finish(video).state == State.COMPLETED


def test_a_redirect_to_another_host_takes_no_key_along(start: Start, start_storage: StartStorage, mp4: bytes):
    studio = start(Dialect)
    video = _finished(studio)
    address, asked = start_storage(mp4)
    studio.server.next_reply["content"] = Reply(302, b"", headers={"Location": address})

    video = studio.store(video)

    assert video.state == State.COMPLETED
    (request,) = asked
    assert KEY not in str(request)
    assert "authorization" not in request.headers


def test_an_address_in_the_job_gets_no_key(start: Start, start_storage: StartStorage, mp4: bytes):
    class Uploaded(SGLang):
        def job_body(self, job: FakeJob) -> dict[str, object]:
            return super().job_body(job) | {"url": address}

        def content_reply(self, job: FakeJob, request: object) -> Reply:
            return self.error_reply(400, "uploaded")

    address, asked = start_storage(mp4)
    studio = start(Uploaded)

    video = studio.store(_finished(studio))

    assert video.state == State.COMPLETED
    (request,) = asked
    assert "authorization" not in request.headers


@pytest.mark.parametrize("content", [b"<Error>AccessDenied</Error>", b'{"no": "video"}', b""])
def test_an_address_without_a_video_is_not_stored(start: Start, start_storage: StartStorage, content: bytes):
    class Uploaded(SGLang):
        def job_body(self, job: FakeJob) -> dict[str, object]:
            return super().job_body(job) | {"url": address}

        def content_reply(self, job: FakeJob, request: object) -> Reply:
            return self.error_reply(400, "uploaded")

    address, _ = start_storage(content)
    studio = start(Uploaded)

    video = studio.store(_finished(studio))

    assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    assert not files_of(video)
    assert len(studio.server.creates) == 1


def test_a_list_that_ignores_its_cursor_is_given_up_for_single_polls(start: Start):
    class NoCursor(SGLang):
        def list_reply(self, query: dict[str, str]) -> Reply:
            return super().list_reply({"limit": "5"})

    studio = start(NoCursor)
    for number in range(1, 26):
        job = FakeJob(f"job_{number}", {"model": "m", "prompt": "p", "size": "s", "seconds": "4"}, number)
        studio.server.jobs[job.id] = job
        job.state = "done"
        VideoFactory(backend=studio.backend, state=State.IN_PROGRESS, backend_job_id=job.id)

    poll.poll_backend(studio.backend.pk)

    assert Video.objects.filter(state=State.STORING).count() == 25
    can_list = [request for request in studio.server.requests if request.path == "/v1/videos"]
    assert len(can_list) <= 6, "it is given up as soon as pages show less than they cost"
    assert studio.server.creates == []
