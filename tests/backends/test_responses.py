import json
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from time import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videos.backends import Job, JobPage, UnknownOutcomeError
from videos.backends.responses import is_job, parse_error, parse_job, parse_json, parse_page

Reader = Callable[[object, dict[str, str]], Job | JobPage]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {"id": st.text(st.characters(), min_size=1)},
    optional=dict.fromkeys(
        ["status", "progress", "model", "prompt", "size", "seconds", "created_at", "error", "url"], JSON
    ),
)
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "openai-poll-after-ms", "x"]), st.text() | st.floats().map(str)
)


def outcome(read: Reader, payload: object, headers: dict[str, str]) -> Job | JobPage | UnknownOutcomeError:
    """Return what was read, or the `UnknownOutcomeError`; any other exception fails the test."""
    try:
        return read(payload, headers)
    except UnknownOutcomeError as error:
        return error


def check(job: Job) -> None:
    assert job.id.strip()
    assert job.status in {"queued", "in_progress", "completed", "failed"}
    assert job.progress is None or 0 <= job.progress <= 100
    assert job.poll_after is None or 0 <= job.poll_after <= 86_400
    assert job.seconds is None or job.seconds >= 0
    for text in (job.raw_status, job.model, job.prompt, job.size, job.error_code, job.error_message, job.url):
        assert text is None or "\x00" not in text
        assert text is None or text == text.encode().decode()


@settings(deadline=None)
@given(payload=JSON | FIELDS, headers=HEADERS)
def test_it_makes_a_job_of_any_json_or_says_that_it_is_none(payload: object, headers: dict[str, str]) -> None:
    job = outcome(parse_job, payload, headers)
    if isinstance(job, Job):
        assert isinstance(payload, dict)
        assert job.id == payload["id"]
        check(job)
    else:
        assert job.code == "bad_reply"


@settings(deadline=None)
@given(content=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_it_survives_any_bytes(content: bytes) -> None:
    payload = parse_json(content)
    for read in (parse_job, partial(parse_page, limit=100)):
        result = outcome(read, payload, {})
        assert isinstance(result, (Job, JobPage)) or result.code == "bad_reply"
    assert is_job(payload) in {True, False}
    parse_error(payload)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b"\xff\xfe", b""])
def test_it_survives_what_a_parser_chokes_on(content: bytes) -> None:
    with pytest.raises(UnknownOutcomeError):
        parse_job(parse_json(content), {})


def test_it_survives_a_number_without_end() -> None:
    job = parse_job({"id": "a", "progress": 10**400, "seconds": "9" * 400, "created_at": float("inf")}, {})
    assert (job.progress, job.seconds, job.created_at) == (None, None, None)


def test_it_survives_an_error_without_bottom() -> None:
    error: object = "deep"
    for _ in range(5000):
        error = {"error": error}
    assert parse_job({"id": "a", "error": error}, {}).error_message == ""


@pytest.mark.parametrize(
    "job_id", [None, "", " ", ".", "..", 5, True, [], {}, "a\n", "a\x00", "\ud800", "x" * 513]
)
def test_it_refuses_what_cannot_be_an_id(job_id: object) -> None:
    with pytest.raises(UnknownOutcomeError):
        parse_job({"id": job_id, "status": "queued"}, {})


@pytest.mark.parametrize("job_id", ["x", "x" * 512, "video_YWJj==", "a/b", "ünïcode"])
def test_it_accepts_an_unusual_id(job_id: str) -> None:
    assert parse_job({"id": job_id}, {}).id == job_id


QUEUED_WORDS = ["pending", "WAITING", "scheduled", "IN_QUEUE", "submitted", "accepted", "not_started"]
COMPLETED_WORDS = ["done", "complete", "FINISHED", "succeed", "SUCCEEDED", "Success", "Ready", "ready_"]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        ("queued", "queued", ""),
        ("in_progress", "in_progress", ""),
        ("completed", "completed", ""),
        ("failed", "failed", ""),
        ("succeeded", "completed", ""),
        ("success", "completed", ""),
        ("Completed ", "completed", ""),
        ("cancelled", "failed", "cancelled"),
        ("canceled", "failed", "canceled"),
        ("expired", "failed", "expired"),
        ("deleted", "failed", "deleted"),
        ("processing", "in_progress", ""),
        ("generating", "in_progress", ""),
        ("postprocessing", "in_progress", ""),
        *((word, "queued", "") for word in QUEUED_WORDS),
        *((word, "completed", "") for word in COMPLETED_WORDS),
        *((word, "failed", "") for word in ("Error", "failure", "FAIL", "errored")),
        *((word, "failed", word.lower()) for word in ("rejected", "Timeout", "ABORTED", "terminated")),
        ("timed-out", "failed", "timed_out"),
        ("Request Moderated", "failed", "request_moderated"),
        ("In Progress", "in_progress", ""),
        ("sauntering", "in_progress", ""),
        ("", "in_progress", ""),
    ],
)
def test_it_knows_what_a_status_means(raw: str, status: str, code: str) -> None:
    job = parse_job({"id": "a", "status": raw}, {})
    assert (job.status, job.raw_status, job.error_code) == (status, raw, code)


@pytest.mark.parametrize(
    ("value", "progress"),
    [
        (0, 0), (45, 45), (45.4, 45), ("45", 45), (-5, 0), (250, 100), (1e300, 100),
        (None, None), (True, None), ("half", None), (float("nan"), None), (float("inf"), None), ([5], None),
    ],
)  # fmt: skip
def test_it_reads_progress(value: object, progress: int | None) -> None:
    assert parse_job({"id": "a", "progress": value}, {}).progress == progress


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("4", 4),
        (4, 4),
        ("4.0", 4),
        (4.0, 4),
        (None, None),
        ("", None),
        ("four", None),
        (-4, None),
        (True, None),
    ],
)
def test_it_reads_seconds(value: object, seconds: int | None) -> None:
    assert parse_job({"id": "a", "seconds": value}, {}).seconds == seconds


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (None, "", ""),
        ("out of memory", "", "out of memory"),
        (500, "500", ""),
        ({"code": "moderation_blocked", "message": "no"}, "moderation_blocked", "no"),
        ({"code": 400, "message": "no"}, "400", "no"),
        ({"message": "no"}, "", "no"),
        ({"message": 5, "code": []}, "", ""),
        ({"error": {"type": "invalid", "message": "no"}}, "invalid", "no"),
        ({"detail": "no"}, "", "no"),
        ({"detail": [{"msg": "no", "type": "missing"}]}, "missing", "no"),
        ([], "", ""),
        (True, "", ""),
        ({"message": "a\x00b\ud800"}, "", "ab?"),
    ],
)
def test_it_finds_the_reason_in_an_error_of_any_shape(error: object, code: str, message: str) -> None:
    job = parse_job({"id": "a", "status": "failed", "error": error}, {})
    assert (job.error_code, job.error_message) == (code, message)


def test_it_prefers_the_servers_reason_to_the_status() -> None:
    assert parse_job({"id": "a", "status": "expired", "error": {"code": "ttl"}}, {}).error_code == "ttl"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"openai-poll-after-ms": "1500"}, 1.5),
        ({"OpenAI-Poll-After-Ms": "1500", "Retry-After": "9"}, 1.5),
        ({"openai-poll-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "1e12"}, 86_400.0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "next week"}, None),
        ({"Retry-After": "Fri, 99 Dec 99999 99:99:99 GMT"}, None),
        ({"Retry-After": formatdate(time() - 60, usegmt=True)}, 0.0),
    ],
)
def test_it_reads_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_job({"id": "a"}, headers).poll_after == seconds


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://cloud.example/a.mp4", "https://cloud.example/a.mp4"),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("", None),
        (5, None),
    ],
)
def test_it_keeps_only_an_address_on_the_web(url: object, kept: str | None) -> None:
    assert parse_job({"id": "a", "url": url}, {}).url == kept


FILE = "https://cloud.example/video?sig=1"


@pytest.mark.parametrize(
    "place",
    [
        {"url": FILE},
        {"video_url": FILE},
        {"output_url": FILE},
        {"unsigned_urls": [FILE, "https://cloud.example/2.mp4"]},
        {"urls": [FILE]},
        {"output": FILE},
        {"output": [FILE]},
        {"output": {"video_url": FILE}},
        {"outputs": [{"url": FILE}]},
        {"result": {"urls": [FILE]}},
        {"data": {"video": {"url": FILE}}},
        {"data": [{"output": {"video": {"url": FILE}}}]},
        {"metadata": {"url": FILE}},
        {"output": ["https://cloud.example/poster.png", FILE]},
        {"url": "", "video_url": None, "data": [[], None, 7], "result": FILE},
    ],
    ids=repr,
)
def test_it_finds_the_file_wherever_the_server_puts_its_address(place: dict[str, object]) -> None:
    assert parse_job({"id": "a", "status": "completed"} | place, {}).url == FILE


@pytest.mark.parametrize(
    "place",
    [
        {"thumbnail_url": FILE},
        {"poster": {"url": FILE}},
        {"input_reference": {"url": FILE}},
        {"metadata": {"callback": FILE}, "webhook_url": FILE},
        {"urls": {"get": FILE, "cancel": FILE}},
        {"output": "file:///etc/passwd"},
        {"output": ["/data/video.mp4", "ftp://cloud.example/video.mp4"]},
        {"result": "https://cloud.example/" + "x" * 5000},
        {"data": {"data": {"data": {"data": {"data": {"url": FILE}}}}}},
        {"output": [{}] * 1000 + [FILE]},
    ],
    ids=lambda place: repr(place)[:60],
)
def test_it_takes_no_other_address_for_the_file(place: dict[str, object]) -> None:
    assert parse_job({"id": "a", "status": "completed"} | place, {}).url is None


@pytest.mark.parametrize(
    ("fields", "may_be_completed"),
    [
        ({"status": "wrapped", "progress": 100}, True),
        ({"status": "wrapped", "output": FILE}, True),
        ({"output": FILE}, True),
        ({"status": "wrapped", "progress": 99}, False),
        ({"status": "processing", "progress": 100}, False),
        ({"status": "uploading", "url": FILE}, False),
        ({"status": "completed", "url": FILE}, False),
        ({"status": "failed", "progress": 100}, False),
    ],
)
def test_an_unknown_word_with_a_file_or_all_of_the_progress_is_to_be_looked_into(
    fields: dict[str, object], may_be_completed: bool
) -> None:
    job = parse_job({"id": "a"} | fields, {})
    assert job.may_be_completed is may_be_completed


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        ("Wed, 25 Nov 2026 23:00:00 GMT", 1795647600.0),
        ("", None),
        ("yesterday", None),
        ("Wed, 99 Nov 2026 23:00:00 GMT", None),
        ("Wed, 25 Nov 99999999999 23:00:00 GMT", None),
    ],
)
def test_a_page_says_when_it_was_sent_by_the_backends_clock(date: str, sent_at: float | None) -> None:
    assert parse_page({"data": []}, {"Date": date}, limit=100).sent_at == sent_at
