"""What one's videos cost, one by one, as a file."""

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

CSV = reverse("videos:spend_videos")
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture
def spent(alice: User, bob: User) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    common = {"backend": BackendFactory(name="Cloud"), "state": State.COMPLETED, "accepted_at": at}
    mine = {"owner": alice, **common}
    VideoFactory(price=Decimal("0.40"), charged=Decimal("0.42"), prompt="=1+1", **mine)
    VideoFactory(price=Decimal("0.30"), price_samples=3, model="sora-2-pro", **mine)
    VideoFactory(price=None, charge_problem="The backend named “-1” as its charge.", **mine)
    VideoFactory(owner=bob, price=Decimal(9), **common)


def test_the_file_has_every_video_of_ones_own(as_alice: Client, spent: None):
    response = as_alice.get(CSV, MARCH)

    assert response["Content-Disposition"] == (
        'attachment; filename="spend-videos-2026-03-01-2026-03-31-USD.csv"'
    )
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    first, second, third = csv.DictReader(content.splitlines())
    amounts = ("cost", "estimated", "charged", "difference")
    assert [first[name] for name in amounts] == ["0.420000", "0.4000", "0.420000", "0.020000"]
    assert first["prompt"] == "'=1+1", "no spreadsheet may take a prompt for a formula"
    assert (second["estimated_from_videos"], second["charged"]) == ("3", "")
    assert third["charge_problem"] == "The backend named “-1” as its charge."


def test_the_spend_page_leads_to_the_file_of_the_days_that_it_shows(as_alice: Client, spent: None):
    page = as_alice.get(reverse("billing:spend"), MARCH).content.decode()

    assert f'href="{CSV}?from=2026-03-01&amp;to=2026-03-31"' in page
    assert "Usage" not in page


def test_its_amounts_are_in_the_studios_currency(as_alice: Client, spent: None, settings):
    settings.CURRENCY = "EUR"

    assert as_alice.get(CSV, MARCH)["Content-Disposition"].endswith('-EUR.csv"')


@pytest.mark.parametrize(
    "query", [{"from": "soon"}, {"to": "9999-12-31"}, {"from": "2026-03-02", "to": "2026-03-01"}]
)
def test_days_that_cannot_be_used_are_told_on_the_page(as_alice: Client, query: dict):
    response = as_alice.get(CSV, query, follow=True)

    assert response.status_code == 400
    assert "field-error" in response.content.decode()


def test_it_only_reads(as_alice: Client):
    assert as_alice.post(CSV).status_code == 405
