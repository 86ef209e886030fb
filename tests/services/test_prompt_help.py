"""Help with prompts: what may be asked, what becomes of the answer, and who pays."""

import base64
import json
from contextlib import suppress
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from PIL import Image

from accounts.models import Role
from billing.errors import BudgetExceededError
from billing.models import Budget, Kind, LedgerLine, Scope
from billing.periods import day_of
from billing.spend import Span, spend_by, total_of
from tests.backends.conftest import serve as serve
from tests.backends.conftest import stack as stack
from tests.backends.server import drop, reply
from videos import lifecycle
from videos.models import PromptHelpCall
from videos.services import prompt_help
from videos.services.charges import release_charge
from videos.services.prompt_help import PromptHelpError, describe_image, improve_prompt
from videos.services.prompt_help_server import MAX_INSTRUCTIONS, prompt_help_server
from videos.services.references import add_reference

pytestmark = pytest.mark.django_db


def completion(text: object = "A red fox in deep snow, tracking shot", tokens=(1000, 500), **choice):
    message = {"message": {"content": text}, "finish_reason": "stop", **choice}
    body = {"choices": [message]}
    if tokens:
        body["usage"] = dict(zip(("prompt_tokens", "completion_tokens"), tokens, strict=True))
    return reply(body=body)


@pytest.fixture
def answering(serve, settings):
    """Name a server that gives these answers."""
    cache.clear()

    def name(*answers, **named):
        server = serve(*answers)
        settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = server.url, "m-1"
        for key, value in named.items():
            setattr(settings, f"PROMPT_HELP_{key}", value)
        return server

    return name


@pytest.fixture
def priced(answering):
    def name(*answers):
        return answering(*answers, PRICE_IN=Decimal("1"), PRICE_OUT=Decimal("10"))

    return name


def lines() -> list[tuple[str, Decimal, Decimal]]:
    return [(line.kind, line.reserved, line.spent) for line in LedgerLine.objects.all()]


def test_a_prompt_is_improved(alice, answering):
    server = answering(completion('Sure! Here is the improved prompt:\n\n"A red fox in deep snow"'))
    offer = improve_prompt(alice, "A fox")
    assert (offer.text, offer.before, offer.cost) == ("A red fox in deep snow", "A fox", None)
    assert json.loads(server.requests[0].body)["messages"][1]["content"] == "A fox"
    assert not LedgerLine.objects.exists(), "nobody knows the price"


def test_variables_are_not_shown_to_the_server_and_come_back(alice, answering):
    server = answering(completion("⟦1⟧ strolls through ⟦2⟧ at dusk"))
    offer = improve_prompt(alice, "{who} walks in {city|Paris,Tokyo}")
    assert offer.text == "{who} strolls through {city|Paris,Tokyo} at dusk"
    assert b"Tokyo" not in server.requests[0].body


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (completion("{who} strolls"), "changed_variables"),
        (completion("Someone strolls"), "changed_variables"),
        (completion("⟦1⟧   walks"), "unchanged"),
        (completion("I'm sorry, but I can't help with that."), "refused"),
        (completion("<think>so"), "empty"),
        (completion(None, tool_calls=[{}]), "empty"),
        (completion("⟦1⟧ a", finish_reason="length"), "cut"),
        (completion("⟦1⟧ \ud800").replace(b"\\ud800", b"\\ud800"), "bad_reply"),
        (reply(500), "server_error"),
        (reply(429, retry_after="7"), "rate_limited"),
        (drop, "dropped"),
    ],
)
def test_what_is_no_better_prompt_is_said(alice, answering, answer, code):
    answering(answer)
    with pytest.raises(PromptHelpError) as told:
        improve_prompt(alice, "{who} walks")
    assert told.value.code == code
    assert told.value.message.endswith(".")


def test_an_answer_that_is_too_long_is_shortened_at_a_sentence(alice, answering):
    answering(completion("A fox runs far away. " * 300))
    offer = improve_prompt(alice, "A fox")
    assert offer.is_shortened
    assert len(offer.text) <= prompt_help.MAX_ASKED
    assert offer.text.endswith("away.")


@pytest.mark.parametrize("prompt", ["", "  ", "a\x00b", "a" * 4001, "\ud800"])
def test_what_is_no_prompt_is_not_sent(alice, answering, prompt):
    server = answering(completion())
    with pytest.raises(ValidationError):
        improve_prompt(alice, prompt)
    assert not server.requests


def test_a_viewer_asks_nothing(alice, answering):
    server = answering(completion())
    alice.role = Role.VIEWER
    with pytest.raises(ValidationError):
        improve_prompt(alice, "A fox")
    assert not server.requests


def test_without_a_server_there_is_no_help(alice, settings):
    assert prompt_help_server() is None
    settings.PROMPT_HELP_URL = "off"
    with pytest.raises(PromptHelpError, match="no server"):
        improve_prompt(alice, "A fox")


def test_the_simulator_helps_as_long_as_it_makes_the_videos(settings, alice):
    settings.PROMPT_HELP_DEMO_URL = "http://127.0.0.1:8001/v1"
    server = prompt_help_server()
    assert server is not None
    assert (server.is_demo, server.can_see) == (True, True)
    assert prompt_help_server([]) is None, "a real backend makes them"
    settings.PROMPT_HELP_URL = "off"
    assert prompt_help_server() is None, "switched off"


def test_nobody_asks_without_end(alice, bob, answering):
    server = answering(completion(), PER_MINUTE=2)
    for _ in range(2):
        improve_prompt(alice, "A fox")
    with pytest.raises(PromptHelpError) as told:
        improve_prompt(alice, "A fox")
    assert (told.value.code, server.posts) == ("rate_limited", 2)
    assert 0 < told.value.retry_after <= 60
    improve_prompt(bob, "A fox")


def test_a_few_at_once_are_enough_for_one_process(alice, answering):
    server = answering(completion())
    assert prompt_help._share.acquire(blocking=False)
    assert prompt_help._share.acquire(blocking=False)
    try:
        with pytest.raises(PromptHelpError) as told:
            improve_prompt(alice, "A fox")
    finally:
        prompt_help._share.release()
        prompt_help._share.release()
    assert (told.value.code, server.posts) == ("busy", 0)
    improve_prompt(alice, "A fox")


def test_no_prompt_is_logged(alice, answering, caplog):
    answering(completion("A wombat at dusk"), reply(500))
    with caplog.at_level("DEBUG", logger="videos"):
        improve_prompt(alice, "A wombat")
        with pytest.raises(PromptHelpError):
            improve_prompt(alice, "A wombat")
    assert "answered" in caplog.text
    assert "wombat" not in caplog.text


# --- Money -------------------------------------------------------------------------------------------------


def test_what_it_cost_is_charged(alice, priced):
    priced(completion(tokens=(1000, 500)))
    offer = improve_prompt(alice, "A fox")
    assert offer.cost == Decimal("0.006")
    assert LedgerLine.objects.filter(kind=Kind.CHARGE).count() == 1
    totals = [sum(column) for column in list(zip(*lines(), strict=True))[1:]]
    assert totals == [0, Decimal("0.006")]
    last = LedgerLine.objects.last()
    assert (last.confirms, last.username, last.backend_name) == (True, "alice", "Prompt help")
    assert not PromptHelpCall.objects.exists()


def test_it_has_a_row_of_its_own_and_is_no_video(alice, priced):
    priced(completion())
    improve_prompt(alice, "A fox")
    span, every = Span(day_of(), day_of()), LedgerLine.objects.all()
    (row,) = spend_by(every, span, "backend")
    assert (row.name, row.spent, row.videos) == ("Prompt help", Decimal("0.006"), 0)
    assert total_of(every, span).videos == 0


@pytest.mark.parametrize("answer", [reply(401), reply(429), reply(400)])
def test_what_was_not_answered_costs_nothing(alice, priced, answer):
    priced(answer)
    with pytest.raises(PromptHelpError):
        improve_prompt(alice, "A fox")
    assert [kind for kind, *_ in lines()] == [Kind.RESERVE, Kind.RELEASE]


@pytest.mark.parametrize("answer", [reply(500), drop, reply(200, b"<html>"), completion(tokens=None)])
def test_what_may_have_been_answered_is_an_unconfirmed_charge(alice, priced, answer):
    server = priced(answer)
    with suppress(PromptHelpError):
        improve_prompt(alice, "A fox")
    reserved, charge = LedgerLine.objects.all()
    assert (charge.kind, charge.confirms, charge.spent) == (Kind.CHARGE, False, reserved.reserved)
    assert server.posts == 1


def test_an_unconfirmed_charge_can_be_released(alice, carol, priced):
    priced(drop)
    with pytest.raises(PromptHelpError):
        improve_prompt(alice, "A fox")
    assert release_charge(carol, LedgerLine.objects.last().video, 1, "Not on the bill")
    assert sum(line.net for line in LedgerLine.objects.all()) == 0


def test_a_used_up_budget_refuses_before_anything_is_sent(alice, priced):
    server = priced(completion())
    Budget.objects.create(scope=Scope.STUDIO, period="day", amount=Decimal("0.001"))
    with pytest.raises(BudgetExceededError):
        improve_prompt(alice, "A fox")
    assert not server.requests
    assert not lines()
    assert not PromptHelpCall.objects.exists()


def test_a_high_price_needs_no_second_question(alice, priced, settings):
    settings.CONFIRM_PRICE_ABOVE = Decimal("0.000001")
    priced(completion())
    assert improve_prompt(alice, "A fox").cost


def test_a_question_whose_process_was_killed_is_ended_once(alice, priced):
    call = lifecycle.begin_prompt_help(alice, "m-1", Decimal("0.02"))
    lifecycle.end_lost_prompt_help()
    assert PromptHelpCall.objects.filter(pk=call.pk).exists(), "it may still be under way"
    PromptHelpCall.objects.update(asked_at="2020-01-01T00:00Z")
    for _ in range(2):
        lifecycle.end_lost_prompt_help()
        lifecycle.finish_prompt_help(call, Decimal("0.01"))
    assert [kind for kind, *_ in lines()] == [Kind.RESERVE, Kind.CHARGE]
    assert LedgerLine.objects.last().confirms is False


# --- Images ------------------------------------------------------------------------------------------------


@pytest.fixture
def image(alice):
    buffer = BytesIO()
    picture = Image.new("RGB", (1600, 900), (40, 90, 160))
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    picture.save(buffer, "JPEG", exif=exif)
    buffer.seek(0)
    return add_reference(alice, buffer)


def sent_picture(server) -> Image.Image:
    part = json.loads(server.requests[0].body)["messages"][1]["content"][1]
    address = part["image_url"]["url"]
    assert address.startswith("data:image/jpeg;base64,")
    return Image.open(BytesIO(base64.b64decode(address.partition(",")[2])))


def test_an_image_is_sent_small_and_without_what_a_camera_wrote(alice, image, answering):
    server = answering(completion("A blue wall, slow push in"), VISION=True)
    offer = describe_image(alice, image)
    assert (offer.text, offer.before) == ("A blue wall, slow push in", "")
    picture = sent_picture(server)
    assert picture.size == (1024, 576)
    assert not picture.getexif()


def test_a_server_that_cannot_see_is_sent_no_image(alice, image, answering):
    server = answering(completion(), VISION=False)
    with pytest.raises(PromptHelpError) as told:
        describe_image(alice, image)
    assert (told.value.code, server.posts) == ("cannot_see", 0)


def test_an_image_of_somebody_else_is_none(bob, image):
    with pytest.raises(ValidationError):
        prompt_help.find_image(bob, image.public_id)


def test_the_highest_price_knows_of_all_that_is_said_to_the_model():
    for said in (prompt_help._IMPROVE, prompt_help._DESCRIBE + prompt_help._DESCRIBE_QUESTION):
        assert len(said.encode()) <= MAX_INSTRUCTIONS
