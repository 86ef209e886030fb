"""A template's variables in the studio: from fields to the prompt that is sent."""

import pytest
from django.urls import reverse

from tests.views.page import HTMX
from videos.models import PromptTemplate, Video
from videos.services.generation_requests import MAX_PROMPT_LENGTH

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")
PATTERN = "A {thing} in {city|Paris,Tokyo}, {season|autumn}, {{sic}}"
SENT = {
    "pattern": PATTERN,
    "prompt": "what a script had put there",
    "model": "sora-2",
    "seconds": "4",
    "size": "1280x720",
    "variable-thing": "fox",
    "variable-city": "Tokyo",
    "variable-season": "winter",
}


@pytest.fixture
def template() -> PromptTemplate:
    return PromptTemplate.objects.create(title="With variables", prompt=PATTERN)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_they_become_fields(as_alice, template, headers):
    response = as_alice.get(URL, {"template": template.pk}, headers=headers)
    page = response.content.decode()
    assert list(response.context["composer"].variables.fields) == [
        "variable-thing",
        "variable-city",
        "variable-season",
    ]
    assert '<select name="variable-city"' in page
    assert 'name="variable-season" value="autumn"' in page
    assert "A [thing] in Paris, autumn, {sic}</textarea>" in page, "the draft is kept as text"


def test_what_is_sent_is_the_prompt_filled_in(as_alice, alice):
    assert as_alice.post(URL, SENT).status_code == 302
    assert Video.objects.get(owner=alice).prompt == "A fox in Tokyo, winter, {sic}"


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("variable-thing", "", "“thing” is empty"),
        ("variable-thing", "  ", "“thing” is empty"),
        ("variable-city", "", "“city” is empty"),
        ("variable-city", "Rome", "Choose a value from the list"),
        ("variable-season", "x" * 501, "at most 500"),
        ("variable-season", "a\x00b", "Null characters"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_makes_nothing(as_alice, field, value, said, headers):
    response = as_alice.post(URL, {**SENT, field: value}, headers=headers)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page.partition(f'id="id_{field}_error"')[2].partition("</p>")[0]
    assert list(response.context["composer"].variables.errors) == [field]
    assert 'name="variable-season"' in page
    assert not Video.objects.exists()


def test_a_variable_that_was_not_sent_at_all_is_empty(as_alice):
    sent = {name: value for name, value in SENT.items() if name != "variable-season"}
    response = as_alice.post(URL, sent)
    assert list(response.context["composer"].variables.errors) == ["variable-season"]
    assert not Video.objects.exists()


def test_mistakes_in_variables_and_settings_are_told_together(as_alice):
    response = as_alice.post(URL, {**SENT, "variable-thing": "", "size": "1x1"})
    assert "is empty" in response.content.decode()
    assert set(response.context["form"].errors) == {"size"}


def test_answers_that_make_it_too_long_are_told(as_alice):
    long = "x" * (MAX_PROMPT_LENGTH - 5) + "{a}"
    response = as_alice.post(URL, {**SENT, "pattern": long, "variable-a": "y" * 400})
    assert response.status_code == 422
    assert "at most 32,000 characters" in response.content.decode()
    assert not Video.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_it_is_written_out_as_text_without_making_anything(as_alice, headers):
    sent = {**SENT, "as_text": "1", "variable-thing": "", "seconds": "8"}
    response = as_alice.post(URL, sent, headers=headers)
    page = response.content.decode()
    assert response.status_code == 200
    assert "A [thing] in Tokyo, winter, {sic}</textarea>" in page
    assert 'name="variable-' not in page
    assert 'name="seconds" id="seconds-8" value="8" checked' in page
    assert not Video.objects.exists()


MANY = " ".join(f"{{v{number}}}" for number in range(13))


@pytest.mark.parametrize("pattern", ["", "no variables", "{", "{2nd}", "}" * 5000, MANY])
def test_a_pattern_without_variables_leaves_the_prompt_alone(as_alice, pattern):
    as_alice.post(URL, {**SENT, "pattern": pattern})
    assert Video.objects.get().prompt == SENT["prompt"]


def test_a_template_with_too_many_variables_is_text(as_alice, template):
    PromptTemplate.objects.filter(pk=template.pk).update(prompt=MANY)
    response = as_alice.get(URL, {"template": template.pk})
    assert response.context["composer"].variables is None
    assert "[v0] [v1]" in response.context["composer"].form.initial["prompt"]


def test_line_breaks_are_those_of_the_template(as_alice):
    as_alice.post(URL, {**SENT, "pattern": "A {thing}.\r\nA {city}."})
    assert Video.objects.get().prompt == "A fox.\nA Tokyo."


def test_an_answer_is_never_read_as_a_template(as_alice):
    as_alice.post(URL, {**SENT, "variable-thing": "{city} }}"})
    assert Video.objects.get().prompt == "A {city} }} in Tokyo, winter, {sic}"


def test_the_page_cannot_be_broken_out_of(as_alice):
    evil = '"><script>alert(1)</script>'
    response = as_alice.post(URL, {**SENT, "variable-thing": evil, "variable-season": ""})
    assert "<script>alert" not in response.content.decode()


def test_the_row_offers_ones_own_newest_and_one_of_each_category(as_alice, alice, bob):
    for number in range(5):
        PromptTemplate.objects.create(owner=alice, title=f"Mine {number}", prompt="x")
    PromptTemplate.objects.create(owner=bob, title="Hidden from alice", prompt="x")
    titles = [each.title for each in as_alice.get(URL).context["templates"]]
    assert titles[:3] == ["Mine 4", "Mine 3", "Mine 2"]
    assert titles[3:] == [
        "Product reveal",
        "City at dawn",
        "Story opener",
        "Quiet nature",
        "Abstract background",
    ]
