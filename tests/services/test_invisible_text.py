"""Prompts, names, tags and titles in which nothing can be seen are refused; controls are cleaned."""

import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts import tokens
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from tests.views.page import GOOD
from videos.forms.templates import OwnTemplateForm
from videos.models import Backend, PromptTemplate, State, Tag, Video
from videos.prompts.syntax import MissingValuesError, parse_template
from videos.services.batch_file import read_batch_file
from videos.services.characters import create_character_from_video
from videos.services.derivations import remix_video
from videos.services.library import add_tag, find_tag, set_note
from videos.services.references import rename_reference

pytestmark = [pytest.mark.django_db, pytest.mark.every_value]
STUDIO = reverse("videos:studio")
NOTHING = ["\u200b\u200d", "\u2800", "\u3164", "\x01\x02", "\ufe0f", "\U000e0041"]
TRICK = "boat\x07 \u202egpj.exe"
CLEAN = "boat gpj.exe"


@pytest.fixture
def finished(alice) -> Video:
    return VideoFactory(owner=alice, state=State.COMPLETED, backend=Backend.objects.for_environment())


@pytest.mark.parametrize("prompt", NOTHING)
def test_no_way_takes_an_invisible_prompt(as_alice, alice, finished, prompt):
    Backend.objects.for_environment()
    page = as_alice.post(STUDIO, {**GOOD, "prompt": prompt})
    assert page.status_code == 422
    assert "Write a prompt" in page.content.decode()
    _, secret = tokens.issue(alice, "script")
    for path in ("/v1/videos", "/api/v1/videos/generate"):
        body = json.dumps({"prompt": prompt, "model": "sora-2"})
        headers = {"Authorization": f"Bearer {secret}"}
        answer = Client().post(path, body, content_type="application/json", headers=headers)
        assert answer.status_code in (400, 422)
        assert "Write a prompt" in answer.content.decode()
    with pytest.raises(ValidationError, match="Write a prompt"):
        remix_video(alice, finished, prompt)
    assert Video.objects.count() == 1
    form = OwnTemplateForm({"title": "A title", "prompt": prompt}, owner=alice)
    assert "prompt" in form.errors


def test_prompts_are_kept_without_controls_and_overrides(as_alice, alice, finished, tmp_path: Path):
    as_alice.post(STUDIO, {**GOOD, "prompt": TRICK})
    assert Video.objects.latest("pk").prompt == CLEAN
    assert remix_video(alice, finished, TRICK).prompt == CLEAN
    (tmp_path / "batch.jsonl").write_text(json.dumps({"prompt": TRICK}))
    batch = read_batch_file(tmp_path / "batch.jsonl")
    assert [row.prompt for row in batch.rows] == [CLEAN]


@pytest.mark.parametrize("name", NOTHING)
def test_invisible_names_are_refused(alice, finished, name):
    with pytest.raises(ValidationError, match="Enter a name"):
        create_character_from_video(alice, name, finished)
    with pytest.raises(ValidationError, match="A tag must have"):
        add_tag(alice, [finished], name)
    form = OwnTemplateForm({"title": name, "prompt": "A boat"}, owner=alice)
    assert form.errors["title"] == ["Enter a title."]
    image = ReferenceImageFactory(owner=alice, name="Boat")
    rename_reference(image, name)
    assert image.name == "", "an empty name removes it"
    set_note(finished, name)
    assert Video.objects.get(pk=finished.pk).note == ""
    with pytest.raises(MissingValuesError):
        parse_template("A {thing}").fill({"thing": name})


def test_names_cannot_turn_around_what_stands_beside_them(alice, finished):
    assert add_tag(alice, [finished], TRICK).name == CLEAN
    assert add_tag(alice, [finished], "\u2067" + CLEAN).name == CLEAN
    assert Tag.objects.count() == 1
    assert find_tag(alice, TRICK) is not None
    image = ReferenceImageFactory(owner=alice)
    rename_reference(image, TRICK)
    assert image.name == CLEAN
    form = OwnTemplateForm({"title": TRICK, "category": TRICK, "prompt": TRICK}, owner=alice)
    assert form.is_valid(), form.errors
    form.save()
    template = PromptTemplate.objects.get(owner=alice)
    assert (template.title, template.category, template.prompt) == (CLEAN, CLEAN, CLEAN)


def test_a_title_from_before_is_kept_apart_from_what_stands_beside_it(as_carol, alice):
    VideoFactory(owner=alice, prompt="boat \u202egpj.exe", backend=BackendFactory())
    page = as_carol.get(reverse("admin:videos_video_changelist")).content.decode()
    assert "<bdi>boat \u202egpj.exe</bdi>" in page
