"""The library's counts: exact for most, remembered for a while where there are many."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State
from videos.views import facet_cache

pytestmark = pytest.mark.django_db
URL = reverse("videos:library")
ASKS_AGAIN = ", load"


def total(response) -> int:
    return response.context["counts"].total


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(facet_cache, "MIN_CACHED", 2)


def test_few_are_counted_for_every_page(as_alice, alice):
    VideoFactory(owner=alice)
    assert total(as_alice.get(URL)) == 1
    VideoFactory(owner=alice)
    page = as_alice.get(URL)
    assert total(page) == 2
    assert ASKS_AGAIN not in page.content.decode()


def test_many_are_cached_and_counted_again_for_the_filters_alone(as_alice, alice, many):
    VideoFactory.create_batch(2, owner=alice, state=State.COMPLETED)
    as_alice.get(URL)
    VideoFactory(owner=alice, state=State.FAILED)
    page = as_alice.get(URL, {"sort": "oldest"})
    assert (total(page), len(page.context["videos"])) == (2, 3), "its cards are never old"
    assert total(as_alice.get(URL, {"status": "failed"})) == 1, "another search has counts of its own"

    filters = as_alice.get(URL, headers={**HTMX, "HX-Target": "filters"})
    assert total(filters) == 3
    assert 'id="result-count"' in filters.content.decode()
    assert total(as_alice.get(URL)) == 3


def test_a_page_with_old_counts_asks_for_new_ones(as_alice, alice, many, monkeypatch):
    VideoFactory.create_batch(2, owner=alice)
    assert ASKS_AGAIN not in as_alice.get(URL).content.decode()
    monkeypatch.setattr(facet_cache, "FRESH_FOR", -1)
    assert ASKS_AGAIN in as_alice.get(URL).content.decode()
    filters = as_alice.get(URL, headers={**HTMX, "HX-Target": "filters"}).content.decode()
    assert ASKS_AGAIN not in filters, "or it would never end"


def test_nobody_is_told_anothers_counts(as_alice, as_bob, alice, many):
    VideoFactory.create_batch(3, owner=alice)
    assert total(as_alice.get(URL)) == 3
    assert total(as_bob.get(URL)) == 0


def test_labels_are_in_the_language_of_who_asks(as_alice, alice, many):
    VideoFactory.create_batch(2, owner=alice)
    assert total(as_alice.get(URL)) == 2
    VideoFactory(owner=alice)
    assert total(as_alice.get(URL, headers={"Accept-Language": "de"})) == 3, "counted for itself"
    assert total(as_alice.get(URL)) == 2


def test_without_a_cache_it_counts(as_alice, alice, many, monkeypatch):
    def away(*args: object) -> None:
        raise ConnectionError

    VideoFactory.create_batch(2, owner=alice)
    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)
    assert total(as_alice.get(URL)) == 2
