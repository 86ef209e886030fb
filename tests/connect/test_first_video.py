"""The first video with a new backend: offered at its price, made once, on no other terms."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.connect.steps import Connecting, words_of
from tests.factories import BackendFactory
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db


def test_a_first_video_is_offered_with_its_price(connecting: Connecting, backend: Backend):
    page = connecting.client.get(reverse("videos:connected", args=[backend.pk]))

    words = words_of(page)
    assert words.index("Make it for $0.24") < words.index("Make it for $1.60"), "the cheapest first"
    assert not Video.objects.exists()
    assert "autofocus" not in page.content.decode()


def _order(connecting: Connecting, backend: Backend, terms: str, **more: str):
    address = reverse("videos:connected", args=[backend.pk])
    return connecting.client.post(address, {"prompt": "A fox", "terms": terms, **more})


def test_it_is_made_once_for_each_form(connecting: Connecting, backend: Backend):
    terms = "4,1280x720,1.6,google/veo-3.1"
    offered = connecting.client.get(reverse("videos:connected", args=[backend.pk])).context["offers"]
    assert terms in [each.terms for each in offered]

    for _ in range(2):
        response = _order(connecting, backend, terms, form_key="once")

    video = Video.objects.get()
    assert response.headers["Location"] == reverse("videos:detail", args=[video.public_id])
    assert (video.backend, video.model, video.seconds, video.price) == (
        backend,
        "google/veo-3.1",
        4,
        Decimal("1.6"),
    )


@pytest.mark.parametrize(
    ("terms", "prompt", "sentence"),
    [
        ("4,1280x720,0.1,google/veo-3.1", "A fox", "it now costs $1.60"),
        ("99,1280x720,1.6,google/veo-3.1", "A fox", "it now costs $1.60"),
        ("4,1280x720,1.6,acme/x", "A fox", "no longer on offer"),
        ("", "A fox", "no longer on offer"),
        ("4,1280x720,1.6,google/veo-3.1", " ", "Write a prompt"),
    ],
)
def test_nothing_is_made_on_other_terms(
    connecting: Connecting, backend: Backend, terms: str, prompt: str, sentence: str
):
    response = _order(connecting, backend, terms, prompt=prompt)

    assert response.status_code == 422
    assert sentence in words_of(response)
    assert not Video.objects.exists()


def test_where_others_serve_the_models_first_it_says_so(connecting: Connecting, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(position=9)
    other = BackendFactory(position=0)
    other.models.set(backend.models.all())

    page = connecting.client.get(reverse("videos:connected", args=[backend.pk]))

    assert "go to other backends" in words_of(page)
