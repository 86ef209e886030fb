"""A request whose reply was lost is sent again; what it makes is made once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.api.openai.conftest import Made, files_below, png
from videos.models import Kind, Video

URL = "/v1/videos"
JSON = "application/json"


def _create(client: Client, retry: str | None = None, prompt: str = "A lake", key: str = "") -> dict:
    headers = {} if retry is None else {"X-Stainless-Retry-Count": retry}
    headers |= {"Idempotency-Key": key} if key else {}
    reply = client.post(URL, {"prompt": prompt}, content_type=JSON, headers=headers)
    assert reply.status_code == 200, reply.content
    return {**reply.json(), "replayed": reply.get("Idempotent-Replayed")}


def test_a_retry_is_answered_with_the_first_ones_video(client: Client):
    first = _create(client, "0")

    assert [_create(client, retry)["id"] for retry in ("1", "2")] == [first["id"]] * 2
    assert Video.objects.count() == 1


def test_the_same_wish_twice_is_two_videos(client: Client):
    assert _create(client, "0")["id"] != _create(client, "0")["id"]
    assert _create(client)["id"] != _create(client)["id"]
    assert Video.objects.count() == 4


def test_a_late_first_request_is_answered_with_its_retrys_video(client: Client):
    retry, late, another = _create(client, "1"), _create(client, "0"), _create(client, "0")

    assert retry["id"] == late["id"] != another["id"]
    assert Video.objects.count() == 2


@pytest.mark.parametrize("garbage", ["-1", "one", "1.0", "٣", "9" * 50, ""])
def test_a_garbage_count_is_0(client: Client, garbage: str):
    _create(client, "0")
    _create(client, garbage)

    assert Video.objects.count() == 2


def test_a_retry_of_something_else_is_something_else(client: Client, stranger: Client):
    _create(client, "0")
    _create(client, "1", prompt="A sea")
    _create(stranger, "1")

    assert Video.objects.count() == 3


def test_forms_with_files(client: Client):
    def send(retry: str, picture: bytes) -> None:
        fields = {"prompt": "A lake", "input_reference": SimpleUploadedFile("a.png", picture)}
        assert client.post(URL, fields, headers={"X-Stainless-Retry-Count": retry}).status_code == 200

    send("0", png())
    send("1", png())
    assert Video.objects.count() == 1
    send("1", png(128, 72))
    assert Video.objects.count() == 2


def test_an_idempotency_key(client: Client):
    first, again = _create(client, key="mine"), _create(client, key="mine")
    other = client.post(URL, {"prompt": "B"}, content_type=JSON, headers={"Idempotency-Key": "mine"})

    assert first["id"] == again["id"]
    assert (first["replayed"], again["replayed"]) == (None, "true")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert Video.objects.count() == 1


@pytest.mark.parametrize("key", ["k" * 256, "é", "a\x7fb"])
def test_a_key_that_cannot_be_kept(client: Client, key: str):
    reply = client.post(URL, {"prompt": "B"}, content_type=JSON, headers={"Idempotency-Key": key})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "Idempotency-Key")
    assert not Video.objects.exists()


@pytest.mark.parametrize("action", ["remix", "edits", "extensions"])
def test_derived_videos(client: Client, made: Made, action: str):
    source = made()
    path = f"{URL}/{source.public_id}/remix" if action == "remix" else f"{URL}/{action}"
    body: dict[str, object] = {"prompt": "In snow"}
    if action != "remix":
        body["video"] = {"id": source.public_id}
    if action == "extensions":
        body["seconds"] = "4"

    replies = [
        client.post(path, body, content_type=JSON, headers={"X-Stainless-Retry-Count": retry}).json()["id"]
        for retry in ("0", "1", "2", "0")
    ]

    assert replies[0] == replies[1] == replies[2] != replies[3]
    assert Video.objects.exclude(kind=Kind.CREATE).count() == 2


def test_an_uploaded_clip(client: Client, clip_bytes: bytes, media_root):
    def send(retry: str) -> str:
        fields = {"prompt": "At night", "video": SimpleUploadedFile("clip.mp4", clip_bytes)}
        return client.post(f"{URL}/edits", fields, headers={"X-Stainless-Retry-Count": retry}).json()["id"]

    assert send("0") == send("1")
    assert Video.objects.count() == 2
    Video.objects.filter(kind=Kind.CREATE).update(sha256="")  # so that it is taken for another clip
    assert send("2") == send("1")
    assert Video.objects.count() == 2
    assert files_below(media_root) == ["poster.webp", "scrub.jpg", "video.mp4"]
