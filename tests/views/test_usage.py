"""What one's videos cost, on a page and as a file."""

import csv
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import BackendFactory, VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db

URL, CSV = reverse("videos:usage"), reverse("videos:usage_csv")
MARCH = {"first": "2026-03-01", "last": "2026-03-31"}


@pytest.fixture
def spent(alice: User, bob: User) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    common = {"backend": BackendFactory(name="Cloud"), "state": State.COMPLETED, "accepted_at": at}
    mine = {"owner": alice, **common}
    VideoFactory(price=Decimal("0.40"), charged=Decimal("0.42"), prompt="=1+1", **mine)
    VideoFactory(price=Decimal("0.30"), price_samples=3, model="sora-2-pro", **mine)
    VideoFactory(price=None, charge_problem="The backend named “-1” as its charge.", **mine)
    VideoFactory(owner=bob, price=Decimal(9), **common)


def test_it_sums_up_what_was_charged_and_what_is_only_estimated(as_alice: Client, spent: None):
    page = " ".join(as_alice.get(URL, MARCH).content.decode().split())

    for name, amount in [("Spent", "$0.72"), ("Charged", "$0.42"), ("Only estimated", "$0.30")]:
        assert f"<dt>{name}</dt><dd>{amount}</dd>" in page
    assert "<dt>Charged above the estimates</dt><dd>$0.02</dd>" in page
    assert "and of 1 of them nothing" in page
    row = "<td>1</td><td>4</td><td>$0.00</td><td>$0.30</td><td>$0.30</td>"
    assert f'<th scope="row">sora-2-pro</th>{row}' in page


def test_the_file_has_every_video_of_ones_own(as_alice: Client, spent: None):
    response = as_alice.get(CSV, MARCH)

    assert response["Content-Disposition"] == (
        'attachment; filename="contentgen-usage-2026-03-01-2026-03-31.csv"'
    )
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    first, second, third = csv.DictReader(content.splitlines())
    amounts = ("cost_usd", "estimated_usd", "charged_usd", "difference_usd")
    assert [first[name] for name in amounts] == ["0.420000", "0.4000", "0.420000", "0.020000"]
    assert first["prompt"] == "'=1+1", "no spreadsheet may take a prompt for a formula"
    assert (second["estimated_from_videos"], second["charged_usd"]) == ("3", "")
    assert third["charge_problem"] == "The backend named “-1” as its charge."


def test_a_charge_below_the_estimate_is_shown_as_that(as_alice: Client, alice: User):
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    price = {"price": Decimal("0.40"), "charged": Decimal("0.30")}
    VideoFactory(owner=alice, state=State.COMPLETED, accepted_at=at, **price)

    assert "<dd>\u2212$0.10</dd>" in as_alice.get(URL, MARCH).content.decode()


def test_by_default_it_is_the_last_thirty_days(as_alice: Client, spent: None):
    response = as_alice.get(URL)

    assert response.status_code == 200
    assert (response.context["last"] - response.context["first"]).days == 29
    assert "No videos in these days" in response.content.decode()


@pytest.mark.parametrize("url", [URL, CSV])
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"first": "soon"}, "Choose a date."),
        ({"last": "2026-02-30"}, "Choose a date."),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "must not be after"),
        ({"first": "2024-01-01", "last": "2026-01-01"}, "at most 366 days"),
        ({"first": "0001-01-01", "last": "0001-01-02"}, "from 2000 to 2100"),
        ({"last": "9999-12-31"}, "from 2000 to 2100"),
        ({"last": "0001-01-01"}, "from 2000 to 2100"),
        ({"first": "\x00"}, "Choose a date."),
    ],
)
def test_days_that_cannot_be_shown_are_told(as_alice: Client, url: str, query: dict, sentence: str):
    response = as_alice.get(url, query)

    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_it_only_reads(as_alice: Client):
    assert as_alice.post(URL).status_code == 405
