"""What a video will cost where the catalogue does not say: learned from what such videos were charged."""

import csv
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import client_of
from tests.factories import BackendFactory, VideoFactory
from videos.capabilities import available_offers
from videos.models import Backend, Kind, State, Video, VideoModel
from videos.services import prices
from videos.services.derivations import remix_video
from videos.services.generation_requests import GenerationRequest
from videos.services.prices import Price, price_for
from videos.services.videos import create_video
from videos.templatetags.failures import cost_note, retry_cost, short_retry_cost, total_retry_cost
from videos.templatetags.studio import cost_basis, cost_in_words
from videos.views.zip_export import sidecar

pytestmark = pytest.mark.django_db

REQUEST = GenerationRequest("A paper boat", "sora-2", 4, "1280x720")
STUDIO = reverse("videos:studio")


@pytest.fixture
def cloud(db: None) -> Backend:
    """A backend that serves a model without a price."""
    VideoModel.objects.update(price_per_second={})
    backend: Backend = BackendFactory(name="Cloud", can_remix=True)
    backend.models.set(VideoModel.objects.filter(name="sora-2"))
    return backend


@pytest.fixture
def charge(cloud: Backend) -> Callable[..., None]:
    """Have the backend charge for finished videos of 4 s, one for each amount."""

    def make(*amounts: str, **fields: Any) -> None:
        fields = {"backend": cloud, "state": State.COMPLETED, "sha256": "ab" * 32, **fields}
        for amount in amounts:
            VideoFactory(charged=Decimal(amount), **fields)

    return make


def known(seconds: int = 4, size: str = "1280x720") -> Price | None:
    return price_for(available_offers()["sora-2"], seconds, size)


def test_from_three_charges_on_the_median_is_an_estimate(charge: Callable[..., None]):
    charge("0.40", "0.44")
    assert known() is None
    prices.caches["process"].clear()
    prices.safe_cache.cache.clear()
    charge("9.00")

    price = known()

    assert price == Price(Decimal("0.4400"), 3)
    assert price.words == "about $0.44, estimated from 3 videos"
    assert known(8) == Price(Decimal("0.8800"), 3)


def test_the_catalogues_price_comes_first(charge: Callable[..., None]):
    charge("0.40", "0.44", "0.48")
    VideoModel.objects.update(price_per_second={"*": "0.10"})

    assert known() == Price(Decimal("0.40"))
    assert str(known()) == known().words == "$0.40"


def test_the_price_of_another_services_catalogue_gives_way_to_what_this_one_charged(
    cloud: Backend, charge: Callable[..., None]
):
    charge("0.40", "0.44", "0.48")
    rates = {"*": "0.10"}
    described = {"described_by": BackendFactory(), "description_used": {"price_per_second": rates}}
    VideoModel.objects.update(price_per_second=rates, **described)
    assert known() == Price(Decimal("0.4400"), 3)

    VideoModel.objects.update(price_per_second={"*": "0.20"})  # set by hand: meant for every backend
    assert known() == Price(Decimal("0.80"))

    VideoModel.objects.update(price_per_second=rates, described_by=cloud)
    assert known() == Price(Decimal("0.40"))


def test_only_like_videos_count(cloud: Backend, charge: Callable[..., None]):
    charge("1", "1", "1", size="720x1280")
    charge("1", "1", "1", model="sora-2-pro")
    charge("1", "1", "1", backend=BackendFactory())
    charge("1", "1", "1", kind=Kind.EDIT)
    charge("0.1", "0.1", "0.1", state=State.FAILED)
    VideoFactory.create_batch(3, backend=cloud, state=State.COMPLETED, price=Decimal(1))

    assert known() is None


def test_the_latest_charges_count(charge: Callable[..., None], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prices, "SAMPLES", 5)
    charge(*["9"] * 20)
    charge(*["0.40"] * 5)

    assert known() == Price(Decimal("0.4000"), 5)


def test_a_free_backend_is_never_estimated(charge: Callable[..., None], cloud: Backend):
    charge("0.40", "0.44", "0.48")
    Backend.objects.update(service="simulator")

    assert known() is None
    assert retry_cost(VideoFactory(backend=Backend.objects.get(pk=cloud.pk), state=State.FAILED)) == ""


def test_it_is_learned_once_a_minute_not_for_each_question(
    charge: Callable[..., None], django_assert_num_queries: Any
):
    charge("0.40", "0.44", "0.48")
    offer = available_offers()["sora-2"]
    price_for(offer, 4, "1280x720")
    charge("9", "9", "9", "9", "9")

    with django_assert_num_queries(0):
        assert price_for(offer, 4, "1280x720") == Price(Decimal("0.4400"), 3)
        prices.caches["process"].clear()  # another process
        assert price_for(offer, 4, "1280x720") == Price(Decimal("0.4400"), 3)


# --- Wherever a price is shown -----------------------------------------------------------------------------


def test_the_composer_says_that_it_is_an_estimate(as_alice: Client, charge: Callable[..., None]):
    charge("0.40", "0.42", "0.44")

    page = as_alice.get(STUDIO, {"takes": "4", "seconds": "4", "size": "1280x720"}).content.decode()

    assert "data-price>about $1.68</span>" in page
    assert "4 \u00d7 about $0.42" in page
    assert "Estimated from 3 videos. The charge may differ." in page
    assert "&quot;1280x720&quot;: [&quot;0.105" in page


def test_a_video_keeps_what_its_estimate_came_from(
    alice: User, as_alice: Client, charge: Callable[..., None]
):
    charge("0.40", "0.42", "0.44")

    video = create_video(alice, REQUEST)

    assert (video.price, video.price_samples) == (Decimal("0.42"), 3)
    assert (cost_in_words(video), cost_basis(video)) == ("about $0.42", "estimated from 3 videos")
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert 'about $0.42 <span class="muted">estimated from 3 videos</span>' in page
    assert sidecar(video)["price_estimated_from_videos"] == 3
    body = client_of(alice).get(f"/api/v1/videos/{video.public_id}").json()
    assert (body["estimated_cost"], body["estimated_from_videos"]) == (0.42, 3)


def test_the_estimate_stays_beside_the_charge(alice: User, cloud: Backend):
    price = {"price": Decimal("0.42"), "price_samples": 3}
    video = VideoFactory(owner=alice, backend=cloud, state=State.COMPLETED, charged=Decimal("0.40"), **price)

    words = "charged by Cloud, $0.02 less than the estimate of $0.42, learned from 3 videos"
    assert (cost_in_words(video), cost_basis(video)) == ("$0.40", words)


def test_retrying_says_what_such_videos_cost(cloud: Backend, charge: Callable[..., None]):
    charge("0.40", "0.42", "0.44")
    videos = VideoFactory.create_batch(2, backend=cloud, state=State.FAILED, backend_job_id="")
    other = VideoFactory(backend=cloud, state=State.FAILED, model="unknown")

    assert retry_cost(videos[0]) == "costs about $0.42, estimated from 3 videos"
    assert short_retry_cost(videos[0]) == "costs about $0.42"
    assert retry_cost(other) == short_retry_cost(other) == "may be charged"
    total = "costs about $0.84, estimated from 3 videos, and 1 without a known price"
    assert total_retry_cost([*videos, other]) == total


def test_a_failed_video_names_its_estimate(cloud: Backend):
    price = {"price": Decimal("0.42"), "price_samples": 3}
    video = VideoFactory(backend=cloud, state=State.FAILED, backend_job_id="j", **price)

    assert "so it may be charged (about $0.42, estimated from 3 videos)." in cost_note(video)


def test_a_remix_is_estimated_too(alice: User, as_alice: Client, cloud: Backend, charge: Callable[..., None]):
    charge("0.40", "0.42", "0.44", owner=alice, file="videos/x/video.mp4")
    source = Video.objects.owned_by(alice)[0]

    page = as_alice.get(reverse("videos:remix", args=[source.public_id])).content.decode()
    video = remix_video(alice, source, "At night")

    assert ">about $0.42</span>" in page
    assert "Estimated from 3 videos. The charge may differ." in page
    assert (video.price, video.price_samples) == (Decimal("0.42"), 3)


def test_the_api_tells_the_estimates_of_a_model(alice: User, charge: Callable[..., None]):
    charge("0.40", "0.42", "0.44")

    (model,) = client_of(alice).get("/api/v1/models").json()["data"]

    assert model["price_per_second"] == {}
    assert model["estimated_price_per_second"] == {"1280x720": {"dollars_per_second": 0.105, "videos": 3}}


def test_a_dry_run_says_what_is_estimated(
    alice: User, charge: Callable[..., None], tmp_path: Any, capsys: Any
):
    from django.core.management import call_command

    charge("0.40", "0.42", "0.44")
    path = tmp_path / "batch.csv"
    with path.open("w") as file:
        csv.writer(file).writerows(
            [["prompt", "model", "size"], ["A", "sora-2", "1280x720"], ["B", "sora-2", "720x1280"]]
        )

    call_command("generate_batch", str(path), user="alice", dry_run=True)

    ran = capsys.readouterr()
    total = ran.out.splitlines()[-1].split()
    assert total == ["total", "2", "8", "about", "$0.42", "and", "1", "unknown"]
    assert "estimated from 3 charged videos; the charge may differ" in ran.err
    assert not Video.objects.filter(owner=alice).exists()


# --- A service that lies -----------------------------------------------------------------------------------


def test_what_cannot_be_a_charge_is_said_on_the_page_and_to_programs(
    alice: User, as_alice: Client, cloud: Backend
):
    problem = "The backend named “-1” as its charge, and a charge is never negative."
    video = VideoFactory(
        owner=alice,
        backend=cloud,
        state=State.COMPLETED,
        price=Decimal("0.4"),
        charge_problem=problem,
    )

    page = as_alice.get(video.get_absolute_url()).content.decode()

    assert f"{problem} The estimate counts." in page
    body = client_of(alice).get(f"/api/v1/videos/{video.public_id}").json()
    assert (body["cost"], body["charged_cost"], body["charge_problem"]) == (0.4, None, problem)
    assert sidecar(video)["charge_problem"] == problem


def test_a_card_names_what_was_charged(alice: User, as_alice: Client, cloud: Backend):
    video = {"owner": alice, "backend": cloud, "state": State.COMPLETED, "finished_at": timezone.now()}
    VideoFactory(price=Decimal("0.40"), charged=Decimal("0.42"), **video)
    VideoFactory(price=Decimal("0.30"), created_at=timezone.now() - timedelta(days=1), **video)

    page = as_alice.get(reverse("videos:library")).content.decode()

    title = 'title="Charged by Cloud, $0.02 more than the estimate of $0.40"'
    assert f'<span class="card__cost" {title}><span class="visually-hidden">Cost </span>$0.42</span>' in page
    assert page.count("card__cost") == 1, "what it would cost is no cost"
