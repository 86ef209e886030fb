"""Parameters of a model in the REST API: an object, checked value by value, and told with the video."""

import hashlib
import json

import pytest
from django.test import Client

from tests.api.rest.conftest import URL, refused
from videos.models import Backend, IdempotencyRecord, Video, VideoModel

pytestmark = pytest.mark.django_db
GENERATE = f"{URL}/generate"
SEED = {"name": "seed", "type": "integer", "minimum": 0, "maximum": 99}
STEPS = {"name": "steps", "type": "integer", "minimum": 1, "maximum": 50, "help": "More detail."}


@pytest.fixture(autouse=True)
def declared(simulator: Backend) -> None:
    VideoModel.objects.filter(name="sora-2").update(parameters=[SEED, STEPS])
    VideoModel.objects.filter(name="sora-2-pro").update(parameters=[])


def ask(client: Client, key: str = "", **fields: object):
    headers = {"Idempotency-Key": key} if key else {}
    body = {"prompt": "A lake", **fields}
    return client.post(GENERATE, body, content_type="application/json", headers=headers)


def test_values_are_asked_for_kept_and_told(program: Client):
    body = ask(program, parameters={"seed": 7, "steps": "20"}).json()

    assert (body["parameters"], body["seed"]) == ({"seed": 7, "steps": 20}, 7)
    assert Video.objects.get().sent_parameters == {"seed": 7, "steps": 20}


def test_without_a_seed_one_is_drawn_and_told(program: Client):
    body = ask(program).json()

    assert body["parameters"] == {}
    assert 0 <= body["seed"] <= 99


def test_a_form_has_them_as_json(program: Client):
    response = program.post(GENERATE, {"prompt": "A lake", "parameters": '{"seed": 7}'})

    assert response.json()["parameters"] == {"seed": 7}


@pytest.mark.parametrize("nothing", [None, {}, {"seed": None}])
def test_null_and_nothing_are_left_out(program: Client, nothing: object):
    assert ask(program, parameters=nothing).json()["parameters"] == {}


@pytest.mark.parametrize(
    ("fields", "param", "sentence"),
    [
        ({"parameters": {"seed": 100}}, "parameters.seed", "Seed must be between 0 and 99."),
        ({"parameters": {"seed": [1]}}, "parameters.seed", "Seed must be a whole number between 0 and 99."),
        ({"parameters": {"fps": 24}}, "parameters.fps", "“fps”. It takes seed, steps."),
        (
            {"parameters": {"seed": 7}, "model": "sora-2-pro"},
            "parameters.seed",
            "It takes no parameters.",
        ),
        ({"parameters": [7]}, "parameters", "dictionary"),
        ({"parameters": "seed=7"}, "parameters", "dictionary"),
    ],
)
def test_what_the_model_does_not_take_is_a_422_by_name(program: Client, fields, param, sentence):
    assert sentence in refused(ask(program, **fields), 422, param=param)
    assert not Video.objects.exists()


@pytest.mark.parametrize("text", ["[]", "{", "7", '{"seed": 1, "seed": 2}'])
def test_a_forms_text_that_is_no_object_is_a_422(program: Client, text: str):
    response = program.post(GENERATE, {"prompt": "A lake", "parameters": text})

    assert "JSON object" in refused(response, 422, param="parameters")
    assert not Video.objects.exists()


def test_a_key_used_with_other_parameters_is_refused(program: Client):
    first = ask(program, key="a", parameters={"seed": 7}).json()

    assert ask(program, key="a", parameters={"seed": 7}).json()["id"] == first["id"]
    for parameters in ({"seed": 8}, {}):
        refused(ask(program, key="a", parameters=parameters), 409, param="Idempotency-Key")
    assert Video.objects.count() == 1


def test_a_key_that_was_used_before_there_were_parameters_still_holds(program: Client):
    """The fingerprint of a request without any is what it was."""
    first = ask(program, key="a").json()
    fields = {
        "prompt": "A lake",
        "model": "sora-2",
        "seconds": 4,
        "size": "1280x720",
        "fit": "crop",
        "characters": [],
    }
    content = json.dumps(["generate", fields, {}], sort_keys=True)

    assert IdempotencyRecord.objects.get().fingerprint == hashlib.sha256(content.encode()).hexdigest()
    assert ask(program, key="a", parameters={}).json()["id"] == first["id"]


def test_the_catalogue_tells_what_each_model_takes(program: Client):
    models = {each["id"]: each for each in program.get("/api/v1/models").json()["data"]}

    assert models["sora-2-pro"]["parameters"] == []
    assert models["sora-2"]["parameters"][1] == {
        "name": "steps",
        "label": "Steps",
        "type": "integer",
        "minimum": 1,
        "maximum": 50,
        "choices": [],
        "max_length": None,
        "default": None,
        "help": "More detail.",
    }


def test_what_the_backend_says_it_used_is_the_seed(program: Client):
    body = ask(program, parameters={"seed": 7}).json()
    Video.objects.update(used_seed=12)

    again = program.get(f"{URL}/{body['id']}").json()
    assert (again["parameters"], again["seed"]) == ({"seed": 7}, 12)
