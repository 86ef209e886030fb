"""POST /v1/videos, in every way that clients send it."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Scope, User
from tests.api.openai.conftest import png, program
from videos.models import Backend, Character, ReferenceImage, State, Video

URL = "/v1/videos"
JSON = "application/json"


def _data_url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def test_json_makes_a_queued_video(
    client: Client, alice: User, hints: list, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        reply = client.post(
            URL,
            {"prompt": "A lake", "model": "sora-2-pro", "seconds": "8", "size": "720x1280"},
            content_type=JSON,
        )

    assert reply.status_code == 200
    video = Video.objects.get()
    assert (video.owner, video.state) == (alice, State.QUEUED)
    assert (video.prompt, video.model, video.seconds, video.size) == ("A lake", "sora-2-pro", 8, "720x1280")
    assert reply.json() == {
        "id": video.public_id,
        "object": "video",
        "model": "sora-2-pro",
        "status": "queued",
        "progress": 0,
        "created_at": int(video.created_at.timestamp()),
        "completed_at": None,
        "expires_at": None,
        "prompt": "A lake",
        "size": "720x1280",
        "seconds": "8",
        "remixed_from_video_id": None,
        "error": None,
        "seed": video.seed,
    }
    assert reply["openai-poll-after-ms"] == "2000"
    assert hints == [("submit", video.backend_id)]


def test_what_is_left_out_is_what_the_form_starts_with(client: Client, settings):
    settings.DEFAULT_MODEL, settings.DEFAULT_SIZE, settings.DEFAULT_SECONDS = "sora-2-pro", "1024x1792", 12

    body = client.post(URL, {"prompt": "A lake"}, content_type=JSON).json()

    assert (body["model"], body["size"], body["seconds"]) == ("sora-2-pro", "1024x1792", "12")


@pytest.mark.parametrize("seconds", ["8", 8])
def test_seconds_may_be_text_or_number(client: Client, seconds: object):
    assert client.post(URL, {"prompt": "A", "seconds": seconds}, content_type=JSON).json()["seconds"] == "8"


def test_a_form_with_a_file(client: Client):
    picture = SimpleUploadedFile("a.png", png(), "image/png")

    reply = client.post(URL, {"prompt": "A lake", "seconds": "4", "input_reference": picture})

    assert reply.status_code == 200, reply.content
    image = Video.objects.get().reference
    assert image is not None
    assert (image.width, image.height) == (64, 36)


@pytest.mark.parametrize(
    ("file_name", "name"), [("Red fox.png", "Red fox"), ("../den/fox.v2.png", "fox.v2"), ("\u200b.png", "")]
)
def test_a_kept_picture_is_named_as_its_file(client: Client, file_name: str, name: str):
    picture = SimpleUploadedFile(file_name, png(), "image/png")

    client.post(URL, {"prompt": "A lake", "input_reference": picture})

    assert ReferenceImage.objects.get().name == name


def test_the_same_picture_from_another_file_keeps_its_name(client: Client):
    for file_name in ("Red fox.png", "copy.png"):
        client.post(URL, {"prompt": "A lake", "input_reference": SimpleUploadedFile(file_name, png())})

    assert ReferenceImage.objects.get().name == "Red fox"


@pytest.mark.parametrize("linked", [_data_url(png()), {"url": _data_url(png())}])
def test_a_picture_as_a_data_url(client: Client, linked: object):
    body = {"prompt": "A lake", "input_reference": {"image_url": linked}}

    reply = client.post(URL, body, content_type=JSON)

    assert reply.status_code == 200, reply.content
    assert ReferenceImage.objects.get() == Video.objects.get().reference
    assert ReferenceImage.objects.get().name == ""


def test_a_picture_as_a_data_url_in_a_form(client: Client):
    reply = client.post(URL, {"prompt": "A lake", "input_reference[image_url]": _data_url(png())})

    assert reply.status_code == 200, reply.content
    assert ReferenceImage.objects.get() == Video.objects.get().reference


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ({"image_url": "https://example.org/a.png"}, "Remote URLs are not supported"),
        ({"image_url": "file:///etc/passwd"}, "Remote URLs are not supported"),
        ({"file_id": "file_1"}, "File ids are not supported"),
        ({"image_url": "data:image/png,plain"}, "must contain base64"),
        ({"image_url": "data:image/png;base64,!!"}, "not contain valid base64"),
        ({"image_url": _data_url(b"no picture")}, "not an image"),
        ("a.png", "expected a file"),
        ({}, "File ids are not supported"),
    ],
)
def test_a_reference_that_will_not_do(client: Client, reference: object, sentence: str):
    reply = client.post(URL, {"prompt": "A", "input_reference": reference}, content_type=JSON)

    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "input_reference"
    assert sentence in reply.json()["error"]["message"]
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()


def test_characters_by_our_ids(client: Client, alice: User, simulator: Backend):
    ada = Character.objects.create(owner=alice, backend=simulator, name="Ada", backend_character_id="c1")

    as_json = client.post(URL, {"prompt": "A", "characters": [{"id": ada.public_id}]}, content_type=JSON)
    as_form = client.post(URL, {"prompt": "B", "characters[][id]": ada.public_id})

    assert (as_json.status_code, as_form.status_code) == (200, 200)
    assert [list(video.characters.all()) for video in Video.objects.all()] == [[ada], [ada]]


@pytest.mark.parametrize(
    "given", [[{"id": "char_unknown"}], [{"id": "a\x00b"}], [{}], ["x"], "x", [{"id": 1}]]
)
def test_characters_that_are_not_there(client: Client, given: object):
    reply = client.post(URL, {"prompt": "A", "characters": given}, content_type=JSON)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "characters")
    assert not Video.objects.exists()


def test_anothers_character_is_not_there(client: Client, bob: User, simulator: Backend):
    eve = Character.objects.create(owner=bob, backend=simulator, name="Eve", backend_character_id="c1")

    reply = client.post(URL, {"prompt": "A", "characters": [{"id": eve.public_id}]}, content_type=JSON)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "characters")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": ["A"]}, "prompt"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": "A" * 32_001}, "prompt"),
        ({"prompt": "half \ud83d"}, "prompt"),
        ({"prompt": "A", "model": "sora-9"}, "model"),
        ({"prompt": "A", "model": 2}, "model"),
        ({"prompt": "A", "seconds": "5"}, "seconds"),
        ({"prompt": "A", "seconds": 4.5}, "seconds"),
        ({"prompt": "A", "seconds": True}, "seconds"),
        ({"prompt": "A", "seconds": "9" * 5000}, "seconds"),
        ({"prompt": "A", "size": "640x480"}, "size"),
    ],
)
def test_bad_values_name_their_field(client: Client, fields: dict, param: str):
    reply = client.post(URL, fields, content_type=JSON)

    assert reply.status_code == 400
    error = reply.json()["error"]
    assert set(error) == {"type", "code", "message", "param"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert not Video.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"prompt": 1e999}']
)
def test_a_body_that_is_no_object(client: Client, body: bytes):
    reply = client.post(URL, body, content_type=JSON)

    assert reply.status_code == 400
    assert not Video.objects.exists()


def test_a_broken_form(client: Client):
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; charset=no"):
        assert client.generic("POST", URL, b"--x\r\nnonsense", content_type=kind).status_code == 400
    assert not Video.objects.exists()


def test_a_body_over_the_limit_is_not_read(client: Client, settings):
    settings.MAX_FILE_SIZE, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 3000, 1000

    longer = client.post(URL, {"prompt": "A" * 15_000}, content_type=JSON)
    text = client.post(URL, {"prompt": "A" * 2000})

    assert [longer.status_code, text.status_code] == [413, 413]
    assert longer.json()["error"]["code"] == "request_too_large"
    assert not Video.objects.exists()


def test_a_read_token_makes_nothing(alice: User, simulator: Backend):
    reply = program(alice, Scope.READ).post(URL, {"prompt": "A"}, content_type=JSON)

    assert (reply.status_code, reply.json()["error"]["type"]) == (403, "permission_error")
    assert not Video.objects.exists()


def test_strangers_make_nothing(anyone: Client):
    nobody = anyone.post(URL, {"prompt": "A"}, content_type=JSON)
    wrong = anyone.post(URL, {"prompt": "A"}, content_type=JSON, headers={"Authorization": "Bearer cg_wrong"})

    assert [nobody.status_code, wrong.status_code] == [401, 401]
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert not Video.objects.exists()


def test_a_session_needs_its_csrf_token(alice: User, simulator: Backend):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post(URL, {"prompt": "A"}, content_type=JSON).status_code == 403
    assert browser.post(URL, {"prompt": "A"}).status_code == 403
    assert not Video.objects.exists()

    browser.cookies["csrftoken"] = token = "a" * 32
    reply = browser.post(URL, {"prompt": "A"}, content_type=JSON, headers={"X-CSRFToken": token})

    assert reply.status_code == 200
    assert browser.get(URL).json()["data"][0]["id"] == Video.objects.get().public_id


def test_too_many_requests(client: Client, settings):
    settings.API_REQUESTS_PER_MINUTE = 1
    client.get(URL)

    reply = client.post(URL, {"prompt": "A"}, content_type=JSON)

    assert (reply.status_code, reply.json()["error"]["type"]) == (429, "rate_limit_error")
    assert 0 < int(reply["Retry-After"]) <= 60
    assert not Video.objects.exists()
