"""Parameters of a model in the Videos API: fields beside the protocol's, as other servers of it take them."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from videos.models import Backend, IdempotencyRecord, Video, VideoModel

pytestmark = pytest.mark.django_db
URL, JSON = "/v1/videos", "application/json"


@pytest.fixture(autouse=True)
def declared(simulator: Backend) -> None:
    seed = {"name": "seed", "type": "integer", "minimum": 0, "maximum": 99}
    sound = {"name": "generate_audio", "label": "Sound", "type": "boolean"}
    VideoModel.objects.filter(name="sora-2").update(parameters=[seed, sound])
    VideoModel.objects.filter(name="sora-2-pro").update(
        parameters=[{"name": "fps", "type": "integer", "minimum": 1}]
    )


def create(client: Client, key: str = "", **fields: object):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(URL, {"prompt": "A lake", **fields}, content_type=JSON, headers=headers)


@pytest.mark.parametrize("content_type", [JSON, None])
def test_extra_fields_are_the_models_parameters(client: Client, content_type: str | None):
    fields = {"prompt": "A lake", "seed": 7, "generate_audio": "false"}
    more = {"content_type": content_type} if content_type else {}

    reply = client.post(URL, fields, **more)

    assert reply.json()["seed"] == 7
    assert Video.objects.get().parameters == {"seed": 7, "generate_audio": False}


@pytest.mark.parametrize(
    ("fields", "param", "sentence"),
    [
        ({"seed": 100}, "seed", "Seed must be between 0 and 99."),
        ({"seed": "many"}, "seed", "Seed must be a whole number between 0 and 99."),
        ({"generate_audio": {}}, "generate_audio", "Sound must be true or false."),
        ({"fps": 24}, "fps", "This model does not take “fps”. It takes seed, generate_audio."),
        ({"guidance_scale": 7}, "guidance_scale", "Unknown parameter: 'guidance_scale'."),
        ({"parameters": {"seed": 7}}, None, ""),
    ],
)
def test_what_the_model_does_not_take_is_a_400_that_names_it(client: Client, fields, param, sentence):
    reply = create(client, **fields)

    if param is None:  # means nothing here, and says so
        assert reply["Ignored-Fields"] == "parameters"
        return
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["param"], error["message"]) == (param, sentence)
    assert not Video.objects.exists()


def test_a_file_is_no_value(client: Client):
    upload = SimpleUploadedFile("seed.txt", b"7")

    reply = client.post(URL, {"prompt": "A lake", "seed": upload})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "seed")
    assert not Video.objects.exists()


def test_null_is_left_out(client: Client):
    assert create(client, seed=None).status_code == 200
    assert Video.objects.get().parameters == {}


def test_a_key_used_with_another_seed_is_refused(client: Client):
    first = create(client, key="a", seed=7).json()

    assert create(client, key="a", seed=7).json()["id"] == first["id"]
    assert create(client, key="a", seed=8).status_code == 409
    assert Video.objects.count() == 1


def test_a_key_that_was_used_before_there_were_parameters_still_holds(client: Client):
    create(client, key="a", size="1280x720", seconds="4", model="sora-2")
    values = {"prompt": "A lake", "model": "sora-2", "seconds": 4, "size": "1280x720", "characters": []}
    content = json.dumps(["/v1/videos", values, {}], sort_keys=True)

    assert IdempotencyRecord.objects.get().fingerprint == hashlib.sha256(content.encode()).hexdigest()


def test_a_video_of_a_model_without_a_seed_tells_none(client: Client):
    assert "seed" not in create(client, model="sora-2-pro", fps=24).json()


def test_the_seed_that_was_used_is_told(client: Client):
    made = create(client, seed=7).json()
    Video.objects.update(used_seed=12)

    assert client.get(f"{URL}/{made['id']}").json()["seed"] == 12
