"""Nobody pays more than what they were shown or agreed to, whatever was learned or changed meanwhile."""

import re
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.models import LedgerLine
from tests.admin.conftest import act, answer
from tests.api.rest.conftest import client_of
from tests.billing.money import assert_consistent, make, put_into, sums
from tests.billing.steps import ZERO, lose
from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import Backend, State, Video, VideoModel
from videos.views.bulk_jobs import seen_version

pytestmark = pytest.mark.django_db

BODY = {"prompt": "A boat", "model": "sora-2", "seconds": 4, "size": "1280x720"}


@pytest.fixture(autouse=True)
def _paid(paid: Backend) -> Backend:
    return paid


def _learn(backend: Backend, amount: str) -> None:
    """Have the backend charge so much for its latest videos, of which the catalogue knows no price."""
    VideoModel.objects.update(price_per_second={})
    for each in caches.all(initialized_only=True):
        each.clear()
    VideoFactory.create_batch(
        30, backend=backend, state=State.COMPLETED, charged=Decimal(amount), backend_job_id=""
    )


def _source(owner: User, backend: Backend) -> Video:
    return VideoFactory(
        owner=owner, backend=backend, state=State.COMPLETED, file="videos/x/video.mp4", backend_job_id="job_0"
    )


def _terms(page: str) -> str:
    return re.findall(r'name="accepted_terms" value="([^"]*)"', page)[0]


@pytest.mark.parametrize("verb", ["remix", "edit", "extend"])
@pytest.mark.parametrize(("rate", "is_changed"), [("0.09", True), ("0.10", False), ("0.11", True)])
def test_a_derivation_by_the_videos_own_backend_asks_again(
    alice: User, as_alice: Client, paid: Backend, verb: str, rate: str, is_changed: bool
):
    url = reverse(f"videos:{verb}", args=[_source(alice, paid).public_id])
    form = {"prompt": "In snow", "seconds": "4", "accepted_terms": _terms(as_alice.get(url).content.decode())}
    VideoModel.objects.update(price_per_second={"*": rate})

    answer = as_alice.post(url, form)

    # Asked about in either direction: a changed price of the catalogue is another offer.
    assert answer.status_code == (422 if is_changed else 302)
    assert LedgerLine.objects.exists() is not is_changed
    if is_changed:
        page = answer.content.decode()
        assert "Paid makes this video now, at $" in page
        assert as_alice.post(url, {**form, "accepted_terms": _terms(page)}).status_code == 302


@pytest.mark.parametrize(("amount", "is_asked"), [("0.30", False), ("0.40", False), ("0.41", True)])
def test_a_derivation_asks_again_where_a_dearer_price_was_learned(
    alice: User, as_alice: Client, paid: Backend, amount: str, is_asked: bool
):
    url = reverse("videos:remix", args=[_source(alice, paid).public_id])
    _learn(paid, "0.40")
    form = {"prompt": "In snow", "accepted_terms": _terms(as_alice.get(url).content.decode())}
    _learn(paid, amount)

    answer = as_alice.post(url, form)

    assert answer.status_code == (422 if is_asked else 302)
    assert sums()[0] == (ZERO if is_asked else Decimal(amount))


def _failed_without_a_price(owner: User) -> Video:
    VideoModel.objects.update(price_per_second={})
    video = make(owner)
    lifecycle.cancel(video.pk)
    return put_into(video, State.FAILED, error_code="timed_out")


@pytest.mark.parametrize(("amount", "is_asked"), [("0.30", False), ("0.40", False), ("0.41", True)])
def test_a_retry_asks_where_a_dearer_price_was_learned(
    alice: User, as_alice: Client, paid: Backend, amount: str, is_asked: bool
):
    video = _failed_without_a_price(alice)
    _learn(paid, "0.40")
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert 'name="shown_price" value="0.40"' in page
    _learn(paid, amount)

    answer = as_alice.post(reverse("videos:retry", args=[video.public_id]), {"shown_price": "0.40"})

    assert ("confirm" in answer.headers["Location"]) is is_asked
    video.refresh_from_db()
    assert video.state == (State.FAILED if is_asked else State.QUEUED)
    assert_consistent()


def test_a_retry_of_which_no_price_was_known_asks_about_one(alice: User, as_alice: Client, paid: Backend):
    video = _failed_without_a_price(alice)
    assert 'name="shown_price" value="0.00"' in as_alice.get(video.get_absolute_url()).content.decode()
    _learn(paid, "0.40")

    answer = as_alice.post(reverse("videos:retry", args=[video.public_id]), {"shown_price": "0.00"})

    assert "confirm" in answer.headers["Location"]


def test_submitting_again_asks_too(alice: User, as_alice: Client, paid: Backend):
    VideoModel.objects.update(price_per_second={})
    video = lose(make(alice))
    _learn(paid, "0.41")

    answer = as_alice.post(reverse("videos:resubmit", args=[video.public_id]), {"shown_price": "0.40"})

    assert "Submit again for about $0.41?" in as_alice.get(answer.headers["Location"]).content.decode()
    assert sums()[0] == ZERO


def test_of_many_those_at_another_price_are_left_alone(alice: User, as_alice: Client, paid: Backend):
    video = _failed_without_a_price(alice)
    _learn(paid, "0.40")
    form = {"do": "retry", "id": video.public_id, "seen": seen_version(video)}
    _learn(paid, "0.41")

    as_alice.post(reverse("videos:bulk_jobs"), form)

    video.refresh_from_db()
    assert video.state == State.FAILED


def test_staff_are_asked_once_more_where_many_cost_more_by_now(alice: User, as_carol: Client, paid: Backend):
    video = _failed_without_a_price(alice)
    _learn(paid, "0.41")

    page = answer(as_carol, act(as_carol, "retry", [video]), shown_price="0.40")

    assert "$0.41" in page.content.decode()
    assert 'name="shown_price" value="0.41"' in page.content.decode()
    video.refresh_from_db()
    assert video.state == State.FAILED

    answer(as_carol, page)
    video.refresh_from_db()
    assert video.state == State.QUEUED


def test_what_was_made_for_nothing_is_not_retried_for_nothing(alice: User, as_alice: Client, paid: Backend):
    """The backend was free of charge when the video was made."""
    Backend.objects.update(costs_nothing=True)
    video = make(alice)
    put_into(video, State.FAILED, error_code="timed_out")
    Backend.objects.update(costs_nothing=False)

    assert "costs $0.40" in as_alice.get(video.get_absolute_url()).content.decode()
    asked = as_alice.post(reverse("videos:retry", args=[video.public_id]), {"shown_price": "0.00"})
    assert "confirm" in asked.headers["Location"]
    as_alice.post(reverse("videos:retry", args=[video.public_id]), {"confirm_price": "0.40"})

    assert sums()[0] == Decimal("0.40")


@pytest.mark.parametrize(("agreed", "status"), [("0.39", 422), ("0.40", 200), ("1", 200)])
def test_a_price_that_a_program_agrees_to_is_never_passed(alice: User, agreed: str, status: int):
    """Also where no price is so high that it had to be confirmed."""
    answer = client_of(alice).post(
        "/api/v1/videos/generate", BODY, content_type="application/json", headers={"Confirm-Price": agreed}
    )

    assert answer.status_code == status
    if status == 422:
        error = answer.json()["error"]
        assert (error["code"], error["price"]) == ("price_confirmation_required", "0.40")


def test_openais_api_keeps_to_an_agreed_price_too(alice: User):
    body = {**BODY, "seconds": "4"}
    answer = client_of(alice).post(
        "/v1/videos", body, content_type="application/json", headers={"Confirm-Price": "0.39"}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "price_confirmation_required")
    assert not Video.objects.exists()


def test_a_batch_keeps_to_an_agreed_price(alice: User, tmp_path):
    file = tmp_path / "shots.csv"
    file.write_text("prompt,seconds,size\nA boat,4,1280x720\nA kite,4,1280x720\n")
    with pytest.raises(CommandError, match=r"This costs \$0.80, which is more than \$0.79"):
        call_command("generate_batch", str(file), "--user", "alice", "--confirm-price", "0.79")
    assert not Video.objects.exists()
    call_command("generate_batch", str(file), "--user", "alice", "--confirm-price", "0.80")
    assert sums()[0] == Decimal("0.80")


def test_a_variant_that_has_become_dearer_is_asked_about_in_the_composer(
    alice: User, as_alice: Client, paid: Backend
):
    settings = {"model": "sora-2", "seconds": 4, "size": "1280x720", "price": Decimal("0.40")}
    video = VideoFactory(owner=alice, backend=paid, state=State.COMPLETED, **settings)
    vary = reverse("videos:vary", args=[video.public_id])
    form = as_alice.get(video.get_absolute_url()).content.decode().partition(f'action="{vary}"')[2]
    sent = dict(re.findall(r'name="(form_key|shown_price)" value="([^"]*)"', form.partition("</form>")[0]))
    VideoModel.objects.update(price_per_second={"*": "5"})

    answered = as_alice.post(vary, sent, headers={"HX-Request": "true"})

    assert sent["shown_price"] == "0.40"
    assert Video.objects.count() == 1
    page = as_alice.get(answered.headers["HX-Redirect"]).content.decode()
    assert "This costs $20.00, which is more than $0.40." in page
    assert f"{video.prompt}</textarea>" in page


def test_a_variant_of_what_the_simulator_made_is_not_paid_for_unasked(
    alice: User, as_alice: Client, paid: Backend
):
    """Its button tells no price, and a backend that takes one serves the model by now."""
    simulator = Backend.objects.for_environment()
    settings = {"model": "sora-2", "seconds": 4, "size": "1280x720", "price": Decimal("0.40")}
    video = VideoFactory(owner=alice, backend=simulator, state=State.COMPLETED, **settings)

    answered = as_alice.post(reverse("videos:vary", args=[video.public_id]), {"shown_price": "0.40"})

    assert answered.url == f"{reverse('videos:studio')}?like={video.public_id}"
    assert f"{paid.name} makes this video now" in as_alice.get(answered.url).content.decode()
    assert Video.objects.count() == 1
    assert not LedgerLine.objects.exists()
