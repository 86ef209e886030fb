"""What was sent for a video and what was answered is kept, and changes nothing about the submission."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.backends.conftest import serve as serve  # fixtures here too
from tests.backends.conftest import stack as stack
from tests.backends.server import Server, hang, reply
from tests.factories import BackendFactory, VideoFactory
from videos.backends.exchanges import ExchangeLog
from videos.engine import poll, submission_records
from videos.engine.submit import submit_next
from videos.models import Backend, State, SubmissionRecord, Video

pytestmark = pytest.mark.django_db

KEY = "sk-of-the-backend-0123456789"
ACCEPTED = {"id": "video_1", "object": "video", "status": "in_progress"}
REFUSED = {"error": {"code": "bad_request", "message": f"Not with the key {KEY}."}}


@pytest.fixture
def submit(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Video]:
    """Have a video submitted to a server that gives these answers, and return its row."""
    monkeypatch.setenv("BACKEND_KEY_TEST", KEY)

    def submit(*answers: Any, timeout: int = 10) -> Video:
        url = serve(*answers).url
        backend = BackendFactory(base_url=url, key_env="BACKEND_KEY_TEST", timeout=timeout)
        video = VideoFactory(backend=backend, state=State.QUEUED, prompt="A fox")
        assert submit_next(backend.pk)
        video.refresh_from_db()
        return video

    return submit


def test_request_and_answer_are_kept(submit):
    video = submit(reply(200, ACCEPTED))

    (record,) = video.submission_records.all()
    assert (record.method, record.path, record.status) == ("POST", "/v1/videos", 200)
    assert json.loads(record.request)["prompt"] == "A fox"
    assert json.loads(record.answer) == ACCEPTED
    assert video.state == State.IN_PROGRESS


def test_a_refusal_is_kept_without_the_key(submit):
    video = submit(reply(422, REFUSED))

    (record,) = video.submission_records.all()
    assert (record.status, video.state) == (422, State.FAILED)
    assert "Not with the key [removed]." in record.answer
    assert KEY not in f"{record.request}{record.answer}{record.path}"


def test_a_time_out_is_kept_as_no_answer(submit):
    video = submit(hang, timeout=1)

    (record,) = video.submission_records.all()
    assert (record.status, record.answer) == (None, "")
    assert video.state == State.UNCERTAIN


@pytest.mark.parametrize(
    ("answer", "state", "job"),
    [(reply(200, ACCEPTED), State.IN_PROGRESS, "video_1"), (reply(422, REFUSED), State.FAILED, "")],
    ids=["accepted", "refused"],
)
@pytest.mark.parametrize("broken", ["describe", "write"])
def test_what_cannot_be_kept_changes_no_outcome(
    submit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer, state, job, broken
):
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("the disk is full") if broken == "write" else RuntimeError("a new kind of body")

    target = (ExchangeLog, "describe") if broken == "describe" else (submission_records, "_prune")
    monkeypatch.setattr(*target, fail)

    with caplog.at_level(logging.ERROR):
        video = submit(answer)

    assert (video.state, video.backend_job_id) == (state, job)
    assert not SubmissionRecord.objects.exists()
    assert "could not be kept" in caplog.text


def test_the_latest_of_many_are_kept_and_go_with_the_video(submit, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(submission_records, "MAX_KEPT", 2)
    other = submit(reply(422, REFUSED))
    video = submit(
        reply(429, {"error": {"message": "Later."}}), reply(402, {"error": {}}), reply(200, ACCEPTED)
    )
    for _ in range(2):
        Backend.objects.update(paused_until=None)
        Video.objects.filter(pk=video.pk).update(due_at=timezone.now())
        submit_next(video.backend_id)

    assert [each.status for each in video.submission_records.all()] == [402, 200]
    assert other.submission_records.count() == 1
    video.delete()
    assert SubmissionRecord.objects.get().video == other


def test_a_submission_takes_one_more_transaction_and_a_poll_nothing(submit, monkeypatch: pytest.MonkeyPatch):
    with CaptureQueriesContext(connection) as queries:
        video = submit(reply(200, ACCEPTED), reply(200, ACCEPTED))
    own = [each["sql"] for each in queries if "submissionrecord" in each["sql"].lower()]
    assert [sql.partition(" ")[0] for sql in own] == ["INSERT", "DELETE"]

    Video.objects.update(due_at=video.accepted_at)
    with CaptureQueriesContext(connection) as queries:
        poll.poll_backend(video.backend_id)
    assert not [each["sql"] for each in queries if "submissionrecord" in each["sql"].lower()]
