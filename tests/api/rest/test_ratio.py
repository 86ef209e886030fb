"""A ratio and a resolution in place of a size."""

import pytest
from django.test import Client

from tests.api.rest.conftest import refused
from tests.api.rest.test_generate import ask
from videos.models import IdempotencyRecord, Video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sent", "size"),
    [
        ({"ratio": "9:16", "resolution": "720p"}, "720x1280"),
        ({"ratio": "16:9", "resolution": "1024P", "model": "sora-2-pro"}, "1792x1024"),
        ({"ratio": "9:16"}, "720x1280"),
        ({"resolution": "720p"}, "1280x720"),
        ({"ratio": "", "resolution": None}, "1280x720"),
    ],
)
def test_they_name_a_size_of_the_model(program: Client, sent: dict[str, str], size: str):
    response = ask(program, prompt="A lake", **sent)
    assert response.status_code == 200, response.content
    assert response.json()["size"] == Video.objects.get().size == size


@pytest.mark.parametrize(
    ("sent", "param", "sentence"),
    [
        ({"ratio": "1:1"}, "ratio", "Sora 2 supports these ratios: 16:9, 9:16."),
        ({"ratio": "wide", "resolution": "720p"}, "ratio", "supports these ratios"),
        (
            {"ratio": "16:9", "resolution": "8K"},
            "resolution",
            "Sora 2 at 16:9 supports these resolutions: 720p",
        ),
        ({"resolution": "x\x00"}, "resolution", "supports these resolutions"),
        ({"ratio": "16:9", "size": "1280x720"}, "size", "Give either size, or ratio and resolution."),
        ({"ratio": "16:9", "model": "gone"}, "model", "There is no model"),
    ],
)
def test_what_the_model_does_not_have_is_refused(
    program: Client, sent: dict[str, str], param: str, sentence: str
):
    assert sentence in refused(ask(program, prompt="A lake", **sent), 422, param=param)
    assert not Video.objects.exists()


def test_a_request_without_them_has_the_fingerprint_that_it_always_had(program: Client):
    first = ask(program, "key", prompt="A lake")
    again = ask(program, "key", prompt="A lake", ratio="", resolution="")
    assert again.json()["id"] == first.json()["id"]
    reused = ask(program, "key", prompt="A lake", ratio="9:16")
    refused(reused, 409, code="idempotency_key_reused", param="Idempotency-Key")
    assert IdempotencyRecord.objects.count() == Video.objects.count() == 1
