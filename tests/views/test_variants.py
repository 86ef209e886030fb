"""*Vary*: one more of a finished video with one click, at the price on the button."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import ReferenceImageFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import Backend, Collection, Kind, State, Video, VideoModel
from videos.parameters import SEED

pytestmark = pytest.mark.django_db
STUDIO = reverse("videos:studio")
IN_STUDIO = {**HTMX, "HX-Current-URL": f"http://testserver{STUDIO}?like=x"}
IN_LIBRARY = {**HTMX, "HX-Current-URL": f"http://testserver{reverse('videos:library')}"}


def url_of(video: Video) -> str:
    return reverse("videos:vary", args=[video.public_id])


def form_of(client: Client, video: Video) -> dict[str, str]:
    """What the button's form on the video's page sends."""
    page = client.get(video.get_absolute_url()).content.decode()
    form = page.partition(f'action="{url_of(video)}"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(form_key|shown_price)" value="([^"]*)"', form))


@pytest.fixture
def finished(alice) -> Video:
    settings = {"model": "sora-2", "seconds": 4, "size": "1280x720", "parameters": {SEED: 7}}
    backend = Backend.objects.for_environment()
    return VideoFactory(owner=alice, backend=backend, state=State.COMPLETED, **settings)


def variant(of: Video) -> Video:
    return Video.objects.exclude(pk=of.pk).get()


def test_a_variant_has_everything_but_the_seed(as_alice, alice, finished, hints):
    collection = Collection.objects.create(owner=alice, name="Boats")
    image = ReferenceImageFactory(owner=alice)
    Video.objects.filter(pk=finished.pk).update(made_in=collection, reference=image, reference_fit="pad")

    response = as_alice.post(url_of(finished), form_of(as_alice, finished))

    made = variant(finished)
    assert response.url == made.get_absolute_url()
    assert (made.state, made.prompt, made.model, made.seconds, made.size) == (
        State.QUEUED,
        finished.prompt,
        "sora-2",
        4,
        "1280x720",
    )
    assert (made.reference, made.reference_fit, made.made_in) == (image, "pad", collection)
    assert made.parameters.get(SEED) is None
    assert hints == []  # sent with the commit


def test_two_clicks_make_one_and_the_answer_brings_the_next_key(as_alice, finished):
    sent = form_of(as_alice, finished)
    page = as_alice.post(url_of(finished), sent, headers=IN_STUDIO).content.decode()
    as_alice.post(url_of(finished), sent, headers=IN_STUDIO)
    assert Video.objects.count() == 2

    key = page.partition('name="form_key" value="')[2].partition('"')[0]
    as_alice.post(url_of(finished), {**sent, "form_key": key}, headers=IN_STUDIO)
    assert Video.objects.count() == 3


def test_the_studio_gets_the_new_card_and_the_library_a_note(as_alice, finished):
    answer = as_alice.post(url_of(finished), headers=IN_STUDIO)
    assert f'id="card-{variant(finished).public_id}"' in answer.content.decode()
    assert "toast" not in answer.headers.get("HX-Trigger", "")

    answer = as_alice.post(url_of(finished), headers=IN_LIBRARY)
    assert 'class="card' not in answer.content.decode()
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "A variant is in the queue."


def test_a_model_that_has_gone_is_told_and_nothing_is_made(as_alice, finished):
    sent = form_of(as_alice, finished)
    VideoModel.objects.filter(name="sora-2").update(enabled=False)

    answer = as_alice.post(url_of(finished), sent, headers=IN_STUDIO)

    assert "There is no model" in answer.headers["HX-Trigger"]
    assert Video.objects.count() == 1


@pytest.mark.parametrize("fields", [{"state": State.FAILED}, {"kind": Kind.REMIX}])
def test_only_what_was_made_from_a_prompt_alone_and_is_finished_varies(as_alice, alice, fields):
    video = VideoFactory(owner=alice, **{"state": State.COMPLETED, **fields})

    assert as_alice.post(url_of(video)).status_code == 404
    assert url_of(video) not in as_alice.get(video.get_absolute_url()).content.decode()


def test_a_stranger_cannot_vary_and_a_viewer_is_told(as_bob, as_alice, alice, finished):
    assert as_bob.post(url_of(finished)).status_code == 404
    alice.role = "viewer"
    alice.save()

    answer = as_alice.post(url_of(finished), headers=IN_STUDIO)

    assert answer.status_code in (200, 403)
    assert Video.objects.count() == 1
