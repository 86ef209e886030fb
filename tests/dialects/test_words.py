"""Servers have words of their own for how a job ended, and places of their own for its file."""

import pytest

from tests.dialects.conftest import Start, StartStorage
from tests.dialects.server import Dialect, FakeJob, RecordedRequest, Reply
from tests.factories import VideoFactory
from videos.engine import poll
from videos.engine.store import TRIES_DESPITE_ERROR
from videos.models import State, Video

FILTERED = "Veo could not generate videos because the prompt violates Google's Responsible AI practices."
RAI = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [FILTERED]}


class Wordy(Dialect):
    """Says a finished job's state in another word, with more fields."""

    word = "completed"
    fields: dict[str, object] = {}

    def job_body(self, job: FakeJob) -> dict[str, object]:
        body = super().job_body(job)
        return body | {"status": self.word, **self.fields} if job.state == "done" else body


@pytest.mark.parametrize("word", ["Done", "COMPLETE", "finished", "succeed", "SUCCEEDED", "Success", "ready"])
def test_any_usual_word_for_the_end_is_the_end(start: Start, word: str):
    studio = start(Wordy)
    studio.server.word = word

    assert studio.finish(studio.create()).state == State.COMPLETED


@pytest.mark.parametrize("word", ["ERROR", "Failure", "rejected", "Timed-Out", "aborted", "Expired"])
def test_any_usual_word_for_a_failure_is_a_failure(start: Start, word: str):
    studio = start(Wordy)
    studio.server.word = word
    studio.server.fields = {"fail_reason": "the GPU fell off the bus"}
    video = studio.create()
    studio.server.set("done")

    video = studio.poll(video)

    assert video.state == State.FAILED
    assert "the GPU fell off the bus" in video.error_message


@pytest.mark.parametrize("fields", [{}, {"progress": None, "output": {"video_url": "http://127.0.0.1:9/x"}}])
def test_an_unknown_word_is_completed_when_the_file_can_be_had(start: Start, fields: dict[str, object]):
    studio = start(Wordy)
    studio.server.word, studio.server.fields = "wrapped", fields

    assert studio.finish(studio.create()).state == State.COMPLETED


def test_an_unknown_word_without_a_file_is_still_running_and_asked_for_once_a_poll(start: Start):
    class Promises(Wordy):
        def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
            return self.error_reply(404, "not ready")

    studio = start(Promises)
    studio.server.word = "wrapped"
    video = studio.create()
    studio.server.set("done")

    assert studio.poll(video).state == State.IN_PROGRESS
    assert sum(request.path.endswith("/content") for request in studio.server.requests) == 1


def test_an_unknown_word_in_a_list_is_looked_into_by_itself(start: Start):
    studio = start(Wordy)
    studio.server.word = "wrapped"
    for number in range(1, 26):
        job = FakeJob(f"job_{number}", {"model": "m", "prompt": "p", "size": "s", "seconds": "4"}, number)
        studio.server.jobs[job.id] = job
        job.state = "done"
        VideoFactory(backend=studio.backend, state=State.IN_PROGRESS, backend_job_id=job.id)

    poll.poll_backend(studio.backend.pk)

    assert Video.objects.filter(state=State.STORING).count() == 25


@pytest.mark.parametrize(
    "place",
    [
        lambda url: {"video_url": url},
        lambda url: {"unsigned_urls": [url]},
        lambda url: {"output": [url]},
        lambda url: {"result": {"data": {"output_url": url}}},
        lambda url: {"metadata": {"url": url}},
    ],
)
def test_a_file_is_found_where_the_job_names_it(
    start: Start, start_storage: StartStorage, mp4: bytes, place: object
):
    class Elsewhere(Wordy):
        def content_reply(self, job: FakeJob, request: RecordedRequest) -> Reply:
            return self.error_reply(404, "no such route")

    studio = start(Elsewhere)
    address, asked = start_storage(mp4)
    studio.server.fields = place(address)

    assert studio.finish(studio.create()).state == State.COMPLETED
    assert "authorization" not in asked[0].headers


GONE = {
    "410": Reply(410, b""),
    "no longer available": Reply(404, {"error": {"message": "Video is no longer available."}}),
    "expired": Reply(400, {"detail": "This video has expired."}),
    "as a video": Reply(200, {"error": {"message": "The file has been deleted."}}, "video/mp4"),
}


@pytest.mark.parametrize("reply", GONE.values(), ids=GONE)
def test_a_file_that_is_gone_is_not_tried_for_minutes(start: Start, reply: Reply):
    studio = start(Dialect)
    video = studio.create()
    studio.server.set("done")
    video = studio.poll(video)
    studio.server.next_reply["content"] = reply

    video = studio.store(video)

    assert (video.state, video.error_code) == (State.FAILED, "gone")
    assert "no longer" in video.error_message
    assert video.can_check_again
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("reply", [GONE["410"], GONE["no longer available"]])
def test_a_job_that_is_gone_is_believed_at_once(start: Start, reply: Reply):
    studio = start(Dialect)
    video = studio.create()
    studio.server.next_reply["retrieve"] = reply

    video = studio.poll(video)

    assert (video.state, video.error_code) == (State.FAILED, "gone")


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (500, f"litellm.APIConnectionError: 1 validation error [input_value={RAI}]", FILTERED),
        (500, "Request blocked by our safety system.", "blocked by our safety system"),
        (400, {"code": "content_policy_violation", "message": "No cats."}, "No cats."),
    ],
)
def test_a_content_filter_that_speaks_through_the_status_call_ends_the_job(
    start: Start, status: int, message: object, words: str
):
    studio = start(Dialect)
    video = studio.create()
    error = message if isinstance(message, dict) else {"message": message, "code": str(status)}
    studio.server.next_reply["retrieve"] = Reply(status, {"error": error})

    video = studio.poll(video)

    assert (video.state, video.error_code) == (State.FAILED, "moderation_blocked")
    assert words in video.error_message
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, {"error": {"message": "The moderation service is unavailable, content policy unknown."}}),
        Reply(502, b"<title>safety filter</title>", "text/html"),
        Reply(503, {"error": {"message": "blocked by content service: timed out"}}),
        Reply(404, {"error": {"message": "Your session has expired."}}),
    ],
)
def test_a_passing_failure_that_sounds_alike_ends_nothing(start: Start, reply: Reply):
    studio = start(Dialect)
    video = studio.create()
    studio.server.next_reply["retrieve"] = reply

    video = studio.poll(video)

    assert video.state == State.IN_PROGRESS
    assert studio.finish(video).state == State.COMPLETED


@pytest.mark.parametrize("content", [Reply(404), Reply(500, {"error": "no samples"})])
def test_completed_with_an_error_inside_is_a_failure_in_its_words(start: Start, content: Reply):
    studio = start(Wordy)
    studio.server.fields = {"error": {"code": 13, "message": "The operation ended in an internal error."}}
    video = studio.create()
    studio.server.set("done")
    video = studio.poll(video)
    for _ in range(TRIES_DESPITE_ERROR):
        assert video.state == State.STORING
        studio.server.next_reply["content"] = content
        video = studio.store(video)

    assert video.state == State.FAILED
    assert "The operation ended in an internal error." in video.error_message
    assert "downloaded" not in video.error_message


@pytest.mark.parametrize("error", [{"code": 0, "message": ""}, {"code": "success"}, {}, None, ""])
def test_an_error_that_says_that_there_is_none_is_none(start: Start, error: object):
    studio = start(Wordy)
    studio.server.fields = {"error": error}
    video = studio.create()
    studio.server.set("done")
    video = studio.poll(video)
    studio.server.next_reply["content"] = Reply(404)

    assert studio.store(video).state == State.STORING
    assert studio.store(video).state == State.COMPLETED


def test_a_completed_job_with_a_warning_and_a_file_is_kept(start: Start):
    studio = start(Wordy)
    studio.server.fields = {"error": {"message": "The audio was left out."}}

    assert studio.finish(studio.create()).state == State.COMPLETED
