"""The administration: what operators declare of a model by hand."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from videos.models import Backend, VideoModel

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db) -> VideoModel:
    model = VideoModel.objects.get(name="sora-2")
    model.backends.add(Backend.objects.for_environment())
    return model


def save(client: Client, model: VideoModel, **fields: object):
    form = {
        "name": model.name,
        "label": model.label,
        "description": model.description,
        "sizes": json.dumps(model.sizes),
        "seconds": json.dumps(model.seconds),
        "price_per_second": "{}",
        "parameters": "",
        "backends": [backend.pk for backend in model.backends.all()],
        "position": 0,
        "enabled": "on",
        "takes_reference": "unknown",
    }
    address = reverse("admin:videos_videomodel_change", args=[model.pk])
    response = client.post(address, {**form, **fields})
    model.refresh_from_db()
    return response


def test_saving_without_a_declaration_leaves_what_the_kind_of_service_takes(as_carol: Client, model):
    assert save(as_carol, model).status_code == 302
    assert model.parameters is None


def test_a_list_is_kept_and_shown_again(as_carol: Client, model):
    declared = [{"name": "steps", "type": "integer", "minimum": 1}]

    assert save(as_carol, model, parameters=json.dumps(declared)).status_code == 302

    assert model.parameters == declared
    page = as_carol.get(reverse("admin:videos_videomodel_change", args=[model.pk])).content.decode()
    assert "&quot;name&quot;: &quot;steps&quot;" in page


def test_an_empty_list_means_none(as_carol: Client, model):
    save(as_carol, model, parameters="[]")
    assert model.parameters == []


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ('[{"name": "seed", "type": "number?"}, {}]', ["Parameter 1: ", "Parameter 2: "]),
        ('{"name": "seed"}', ["Give a list of parameters"]),
        ("[{", ["Enter a valid JSON."]),
    ],
)
def test_a_mistake_is_told_by_its_place_and_nothing_is_saved(as_carol: Client, model, text, sentences):
    response = save(as_carol, model, parameters=text, label="Changed")

    page = response.content.decode()
    assert response.status_code == 200
    assert all(sentence in page for sentence in sentences)
    assert (model.parameters, model.label) == (None, "Sora 2")


def test_usual_parameters_are_added_to_what_is_declared(as_carol: Client, model):
    declared = json.dumps([{"name": "Seed", "type": "integer"}])

    save(as_carol, model, parameters=declared, add_parameters=["seed", "fps", "num_inference_steps"])

    assert [entry["name"] for entry in model.parameters] == ["Seed", "fps", "num_inference_steps"]
    assert model.parameters[1]["maximum"] == 120


def test_more_than_a_model_may_have_are_not_added(as_carol: Client, model):
    declared = [{"name": f"p{number}", "type": "text"} for number in range(40)]

    response = save(as_carol, model, parameters=json.dumps(declared), add_parameters=["seed"])

    assert "at most 40 parameters" in response.content.decode()
    assert model.parameters is None
