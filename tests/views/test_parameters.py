"""The block “More” of the composer, and where its values are shown: on the video's page, in archives."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import VideoFactory
from tests.views.page import GOOD, HTMX
from videos.models import Backend, PromptTemplate, State, Video, VideoModel
from videos.views.zip_export import sidecar

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")

SEED = {"name": "seed", "type": "integer", "minimum": 0, "maximum": 99}
STEPS = {"name": "steps", "label": "Steps", "type": "integer", "minimum": 1, "maximum": 50, "default": 30}
MODE = {"name": "mode", "label": "Mode", "type": "choice", "choices": ["fast", "fine"]}


@pytest.fixture(autouse=True)
def declared() -> None:
    backend = Backend.objects.for_environment()
    VideoModel.objects.filter(name="sora-2").update(parameters=[SEED, STEPS])
    VideoModel.objects.filter(name="sora-2-pro").update(parameters=[{**SEED, "maximum": 9}, MODE])
    for model in VideoModel.objects.all():
        model.backends.add(backend)


def field(page: str, label_end: str) -> str:
    """The part of the page that is about one parameter."""
    return page.partition(label_end)[2].partition('class="field parameter')[0]


def test_it_shows_what_the_model_takes_and_what_an_empty_field_means(as_alice: Client):
    page = as_alice.get(URL).content.decode()
    other = as_alice.get(reverse("videos:model_settings"), {"choose": "sora-2-pro"}).content.decode()

    assert page.count('name="parameter-seed"') == other.count('name="parameter-seed"') == 1
    assert 'placeholder="Default: 30"' in page
    assert 'placeholder="Random"' in page
    assert "1 to 50." in page
    assert '<option value="">Default</option>' in other
    assert 'name="parameter-steps"' not in other


def test_what_is_set_is_asked_for(as_alice: Client):
    response = as_alice.post(URL, {**GOOD, "parameter-seed": "7", "parameter-steps": " 20 "})

    assert response.status_code == 302
    assert Video.objects.get().parameters == {"seed": 7, "steps": 20}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"parameter-seed": "100"}, "Seed must be between 0 and 99."),
        ({"parameter-seed": "seven"}, "Seed must be a whole number between 0 and 99."),
        ({"parameter-mode": "fast"}, "This model does not take “mode”. It takes seed, steps."),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_made(as_alice: Client, sent, sentence: str):
    response = as_alice.post(URL, {**GOOD, "parameter-steps": "20", **sent}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(sentence) == 1
    if "parameter-mode" not in sent:
        assert 'aria-invalid="true"' in page
    assert "data-parameters open" in page
    assert 'value="20"' in page, "what else was set is kept"
    assert not Video.objects.exists()


def test_the_settings_stay_for_the_next_video(as_alice: Client):
    page = as_alice.post(URL, {**GOOD, "parameter-seed": "7"}, headers=HTMX).content.decode()

    assert 'value="7"' in page
    assert "1 set" in page


def test_making_another_takes_what_was_chosen_over_but_no_seed_that_was_drawn(as_alice: Client, alice: User):
    video = VideoFactory(owner=alice, parameters={"steps": 20}, seed=55)

    page = as_alice.get(URL, {"like": video.public_id}).content.decode()

    assert 'value="20"' in page
    assert 'value="55"' not in page


def test_repeating_takes_the_seed_that_was_used_too(as_alice: Client, alice: User):
    video = VideoFactory(owner=alice, parameters={"steps": 20}, seed=55, used_seed=56)

    page = as_alice.get(URL, {"like": video.public_id, "seed": "same"}).content.decode()

    assert 'value="20"' in page
    assert 'value="56"' in page


def test_a_template_brings_its_parameters_over_what_is_set(as_alice: Client, alice: User):
    template = PromptTemplate.objects.create(
        owner=alice, title="T", prompt="A boat", parameters={"steps": 10}
    )

    page = as_alice.get(URL, {"template": template.pk, "parameter-steps": "20", "parameter-seed": "7"})

    assert 'value="10"' in page.content.decode()
    assert 'value="7"' in page.content.decode()


def test_a_template_keeps_parameters_written_line_by_line(as_alice: Client, alice: User):
    data = {"title": "T", "prompt": "A boat", "parameters": "seed = 7\r\nmode=fine"}

    assert as_alice.post(reverse("videos:template_new"), data).status_code == 302

    template = PromptTemplate.objects.get(owner=alice)
    assert template.parameters == {"seed": 7, "mode": "fine"}
    page = as_alice.get(reverse("videos:template", args=[template.pk])).content.decode()
    assert "mode = fine\nseed = 7" in page, "PostgreSQL keeps no order of its own"


@pytest.mark.parametrize(
    ("model", "text", "sentence"),
    [
        ("", "fps = 24", "No model takes “fps”."),
        ("sora-2", "mode = fast", "No model takes “mode”."),
        ("sora-2-pro", "seed = 50", "Seed must be between 0 and 9."),
        ("", "seed 7", "Write NAME=VALUE"),
    ],
)
def test_a_template_with_parameters_that_no_such_model_takes_is_not_kept(
    as_alice: Client, alice: User, model: str, text: str, sentence: str
):
    data = {"title": "T", "prompt": "A boat", "model": model, "parameters": text}

    page = as_alice.post(reverse("videos:template_new"), data).content.decode()

    assert sentence in page
    assert text in page
    assert not PromptTemplate.objects.filter(owner=alice).exists()


def test_a_videos_page_tells_its_parameters_and_whose_seed_it_is(as_alice: Client, alice: User):
    drawn = VideoFactory(owner=alice, state=State.COMPLETED, parameters={"steps": 20}, seed=55)
    chosen = VideoFactory(owner=alice, state=State.COMPLETED, parameters={"seed": 7}, seed=7)
    told = VideoFactory(owner=alice, state=State.COMPLETED, parameters={"seed": 7}, seed=7, used_seed=8)
    facts = {
        video: as_alice.get(video.get_absolute_url()).content.decode() for video in (drawn, chosen, told)
    }

    assert "<dt>Steps</dt><dd>20</dd>" in facts[drawn]
    assert "drawn by the studio" in facts[drawn]
    assert "Repeat with this seed" in facts[drawn]
    assert "<dd>7 <span" in facts[chosen]
    assert ">chosen<" in facts[chosen]
    assert f"as {told.backend.name} says" in facts[told]


def test_comparing_lists_the_parameters_that_differ(as_alice: Client, alice: User):
    first = VideoFactory(owner=alice, state=State.COMPLETED, parameters={"steps": 20, "mode": "fast"}, seed=1)
    second = VideoFactory(owner=alice, state=State.COMPLETED, parameters={"mode": "fast"}, seed=2)

    response = as_alice.get(reverse("videos:compare"), {"id": [first.public_id, second.public_id]})

    rows = {row.label: row.values for row in response.context["rows"]}
    assert rows["Seed"] == ["1", "2"]
    assert rows["Steps"] == ["20", "Default"]
    assert "Mode" not in rows


def test_an_archives_sidecar_has_them(alice: User):
    video = VideoFactory(owner=alice, state=State.COMPLETED, parameters={"seed": 7}, seed=7, used_seed=8)

    told = sidecar(video)

    assert (told["parameters"], told["seed"], told["used_seed"]) == ({"seed": 7}, 7, 8)
