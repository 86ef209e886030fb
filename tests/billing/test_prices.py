"""What is reserved is what is shown: by the catalogue, learned, or nothing; and in one currency."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts import deactivation
from accounts.models import Role, User
from billing.models import LedgerLine
from tests.billing.money import assert_consistent, dollars, kinds, make, put_into, sums
from tests.billing.steps import PRICE, REFUSED, ZERO, accept, finish
from tests.factories import BackendFactory, VideoFactory
from videos import lifecycle
from videos.backends.catalogue import CatalogueModel
from videos.backends.charges import Charge
from videos.capabilities import available_offers
from videos.models import Backend, State, VideoModel
from videos.services.catalogue_checks import check_catalogue
from videos.services.first_videos import create_first_video, offer_first_videos
from videos.services.held_videos import move_queued_videos
from videos.services.prices import Price, price_for, price_of_another, rates_of
from videos.services.terms import terms_of
from videos.services.video_actions import retry_video
from videos.templatetags.failures import retry_cost

pytestmark = pytest.mark.django_db


@pytest.fixture
def learned(paid: Backend, bob: User) -> Backend:
    """The catalogue has no price, and the backend charged $0.50 for each of three videos of 4 s."""
    VideoModel.objects.update(price_per_second={})
    for _ in range(3):
        VideoFactory(
            owner=bob, backend=paid, state=State.COMPLETED, charged=Decimal("0.50"), backend_job_id=""
        )
    return paid


def test_a_learned_price_is_reserved_as_it_is_shown(learned: Backend, alice: User):
    video = make(alice)

    line = LedgerLine.objects.get()
    assert (line.reserved, line.is_priced) == (Decimal("0.50"), True)
    assert (video.price, video.price_samples) == (Decimal("0.50"), 3)


def test_the_true_price_corrects_the_estimate(learned: Backend, alice: User):
    finish(accept(make(alice)), Decimal("0.47"))

    assert sums() == (ZERO, Decimal("0.47"))


def test_a_retry_reserves_what_its_button_says(learned: Backend, alice: User, as_alice: Client, settings):
    video = make(alice)
    lifecycle.cancel(video.pk)
    put_into(video, State.FAILED, error_code="timed_out", price=None, price_samples=None)
    assert "$0.50" in retry_cost(video)
    settings.CONFIRM_PRICE_ABOVE = dollars("0.30")

    question = as_alice.post(reverse("videos:retry", args=[video.public_id]))
    assert "Retry for about $0.50?" in as_alice.get(question["Location"]).content.decode()
    settings.CONFIRM_PRICE_ABOVE = None
    assert retry_video(video)

    assert sums()[0] == Decimal("0.50")
    assert LedgerLine.objects.latest("pk").is_priced


def test_what_is_free_of_charge_costs_nothing_whatever_was_learned(learned: Backend, alice: User):
    Backend.objects.update(costs_nothing=True)
    offer = available_offers()["sora-2"]

    assert price_for(offer, 4, "1280x720") == Price(Decimal(0))
    assert {size: rate.per_second for size, rate in rates_of(offer).items()} == {"*": 0}
    video = make(alice)
    assert not LedgerLine.objects.exists()
    assert price_of_another(video) == Price(Decimal(0))


def test_a_page_that_showed_no_cost_is_no_consent_to_one(paid: Backend):
    Backend.objects.update(costs_nothing=True)
    free = terms_of(available_offers()["sora-2"])
    Backend.objects.update(costs_nothing=False)

    assert terms_of(available_offers()["sora-2"]) != free


def test_a_charge_that_cannot_be_one_adjusts_nothing(paid: Backend, alice: User):
    video = finish(accept(make(alice)), problem="The backend named “-1” as its charge.")

    assert sums() == (ZERO, PRICE)
    assert video.charge_problem
    assert_consistent()


def test_after_a_failure_such_a_charge_stands_unconfirmed(paid: Backend, alice: User):
    video = accept(make(alice))
    lifecycle.fail_generation(video.pk, "job_1", REFUSED, charge=Charge(problem="It named “-1”."))

    assert sums() == (ZERO, PRICE)
    assert kinds(video)[-1] == "1 mark failed"
    assert LedgerLine.objects.latest("pk").confirms is False


def test_dollars_are_no_charge_in_a_studio_of_another_currency(paid: Backend, alice: User, settings):
    settings.CURRENCY = "EUR"
    video = finish(accept(make(alice)), Decimal("0.47"))

    assert sums() == (ZERO, PRICE)
    assert video.charged is None
    assert video.charge_problem == "The backend charged 0.47 US dollars, and the studio counts in EUR."


def test_nothing_is_nothing_in_every_currency(paid: Backend, alice: User, settings):
    settings.CURRENCY = "EUR"
    assert finish(accept(make(alice)), ZERO).charged == 0
    assert sums() == (ZERO, ZERO)


@pytest.mark.parametrize(("currency", "kept"), [("USD", {"*": "0.1"}), ("EUR", {})])
def test_prices_that_services_tell_are_dollars(settings, currency: str, kept: dict):
    settings.CURRENCY = currency
    told = CatalogueModel("acme/one", "One", price_per_second={"*": "0.1"})

    assert check_catalogue([told]).models[0].price_per_second == kept


@pytest.mark.parametrize("path", ["/", "/models/", "/spend/"])
def test_every_page_writes_amounts_in_the_studios_currency(
    paid: Backend, alice: User, as_alice: Client, settings, path: str
):
    settings.CURRENCY = "EUR"
    accept(make(alice))
    page = as_alice.get(path).content.decode()

    assert "€0.40" in page or "€0.10" in page
    assert "$" not in page
    assert 'data-currency-sign="€"' in page


def test_the_first_video_of_a_connection_is_reserved_at_the_price_on_its_button(
    paid: Backend, alice: User, settings
):
    settings.CONFIRM_PRICE_ABOVE = dollars("0.30")
    (offered,) = offer_first_videos(paid)

    create_first_video(alice, paid, "A paper boat", offered.terms)

    assert sums()[0] == PRICE


def test_blocking_somebody_releases_what_waits(paid: Backend, alice: User):
    make(alice)
    deactivation.end_access(alice)

    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_moving_to_another_backend_reserves_the_price_learned_there(learned: Backend, alice: User):
    video = make(alice)
    other = BackendFactory(name="Other", position=9)
    VideoModel.objects.get().backends.add(other)
    for _ in range(3):
        VideoFactory(backend=other, state=State.COMPLETED, charged=Decimal("0.70"), backend_job_id="")

    assert move_queued_videos(learned).moved == {"Other": 1}

    assert sums() == (Decimal("0.70"), ZERO)
    video.refresh_from_db()
    assert (video.backend, video.price) == (other, Decimal("0.70"))


def test_the_team_shows_what_the_ledger_says(paid: Backend, alice: User, bob: User, as_bob: Client):
    User.objects.filter(pk=bob.pk).update(role=Role.MANAGER)
    finish(accept(make(alice)), Decimal("0.35"))
    accept(make(alice, prompt="A kite"), "job_2")
    make(alice, prompt="It waits")

    page = as_bob.get(reverse("videos:team"))

    (member,) = [member for member in page.context["members"] if member.user == alice]
    assert (member.spent, member.accepted, member.in_flight) == (Decimal("0.75"), 2, 3)
    assert "$0.75" in page.content.decode()
    assert "A kite" in page.content.decode()


def test_managers_see_everybodys_spend_and_staff_alone_do_not(
    paid: Backend, alice: User, bob: User, as_bob: Client
):
    accept(make(alice))
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    assert "alice" not in as_bob.get("/spend/?by=person").content.decode()
    User.objects.filter(pk=bob.pk).update(is_staff=False, role=Role.MANAGER)
    assert "alice" in as_bob.get("/spend/?by=person").content.decode()
