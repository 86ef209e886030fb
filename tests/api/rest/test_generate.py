import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import URL, client_of, refused
from videos.models import Backend, Character, IdempotencyRecord, ReferenceImage, State, Video

pytestmark = pytest.mark.django_db
GENERATE = f"{URL}/generate"


def ask(client: Client, key: str = "", **fields: object):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(GENERATE, fields, content_type="application/json", headers=headers)


def upload(content: bytes, name: str = "photo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def test_it_queues_a_video_with_the_servers_defaults(program: Client, alice: User, hints):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videos.engine.enqueue.send_after_commit", lambda task, pk: hints.append((task, pk)))
        response = ask(program, prompt="A lake")

    video = Video.objects.get()
    assert response.status_code == 200
    body = response.json()
    assert body | {"cost": None} == body | {
        "cost": None,
        "id": video.public_id,
        "object": "video",
        "status": "queued",
        "progress": 0,
        "model": "sora-2",
        "seconds": 4,
        "size": "1280x720",
        "prompt": "A lake",
        "kind": "create",
        "created_at": int(video.created_at.timestamp()),
        "error": None,
        "needs_decision": False,
        "actions": ["cancel"],
    }
    assert (body["cost"], body["estimated_cost"]) == (0, float(video.price))  # a simulator
    assert (video.owner, video.state) == (alice, State.QUEUED)
    assert hints == [("submit", video.backend_id)]
    assert "Idempotent-Replayed" not in response


@pytest.mark.parametrize("seconds", [8, "8"])
def test_a_length_may_be_a_number_or_its_text(program: Client, seconds):
    assert ask(program, prompt="A lake", seconds=seconds).json()["seconds"] == 8
    assert Video.objects.get().seconds == 8


def test_what_is_null_is_left_to_the_server(program: Client):
    assert ask(program, prompt="A lake", model=None, seconds=None).json()["model"] == "sora-2"


def test_it_takes_a_form_with_a_reference_image(program: Client, alice: User, picture: bytes):
    fields = {"prompt": "A lake", "seconds": "4", "fit": "pad", "input_reference": upload(picture)}
    response = program.post(GENERATE, fields)
    assert response.status_code == 200, response.content
    video = Video.objects.get()
    assert (video.reference.owner, video.reference_fit) == (alice, "pad")
    assert response.json()["has_reference"] is True


def test_it_takes_characters_by_id(program: Client, alice: User, simulator: Backend):
    cast = [
        Character.objects.create(owner=alice, backend=simulator, name=name, backend_character_id=name)
        for name in ("Ada", "Bob")
    ]
    ids = [each.public_id for each in cast]
    by_form = program.post(GENERATE, {"prompt": "Both", "characters": ",".join(ids)})
    for response in (ask(program, prompt="Both", characters=ids), by_form):
        assert set(response.json()["characters"]) == set(ids)
    assert set(Video.objects.first().characters.all()) == set(cast)


def test_it_knows_no_character_of_another(program: Client, bob: User, simulator: Backend):
    theirs = Character.objects.create(owner=bob, backend=simulator, name="Eve", backend_character_id="char_x")
    refused(ask(program, prompt="A lake", characters=[theirs.public_id]), 422, param="characters")
    assert not Video.objects.exists()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "prompt"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "A lake", "model": "sora-9"}, "model"),
        ({"prompt": "A lake", "seconds": 5}, "seconds"),
        ({"prompt": "A lake", "seconds": "four"}, "seconds"),
        ({"prompt": "A lake", "seconds": 10**30}, "seconds"),
        ({"prompt": "A lake", "size": "1x1"}, "size"),
        ({"prompt": "A lake", "fit": "stretch"}, "fit"),
        ({"prompt": "A lake", "characters": ["no such id"]}, "characters.0"),
        ({"prompt": "A lake", "characters": ["char_nobody"]}, "characters"),
        ({"prompt": "A lake", "input_reference": "https://images.example/1.png"}, "input_reference"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(program: Client, fields, param):
    refused(ask(program, **fields), 422, param=param)
    assert not Video.objects.exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize(
    "body", ['{"prompt": ', "nothing like JSON", "", "\udcff", "[" * 100_000, "9" * 5000]
)
def test_a_body_that_is_no_json_is_refused(program: Client, body):
    content = body.encode(errors="surrogateescape")
    refused(program.post(GENERATE, content, content_type="application/json"), 400, code="invalid_json")


def test_half_a_character_is_refused(program: Client):
    body = '{"prompt": "a \\ud800 lake"}'
    refused(program.post(GENERATE, body, content_type="application/json"), 422, param="prompt")


def test_a_body_that_is_no_object_is_refused(program: Client):
    refused(program.post(GENERATE, [1], content_type="application/json"), 422, param="body")


def test_an_image_that_is_none_is_refused(program: Client):
    response = program.post(GENERATE, {"prompt": "A lake", "input_reference": upload(b"only text")})
    refused(response, 422, code="not_an_image", param="input_reference")
    assert not ReferenceImage.objects.exists()
    assert not Video.objects.exists()


def test_an_image_that_is_too_large_is_refused(program: Client, picture: bytes, settings):
    settings.MAX_FILE_SIZE = len(picture) - 1
    response = program.post(GENERATE, {"prompt": "A lake", "input_reference": upload(picture)})
    refused(response, 413, code="too_large", param="input_reference")


def test_an_image_that_the_backend_cannot_take_is_not_kept(
    program: Client, simulator: Backend, picture: bytes, media_root
):
    Backend.objects.update(takes_reference=False)
    response = program.post(GENERATE, {"prompt": "A lake", "input_reference": upload(picture)})
    refused(response, 422, param="input_reference")
    assert not ReferenceImage.objects.exists()
    assert not [path for path in media_root.rglob("*") if path.is_file()]


def test_the_same_key_makes_one_video(program: Client):
    first = ask(program, "key-1", prompt="A lake", seconds=4)
    again = ask(program, "key-1", prompt="A lake", seconds="4")
    assert again.json()["id"] == first.json()["id"]
    assert again["Idempotent-Replayed"] == "true"
    assert Video.objects.count() == 1


def test_the_same_key_and_image_make_one_video(program: Client, picture: bytes):
    replies = [
        program.post(
            GENERATE,
            {"prompt": "A lake", "input_reference": upload(picture, name)},
            headers={"Idempotency-Key": "key-1"},
        )
        for name in ("one.png", "another.png")
    ]
    assert replies[0].json()["id"] == replies[1].json()["id"]
    other = {"prompt": "A lake", "input_reference": upload(picture + b"more")}
    refused(
        program.post(GENERATE, other, headers={"Idempotency-Key": "key-1"}),
        409,
        code="idempotency_key_reused",
        param="Idempotency-Key",
    )
    assert Video.objects.count() == 1


def test_a_key_for_something_else_is_refused(program: Client):
    ask(program, "key-1", prompt="A lake")
    response = ask(program, "key-1", prompt="A mountain")
    refused(response, 409, code="idempotency_key_reused", param="Idempotency-Key")
    assert Video.objects.count() == 1


def test_a_key_is_one_persons_own(program: Client, bob: User):
    first = ask(program, "key-1", prompt="A lake").json()
    assert ask(client_of(bob), "key-1", prompt="A lake").json()["id"] != first["id"]


def test_a_key_that_is_too_long_is_refused(program: Client):
    refused(ask(program, "k" * 256, prompt="A lake"), 422, param="Idempotency-Key")


def test_without_a_key_each_request_is_a_wish(program: Client):
    assert ask(program, prompt="A lake").json()["id"] != ask(program, prompt="A lake").json()["id"]


def test_a_refused_request_leaves_its_key_free(program: Client):
    refused(ask(program, "key-1", prompt="A lake", seconds=5), 422, param="seconds")
    assert ask(program, "key-1", prompt="A lake").status_code == 200


def test_a_body_that_is_too_large_is_refused_unread(program: Client, settings):
    settings.MAX_FILE_SIZE = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = json.dumps({"prompt": "x" * 1500}).encode()
    refused(program.post(GENERATE, body, content_type="application/json"), 413, code="too_large")
    refused(program.post(GENERATE, {"prompt": "x" * 3000}), 413, code="too_large")
    assert not Video.objects.exists()
