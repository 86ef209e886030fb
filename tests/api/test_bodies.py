"""Bodies of both APIs: of unknown length, broken, twice, in another charset. None makes a strange video."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import client_of, refused
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=edge"
REST, OPENAI = "/api/v1/videos/generate", "/v1/videos"
BOTH = pytest.mark.parametrize("path", [REST, OPENAI])
FIELDS = b'{"prompt": "A lake", "seconds": "8"}'


@pytest.fixture
def program(alice: User) -> Client:
    Backend.objects.for_environment()
    return client_of(alice)


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


PROMPT, END = part("prompt", b"A lake"), b"--edge--\r\n"


class Pipe(io.RawIOBase):
    """What a server hands in for a body of unknown length, some bytes at a time."""

    def __init__(self, body: bytes, broken: Exception | None = None) -> None:
        self.left, self.broken, self.taken = io.BytesIO(body), broken, 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0  # an unbounded read would take whatever is sent
        data = self.left.read(min(size, 1000))
        self.taken += len(data)
        if not data and self.broken:
            raise self.broken
        return data


def chunked(program: Client, path: str, source: Any, content_type: str = JSON, **environ: Any):
    environ = {"wsgi.input": source, "wsgi.input_terminated": True, "CONTENT_LENGTH": "", **environ}
    headers = {"Transfer-Encoding": "chunked"}
    return program.generic("POST", path, b"x", content_type=content_type, headers=headers, **environ)


@BOTH
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (FIELDS, JSON),
        (PROMPT + part("seconds", b"8") + END, MULTIPART),
        (b"prompt=A+lake&seconds=8", FORM),
    ],
)
def test_a_body_of_unknown_length_is_taken(program: Client, path, body, content_type):
    response = chunked(program, path, Pipe(body), content_type)

    assert response.status_code == 200, response.content
    video = Video.objects.get()
    assert (video.prompt, video.seconds) == ("A lake", 8)


@BOTH
def test_an_image_in_chunks_is_taken(program: Client, path, picture: bytes):
    image = part("input_reference", picture, '; filename="a.png"')

    response = chunked(program, path, Pipe(PROMPT + image + END), MULTIPART)

    assert response.status_code == 200, response.content
    assert Video.objects.get().reference is not None


@BOTH
def test_the_test_clients_own_bodies_are_taken_in_chunks(program: Client, path):
    headers = {"Transfer-Encoding": "chunked"}
    response = program.post(path, FIELDS, content_type=JSON, CONTENT_LENGTH="", headers=headers)

    assert (response.status_code, Video.objects.get().seconds) == (200, 8)


@pytest.mark.parametrize("verb", ["remix", "edit", "extend"])
def test_every_endpoint_takes_chunks(program: Client, verb, alice: User, finished: Callable[..., Video]):
    source = finished(backend_job_id="job_1")
    response = chunked(program, f"/api/v1/videos/{source.public_id}/{verb}", Pipe(b'{"prompt": "At night"}'))

    assert response.status_code in (200, 409), response.content  # by what its backend can do; never unread
    assert b"prompt" not in response.content or response.status_code == 200


@BOTH
@pytest.mark.parametrize("content_type", [JSON, MULTIPART, FORM])
def test_chunks_are_held_to_the_same_bound(program: Client, path, content_type, settings):
    settings.MAX_FILE_SIZE, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 3000, 1000
    pipe = Pipe(b"x" * 100_000)

    refused(chunked(program, path, pipe, content_type), 413)

    assert pipe.taken <= 3 * 3000 * 4 // 3 + 1000 + 1000  # the bound, and the piece that passed it
    assert not Video.objects.exists()


@BOTH
def test_chunks_that_are_none_are_a_400(program: Client, path):
    for error in (OSError("closed"), ValueError("Invalid chunk size")):
        refused(chunked(program, path, Pipe(b"{", error)), 400)
    assert not Video.objects.exists()


@BOTH
def test_a_server_that_cannot_tell_the_end_asks_for_a_length(program: Client, path):
    response = chunked(program, path, Pipe(FIELDS), **{"wsgi.input_terminated": False})
    refused(response, 411, code="length_required")


# --- Forms that are not what they say --------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        PROMPT.replace(b"--edge", b"--other") + b"--other--\r\n",  # a boundary that never occurs
        PROMPT.replace(b"--edge", b"--edges") + b"--edges--\r\n",  # one that only begins with it
        b'Content-Disposition: form-data; name="prompt"\r\n\r\nA lake',  # none at all
        PROMPT,  # the final boundary is missing
        PROMPT + part("size", b"1280x720")[:-12],  # cut off in a value
        PROMPT + b"--edge-",  # cut off in the final boundary
        PROMPT + b'--edge\r\nContent-Disposition: form-data; name="inp',  # cut off in a header
        b"--edge",
        b"x",
    ],
)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_form_that_is_not_whole_is_a_400(program: Client, path, body, in_chunks):
    if in_chunks:
        response = chunked(program, path, Pipe(body), MULTIPART)
    else:
        response = program.post(path, body, content_type=MULTIPART)

    refused(response, 400)
    assert not Video.objects.exists()


@BOTH
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"prompt=A+lake+in+", FORM), (FIELDS, JSON), (PROMPT + END, MULTIPART)],
)
def test_a_body_that_ends_before_its_length_is_a_400(program: Client, path, body, content_type):
    ends = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body) + 30)}
    response = program.generic("POST", path, body, content_type=content_type, **ends)

    assert "ends before" in refused(response, 400)
    assert not Video.objects.exists()


@BOTH
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (part("prompt", "Un été".encode("latin-1")) + END, MULTIPART),
        (b"prompt=Un+%E9t%E9", FORM),
        (part("prompt", "Ein See".encode("utf-16")) + END, MULTIPART),
        (PROMPT + END, MULTIPART + "; charset=latin-1"),
        (PROMPT + END, MULTIPART + "; charset=no-such"),
        (b"prompt=A+lake", FORM + "; charset=utf-16"),
        ('{"prompt": "Un été"}'.encode("latin-1"), JSON),
    ],
)
def test_another_charset_is_a_400_and_no_strange_prompt(program: Client, path, body, content_type):
    refused(
        program.generic("POST", path, body, content_type=content_type),
        400,
        param="prompt" if "charset" not in content_type and content_type != JSON else None,
    )
    assert not Video.objects.exists()


@BOTH
@pytest.mark.parametrize(
    ("body", "content_type", "name"),
    [
        (PROMPT + PROMPT + END, MULTIPART, "prompt"),
        (PROMPT + part("seconds", b"4") + part("seconds", b"12") + END, MULTIPART, "seconds"),
        (
            PROMPT + part("input_reference", b"1", '; filename="1"') * 2 + END,
            MULTIPART,
            "input_reference",
        ),
        (b"prompt=A&seconds=4&seconds=12", FORM, "seconds"),
        (b'{"prompt": "A", "seconds": 4, "seconds": 12}', JSON, "seconds"),
    ],
)
def test_a_field_that_comes_twice_is_named(program: Client, path, body, content_type, name):
    response = program.post(path, body, content_type=content_type)

    refused(response, 400, code="duplicate_parameter", param=name)
    assert not Video.objects.exists()


# --- Numbers ---------------------------------------------------------------------------------------------

NUMBERS = [8, "8", 8.0, "8.0", " 8", "8 ", "+8", "08", " 8.00 "]
NO_NUMBERS = [
    True,
    False,
    [],
    [8],
    {},
    "",
    " ",
    "eight",
    8.5,
    "8.5",
    -8,
    "-8",
    "8e0",
    "0x8",
    "8_0",
    "٨",
    10**30,
]


@BOTH
@pytest.mark.parametrize("seconds", NUMBERS)
def test_a_length_is_read_alike(program: Client, path, seconds):
    response = program.post(path, {"prompt": "A", "seconds": seconds}, content_type=JSON)

    assert response.status_code == 200, response.content
    assert Video.objects.get().seconds == 8


@BOTH
@pytest.mark.parametrize("seconds", NO_NUMBERS)
def test_what_is_no_length_is_refused_alike(program: Client, path, seconds):
    response = program.post(path, {"prompt": "A", "seconds": seconds}, content_type=JSON)

    refused(response, 400 if path == OPENAI else 422, param="seconds")
    assert not Video.objects.exists()


@BOTH
def test_a_length_that_is_null_is_the_studios_own(program: Client, path):
    assert program.post(path, {"prompt": "A", "seconds": None}, content_type=JSON).status_code == 200
    assert Video.objects.get().seconds == 4


@pytest.mark.parametrize("path", ["/api/v1/videos", "/v1/videos"])
def test_a_limit_is_read_alike(program: Client, path):
    for text in ("8", "8.0", " 8", "+8", "08"):
        assert program.get(path, {"limit": text}).status_code == 200
    for text in ("", "eight", "8.5", "-8", "true", "[]", "null", "8e0", "٨", "101", "9" * 30):
        refused(program.get(path, {"limit": text}), 400 if path == "/v1/videos" else 422, param="limit")


# --- Fields that are not known ---------------------------------------------------------------------------

BEYOND = {
    "num_frames": 121,
    "n": 4,
    "duration": 12,
    "fps": 24,
    "resolution": "1080p",
    "aspect_ratio": "16:9",
    "aspectRatio": "16:9",
    "durationSeconds": 8,
    "width": 1920,
    "height": 1080,
    "num_outputs_per_prompt": 2,
    "sampleCount": 2,
    "video_length": 5,
    "quality": "high",
    "num_inference_steps": 30,
    "guidance_scale": 7,
    "flow_shift": 3,
    "extra_params": {"num_frames": 9},
}


# Our own API takes a resolution in place of a size.
@pytest.mark.parametrize(
    ("path", "name"),
    [(OPENAI, name) for name in BEYOND] + [(REST, name) for name in BEYOND if name != "resolution"],
)
def test_a_field_beyond_the_protocol_is_refused_by_name(program: Client, path, name):
    body = {"prompt": "A", name: BEYOND[name]}
    for response in (
        program.post(path, body, content_type=JSON),
        program.post(path, {"prompt": "A", name: "1"}),
    ):
        assert name in refused(response, 400, code="unknown_parameter", param=name)
    assert not Video.objects.exists()


def test_what_means_nothing_is_let_be_at_v1_and_named(program: Client):
    fields = {"prompt": "A", "user": "u-1", "metadata": {"job": "7"}, "service_tier": "auto", "n": None}
    response = program.post(OPENAI, fields, content_type=JSON)

    assert response.status_code == 200, response.content
    assert response["Ignored-Fields"] == "metadata, service_tier, user"
    assert "Ignored-Fields" not in program.post(OPENAI, {"prompt": "A"}, content_type=JSON)


def test_a_name_cannot_break_the_header(program: Client):
    response = program.post(OPENAI, {"prompt": "A", "a\r\nSet-Cookie: b,é": 1}, content_type=JSON)
    assert response["Ignored-Fields"] == "a??Set-Cookie:?b??"


@pytest.mark.parametrize("name", ["user", "metadata", "promt", "frames"])
def test_our_own_api_knows_its_fields(program: Client, name):
    response = program.post(REST, {"prompt": "A", name: "x"}, content_type=JSON)
    refused(response, 400, code="unknown_parameter", param=name)
    assert not Video.objects.exists()


@pytest.mark.parametrize("name", ["size", "seconds", "model", "input_reference"])
def test_a_remix_does_not_take_what_it_would_not_use(program: Client, finished: Callable[..., Video], name):
    source = finished(backend_job_id="job_1")
    for path in (f"/v1/videos/{source.public_id}/remix", f"/api/v1/videos/{source.public_id}/remix"):
        response = program.post(path, {"prompt": "A", name: "8"}, content_type=JSON)
        refused(response, 400, code="unknown_parameter", param=name)
    assert Video.objects.count() == 1


@pytest.mark.parametrize("verb", ["retry", "submit-again", "cancel", "check-again", "give-up"])
def test_an_action_without_fields_takes_none(program: Client, finished: Callable[..., Video], verb):
    path = f"/api/v1/videos/{finished().public_id}/{verb}"
    refused(
        program.post(path, {"seconds": 12}, content_type=JSON), 400, code="unknown_parameter", param="seconds"
    )
    for body, kind in ((b"", JSON), (b"{}", JSON), (b"", FORM)):
        refused(program.post(path, body, content_type=kind), 409, code="not_possible_now")


def test_a_filter_that_is_not_known_does_not_let_everything_through(program: Client):
    refused(program.get("/api/v1/videos?stauts=failed"), 400, code="unknown_parameter", param="stauts")
    refused(program.get("/api/v1/usage?until=2026-01-01"), 400, code="unknown_parameter", param="until")
    assert program.get("/api/v1/usage?to=2026-01-01&from=2025-12-31").status_code == 200
    assert json.loads(program.get("/v1/videos?anything=1").content)["data"] == []


def test_an_unknown_parameter_deletes_and_does_nothing(program: Client, finished: Callable[..., Video]):
    video = finished()
    address = f"/api/v1/videos/{video.public_id}?dry_run=1"
    refused(program.delete(address), 400, code="unknown_parameter", param="dry_run")
    many = {"action": "cancel", "ids": [video.public_id]}
    answer = program.post("/api/v1/videos/actions?dry_run=1", many, content_type=JSON)
    refused(answer, 400, code="unknown_parameter", param="dry_run")

    video.refresh_from_db()
    assert video.deleted_at is None
