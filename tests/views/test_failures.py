"""A failure says whether it cost anything and what to do, on the card and on the page."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.factories import BackendFactory, VideoFactory
from videos.models import State
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
