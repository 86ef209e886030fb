"""A failure says whether it cost anything and what to do, on the card and on the page."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from tests.factories import BackendFactory, VideoFactory
from videos.models import JobCandidate, Kind, State, Video
from videos.templatetags.failures import advice, cost_note, short_cost_note

pytestmark = pytest.mark.django_db


def failed(**fields):
    return VideoFactory(state=State.FAILED, **fields)


def test_what_was_not_accepted_cost_nothing(alice):
    video = failed(owner=alice, backend_job_id="", price=Decimal("0.4"))
    assert cost_note(video) == "No charge: the backend did not accept the job."
    assert short_cost_note(video) == "No charge"


def test_what_was_accepted_may_be_charged(alice):
    video = failed(owner=alice, price=Decimal("0.4"))
    assert cost_note(video) == "The backend accepted the job, so it may be charged (catalogue price $0.40)."
    assert short_cost_note(video) == "May be charged"


def test_what_nobody_knows_may_be_charged(alice):
    video = failed(owner=alice, backend_job_id="", error_code="given_up")
    assert cost_note(video) == "If the backend did receive the job, it may be charged once."
    assert short_cost_note(video) == "May be charged"


def test_the_simulator_is_free(alice):
    video = failed(owner=alice, backend=BackendFactory(is_simulator=True), price=Decimal("0.4"))
    assert cost_note(video) == "No charge: the simulator is free."
    assert short_cost_note(video) == "No charge"


def test_it_says_what_to_do_where_the_reason_does_not(alice):
    assert "prompt" in advice(failed(owner=alice))
    assert "smaller" in advice(failed(owner=alice, error_code="too_large"))
    assert advice(failed(owner=alice, error_code="timed_out")) == ""


def test_card_and_page_tell_it(as_alice, alice):
    video = failed(owner=alice)
    library = as_alice.get(reverse("videos:library")).content.decode()
    assert "May be charged" in library
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "it said no" in page
    assert "Trying again may help" in page
    assert "it may be charged" in page
    assert "Retry" in page


# --- Paying again ------------------------------------------------------------------------------------------


def _buttons(page: str) -> list[tuple[bool, str]]:
    """Of each button and link that looks like one: whether it is the default one, and what it says."""
    found = re.findall(r'<(?:button|a) class="(button[^"]*)"[^>]*>(.*?)</(?:button|a)>', page, re.DOTALL)
    texts = [(classes, " ".join(re.sub(r"<[^>]+>", "", inner).split())) for classes, inner in found]
    return [("button--primary" in classes, text) for classes, text in texts]


def test_retrying_says_its_price_and_is_not_the_default(as_alice, alice):
    video = failed(owner=alice, price=Decimal("0.4"))
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert (False, "Retry (costs $0.40)") in _buttons(page)
    assert (True, "Edit prompt") in _buttons(page)
    assert "which costs $0.40 again" in page
    library = as_alice.get(reverse("videos:library")).content.decode()
    assert (False, "Retry (costs $0.40)") in _buttons(library)


def test_checking_again_comes_first_where_it_may_help(as_alice, alice):
    video = failed(owner=alice, price=Decimal("0.4"), error_code="timed_out")
    page = as_alice.get(video.get_absolute_url()).content.decode()
    texts = [text for _, text in _buttons(page)]
    assert (True, "Check again") in _buttons(page)
    assert (False, "Edit prompt") in _buttons(page)
    assert texts.index("Check again") < texts.index("Retry (costs $0.40)")
    library = [text for _, text in _buttons(as_alice.get(reverse("videos:library")).content.decode())]
    assert library.index("Check again") < library.index("Retry (costs $0.40)")


def test_without_a_price_retrying_may_be_charged(as_alice, alice):
    page = as_alice.get(failed(owner=alice, price=None).get_absolute_url()).content.decode()
    assert (False, "Retry (may be charged)") in _buttons(page)


@pytest.mark.parametrize(("field", "price"), [("is_simulator", "0.4"), ("costs_nothing", "0")])
def test_what_is_free_says_nothing_of_cost(as_alice, alice, field, price):
    backend = BackendFactory(**{field: True})
    video = failed(owner=alice, backend=backend, price=Decimal(price))
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert (True, "Retry") in _buttons(page)


def test_a_derived_video_is_not_retried_by_default_either(as_alice, alice):
    video = failed(owner=alice, kind=Kind.REMIX, price=Decimal("0.4"))
    buttons = _buttons(as_alice.get(video.get_absolute_url()).content.decode())
    assert (False, "Retry (costs $0.40)") in buttons
    assert "Edit prompt" not in [text for _, text in buttons]


def test_submitting_again_says_its_price_and_is_not_the_default(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.UNCERTAIN, due_at=None, price=Decimal("0.4"))
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert (False, "Submit again (costs $0.40, perhaps twice)") in _buttons(page)


@pytest.mark.parametrize(
    ("code", "leads_on"), [("timed_out", "Check again"), ("moderation_blocked", "Edit prompt")]
)
def test_the_way_on_that_costs_nothing_is_the_main_button_of_a_card(as_alice, alice, code, leads_on):
    failed(owner=alice, error_code=code, price=Decimal("0.4"))
    buttons = _buttons(as_alice.get(reverse("videos:library")).content.decode())
    assert (True, leads_on) in buttons
    assert (False, "Retry (costs $0.40)") in buttons


def test_what_a_filter_stopped_is_not_just_retried_where_it_is_free_either(as_alice, alice):
    video = failed(owner=alice, error_code="moderation_blocked", backend=BackendFactory(is_simulator=True))
    buttons = _buttons(as_alice.get(video.get_absolute_url()).content.decode())
    assert (True, "Edit prompt") in buttons
    assert (False, "Retry") in buttons


@pytest.mark.parametrize("name", ["studio", "library"])
def test_a_card_shows_the_jobs_found_and_checks_again_before_it_pays(as_alice, alice, name):
    backend = BackendFactory(can_list=True)
    video = VideoFactory(owner=alice, backend=backend, state=State.UNCERTAIN, due_at=None)
    found = JobCandidate.objects.create(video=video, backend_job_id="job_7")
    page = as_alice.get(reverse(f"videos:{name}")).content.decode()
    card = page.partition(f'id="card-{video.public_id}"')[2].partition("</article>")[0]
    assert reverse("videos:candidate_picture", args=[video.public_id, found.pk]) in card
    assert [text for is_main, text in _buttons(card) if is_main] == ["Check again"]
    assert "Submit again" not in card


def test_the_page_never_pays_twice_by_default(as_alice, alice):
    video = VideoFactory(
        owner=alice, backend=BackendFactory(can_list=True), state=State.UNCERTAIN, due_at=None
    )
    for can_list in (True, False):
        video.backend.can_list = can_list
        video.backend.save()
        buttons = _buttons(as_alice.get(video.get_absolute_url()).content.decode())
        main = [text for is_main, text in buttons if is_main]
        assert not any("ubmit again" in text for text in main)
        assert ("Check again" in main) == can_list


def test_the_facts_below_the_player_name_no_cost_that_there_was_not(as_alice, alice):
    def facts(video: Video) -> str:
        page = as_alice.get(video.get_absolute_url()).content.decode()
        return page.partition('id="facts"')[2].partition("</dl>")[0]

    price = Decimal("0.4")
    simulator = BackendFactory(is_simulator=True)
    free = facts(VideoFactory(owner=alice, price=price, backend=simulator))
    assert "Free in demo" in free
    assert "$0.40" not in free
    assert "Cost" not in facts(failed(owner=alice, price=price))
    assert "$0.40" in facts(failed(owner=alice, price=price, charged=price))
    assert "$0.40" in facts(VideoFactory(owner=alice, price=price))
