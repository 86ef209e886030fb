"""Improve and Describe on the pages: an offer beside what was written, which stays as it is."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Role
from billing.models import Budget, Scope
from tests.backends.server import reply
from tests.services.test_prompt_help import answering as answering
from tests.services.test_prompt_help import completion
from tests.services.test_prompt_help import image as image
from tests.services.test_prompt_help import serve as serve
from tests.services.test_prompt_help import stack as stack
from tests.views.page import HTMX
from videos.models import PromptTemplate, ReferenceImage

pytestmark = pytest.mark.django_db
STUDIO, TEMPLATE = reverse("videos:studio"), reverse("videos:template_new")
IMPROVE, DESCRIBE = reverse("videos:prompt_improve"), reverse("videos:prompt_describe")


def test_there_is_no_button_without_a_server(as_alice):
    for page in (STUDIO, TEMPLATE):
        assert "data-improve" not in as_alice.get(page).content.decode()


def test_the_button_says_where_the_prompt_goes(as_alice, settings):
    settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = "https://chat.example.org/v1", "m-1"
    for address in (STUDIO, TEMPLATE):
        page = as_alice.get(address).content.decode()
        assert "data-improve" in page
        assert "Sent to chat.example.org when you press it" in page
        assert "Describe image" not in page
    settings.PROMPT_HELP_VISION = True
    assert "Describe image" in as_alice.get(STUDIO).content.decode()
    assert "Describe image" not in as_alice.get(TEMPLATE).content.decode()


def test_the_button_says_what_it_may_cost(as_alice, settings):
    settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = "https://chat.example.org/v1", "m-1"
    settings.PROMPT_HELP_PRICE_IN, settings.PROMPT_HELP_PRICE_OUT = Decimal(1), Decimal(10)
    assert "when you press it, for $0.0371 at most" in as_alice.get(STUDIO).content.decode()


def test_a_form_with_variables_is_not_improved_as_a_whole(as_alice, settings):
    settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = "https://chat.example.org/v1", "m-1"
    template = PromptTemplate.objects.create(title="Fox", prompt="A fox in {city}")
    assert "data-improve" not in as_alice.get(STUDIO, {"template": template.pk}).content.decode()


def test_the_simulator_says_that_it_is_a_stand_in(as_alice, settings):
    settings.PROMPT_HELP_DEMO_URL = "http://127.0.0.1:8001/v1"
    assert "Demo: a rule-based stand-in" in as_alice.get(STUDIO).content.decode()


def test_the_offer_shows_what_differs(as_alice, answering):
    answering(completion("A red fox in deep snow"))
    response = as_alice.post(IMPROVE, {"prompt": "A fox in snow"}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert "<ins>red </ins>" in page
    assert "A red fox in deep snow</textarea>" in page
    assert "data-use" in page
    assert "<html" not in page


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (reply(500, {"error": {"message": "Out of <memory>"}}), "It says: Out of <memory>"),
        (reply(429, retry_after="7"), "Try again in 7 seconds."),
        (completion("I'm sorry, I can't help with that."), "refused to answer"),
    ],
)
def test_trouble_is_a_sentence_and_the_prompt_stays(as_alice, answering, answer, sentence):
    answering(answer)
    response = as_alice.post(IMPROVE, {"prompt": "A fox"}, headers=HTMX)
    assert response.status_code == 422
    page = response.content.decode()
    assert escape(sentence) in page
    assert "Your prompt is unchanged." in page


def test_an_empty_budget_is_a_sentence(as_alice, answering):
    server = answering(completion(), PRICE_IN=Decimal("1"), PRICE_OUT=Decimal("1"))
    Budget.objects.create(scope=Scope.STUDIO, period="day", amount=Decimal("0.000001"))
    response = as_alice.post(IMPROVE, {"prompt": "A fox"}, headers=HTMX)
    assert response.status_code == 422
    assert "This costs $" in response.content.decode()
    assert not server.requests


def test_a_cost_that_is_known_is_told(as_alice, answering):
    answering(completion(), PRICE_IN=Decimal("1"), PRICE_OUT=Decimal("10"))
    assert "This cost $0.006." in as_alice.post(IMPROVE, {"prompt": "A fox"}, headers=HTMX).content.decode()


def test_without_a_script_either_prompt_goes_back_into_the_form(as_alice, answering):
    answering(completion("A red fox"))
    sent = {"prompt": "A fox", "takes": "2", "seconds": "8", "input_reference": "fox.jpg"}
    page = as_alice.post(IMPROVE, sent).content.decode()
    assert "<h1>Improve the prompt</h1>" in page
    assert page.count('name="takes" value="2"') == 2
    for kept in ("A red fox", "A fox"):
        assert f"{kept}</textarea>" in page
        form = as_alice.post(STUDIO, {**sent, "prompt": kept, "as_text": "1"}).content.decode()
        assert f"{kept}</textarea>" in form
        assert 'name="takes" value="2" checked' in form


def test_viewers_and_other_methods_are_refused(as_alice, alice, answering):
    server = answering(completion())
    assert as_alice.get(IMPROVE).status_code == 405
    alice.role = Role.VIEWER
    alice.save()
    assert as_alice.post(IMPROVE, {"prompt": "A fox"}, headers=HTMX).status_code == 403
    assert not server.requests


@pytest.mark.parametrize("field", ["reference", "last_frame", "references"])
def test_a_chosen_image_is_described(as_alice, answering, image, field):
    answering(completion("A blue wall"), VISION=True)
    response = as_alice.post(DESCRIBE, {field: image.public_id, "prompt": "Old"}, headers=HTMX)
    assert "A blue wall</textarea>" in response.content.decode()


def test_an_upload_is_described_and_not_kept(as_alice, answering, image):
    answering(completion("A blue wall"), VISION=True)
    before = ReferenceImage.objects.count()
    with image.file.open("rb") as file:
        response = as_alice.post(DESCRIBE, {"input_reference": file, "fit": "nonsense"}, headers=HTMX)
    assert "A blue wall</textarea>" in response.content.decode()
    assert ReferenceImage.objects.count() == before


def test_what_cannot_be_described_is_a_sentence(as_alice, as_bob, answering, image):
    server = answering(completion(), VISION=True)
    for client, data in (
        (as_alice, {}),
        (as_alice, {"reference": "a\x00b"}),
        (as_bob, {"reference": image.public_id}),
    ):
        response = client.post(DESCRIBE, data, headers=HTMX)
        assert response.status_code == 422
        assert "prompt-help__problem" in response.content.decode()
    assert not server.requests
