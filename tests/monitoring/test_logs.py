"""Lines of the log: for people or as JSON, about a request and a video, and without secrets."""

import json
import logging
import os
import re
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from django.conf import settings as studio
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contentgen.log_config import logging_config
from contentgen.monitoring import log_context
from contentgen.monitoring.log_format import JsonFormatter, LineFormatter, clean
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.monitoring.conftest import Lines
from tests.views.page import GOOD
from videos import lifecycle, tasks
from videos.backends.responses import Job
from videos.engine import poll, store, submit
from videos.models import Video

logger = logging.getLogger("tests.logs")


@pytest.mark.django_db
def test_a_videos_whole_story_is_one_grep_by_its_id_and_by_its_request(
    as_alice: Client,
    alice: User,
    fake: FakeBackend,
    sample_video: bytes,
    lines: Lines,
    django_capture_on_commit_callbacks: Any,
):
    """From the request to the stored file, through three tasks, of which none knows the request."""

    def carry_out(work: Any, pk: int) -> None:
        log_context.begin(task="of another thread")
        with django_capture_on_commit_callbacks(execute=True):
            work(pk)

    with django_capture_on_commit_callbacks(execute=True):
        response = as_alice.post(reverse("videos:studio"), GOOD)
    request_id = response.headers["X-Request-ID"]
    video = Video.objects.select_related("backend").get()
    carry_out(submit.submit_next, video.backend_id)
    video.refresh_from_db()
    fake.jobs[video.backend_job_id] = Job(video.backend_job_id, "completed", "completed")
    fake.content = [sample_video]
    Video.objects.update(due_at=timezone.now())
    carry_out(poll.poll_backend, video.backend_id)
    carry_out(store.store, video.pk)

    story = lines.grep(video.public_id)
    assert [line["message"].partition(": ")[2] for line in story] == [
        "requested",
        "queued → submitting",
        "submitting → in_progress",
        "in_progress → storing",
        f"downloaded {len(sample_video)} bytes",
        "storing → completed",
    ]
    assert lines.grep(request_id) == story
    for line in story:
        about = (line["request_id"], line["user"], line["video"], line["backend"])
        assert about == (request_id, alice.pk, video.public_id, video.backend.name)
    assert story[4]["attempt"] == 1
    assert GOOD["prompt"] not in lines.stream.getvalue()


@pytest.mark.django_db
def test_lines_of_a_request_name_the_person_and_the_video(
    as_alice: Client, alice: User, lines: Lines, monkeypatch
):
    video = VideoFactory(owner=alice)
    monkeypatch.setattr("videos.views.detail.render", _log_and_answer)
    as_alice.get(reverse("videos:detail", args=[video.public_id]))
    (line,) = [each for each in lines.all if each["message"] == "drawn"]
    assert (line["user"], line["video"]) == (alice.pk, video.public_id)
    assert re.fullmatch("[0-9a-f]{32}", line["request_id"])


@pytest.mark.django_db
def test_what_somebody_else_does_is_told_as_theirs(
    carol: User, alice: User, lines: Lines, django_capture_on_commit_callbacks: Any
):
    video = VideoFactory(owner=alice, request_id="req-of-alice")
    in_request = log_context.bound(request_id="req-of-carol", user=carol.pk)
    with in_request, django_capture_on_commit_callbacks(execute=True):
        assert lifecycle.cancel(video.pk)
    (line,) = lines.grep("queued → canceled")
    about = (line["request_id"], line["user"], line["video"])
    assert about == ("req-of-carol", carol.pk, video.public_id)


def _log_and_answer(*_: object, **__: object) -> HttpResponse:
    logger.info("drawn")
    return HttpResponse()


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [
        (1, "7f3c-from.the/proxy", True),
        (0, "7f3c-from-a-client", False),
        (1, "x" * 65, False),
        (1, "two words", False),
        (1, "<script>", False),
    ],
)
def test_a_request_id_is_taken_from_a_trusted_proxy_alone(
    client: Client, settings, proxies: int, given: str, is_taken: bool
):
    settings.TRUST_PROXY = proxies
    response = client.get("/health/live", headers={"X-Request-ID": given})
    assert (response.headers["X-Request-ID"] == given) is is_taken
    assert response.headers["X-Request-ID"] != client.get("/health/live").headers["X-Request-ID"]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker of the queue “network”, in a thread of this process; it uses no database."""
    monkeypatch.setattr(tasks.heartbeat, "beat_forever", lambda queues: None)
    monkeypatch.setattr(tasks.bulkhead, "set_size", lambda size: None)
    umask = os.umask(0o022)
    with start_worker(current_app, perform_ping_check=False, pool="solo", queues=["network"]):
        yield
    os.umask(umask)


def test_a_request_id_goes_along_to_the_tasks_that_it_starts(
    worker: None, lines: Lines, monkeypatch: pytest.MonkeyPatch
):
    done = threading.Semaphore(0)

    def work(pk: int) -> None:
        logger.info("at work on %s", pk)
        done.release()

    monkeypatch.setattr(tasks.poll, "poll_backend", work)
    monkeypatch.setattr(tasks.enqueue, "begin", lambda task, pk: None)
    with log_context.bound(request_id="req-7"):
        current_app.send_task("videos.poll_backend", args=[1])
    current_app.send_task("videos.poll_backend", args=[2])
    assert done.acquire(timeout=30)
    assert done.acquire(timeout=30)
    first, second = lines.grep("at work on")
    assert (first["request_id"], first["task"]) == ("req-7", "videos.poll_backend")
    assert "request_id" not in second, "it belongs to the first alone"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mail to alice.b+x@mail.example.org failed", "alice"),
        ("GET https://bucket.example.org/v.mp4?X-Amz-Signature=abc&e=1 failed", "abc"),
        ("redis://:hunter2hunter2@10.0.0.1:6379/0 is away", "hunter2"),
        ("sent 'Authorization': 'Bearer abcdefgh12345678'", "abcdefgh"),
        ("Incorrect key sk-proj-1234567890abcdefghij", "1234567890"),
        ("Forbidden: /s/aaaaaaaaaaaaaaaaaaaaaaaaaaaa/video.mp4", "aaaaaaaaaa"),
    ],
)
def test_no_secret_is_in_a_line(text: str, secret: str):
    record = logging.LogRecord("a", logging.ERROR, "", 0, "%s", (text,), None)
    record.exc_info = (ValueError, ValueError(text), None)
    for formatter in (JsonFormatter(), LineFormatter()):
        line = formatter.format(record)
        assert secret not in line
        assert "ValueError" in line


def test_what_is_no_secret_stays():
    text = "Video video_abc123: queued → submitting, http://127.0.0.1:8001/v1/videos/x (429) 12:30:01"
    assert clean(text) == text


def test_json_has_no_extras_that_hold_requests():
    log_context.begin()
    record = logging.LogRecord("a", logging.INFO, "", 0, "Not found: %s", ("/x",), None)
    record.request = SimpleNamespace(body="a prompt")
    assert set(json.loads(JsonFormatter().format(record))) == {"time", "level", "logger", "message"}


def test_lines_are_for_people_unless_a_setting_says_otherwise():
    assert studio.LOGGING["formatters"]["line"]["()"].endswith("LineFormatter")
    assert logging_config("INFO", "json")["formatters"]["line"]["()"].endswith("JsonFormatter")
    record = logging.LogRecord("a.b", logging.INFO, "", 0, "Done", (), None)
    formatter = LineFormatter(studio.LOGGING["formatters"]["line"]["format"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO a.b Done", formatter.format(record))
