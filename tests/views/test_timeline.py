"""The months of a large library, and the way to any of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State
from videos.views import pagination, timeline
from videos.views.search import Search

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_are_many")]
URL = reverse("videos:library")


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr(timeline, "MIN_VIDEOS", 2)
    monkeypatch.setattr(pagination, "PAGE_SIZE", 2)


@pytest.fixture
def videos(alice):
    """Four videos of March and one of January, in the order in which they were made."""
    times = [(2025, 1, 10), (2025, 3, 1), (2025, 3, 5), (2025, 3, 30), (2025, 3, 31)]
    made = [(f"{day} {month}", datetime(year, month, day, 12, tzinfo=UTC)) for year, month, day in times]
    return [
        VideoFactory(owner=alice, prompt=prompt, state=State.COMPLETED, created_at=moment, finished_at=moment)
        for prompt, moment in made
    ]


def months(client, **asked) -> list[tuple[str, int]]:
    found = client.get(URL, asked).context["months"]
    return [(f"{month.first_day:%Y-%m}", month.count) for month in found]


def shown(client, url: str) -> list[str]:
    return [video.prompt for video in client.get(url).context["videos"]]


def test_it_counts_the_videos_of_each_month(as_alice, videos):
    assert months(as_alice) == [("2025-03", 4), ("2025-01", 1)]
    assert months(as_alice, sort="oldest") == [("2025-01", 1), ("2025-03", 4)]
    assert months(as_alice, sort="longest") == []
    page = as_alice.get(URL)
    assert [month.starts_year for month in page.context["months"]] == [True, False]
    assert 'data-month="2025-03"' in page.content.decode()


def test_few_videos_have_none(as_alice, videos):
    assert months(as_alice, q="1") == [("2025-03", 2), ("2025-01", 1)]
    assert months(as_alice, q="30") == []


def test_months_are_those_of_the_persons_time_zone(as_alice, alice, videos):
    VideoFactory(owner=alice, created_at=datetime(2025, 1, 31, 23, 30, tzinfo=UTC))
    assert months(as_alice) == [("2025-03", 4), ("2025-01", 2)]
    alice.time_zone = "Asia/Tokyo"
    alice.save(update_fields=["time_zone"])
    assert months(as_alice) == [("2025-03", 4), ("2025-02", 1), ("2025-01", 1)]


def test_a_month_leads_to_its_first_video_in_the_order(as_alice, videos):
    march, january = as_alice.get(URL).context["months"]
    assert shown(as_alice, march.url) == ["31 3", "30 3"]
    assert shown(as_alice, january.url) == ["10 1"]
    january, march = as_alice.get(URL, {"sort": "oldest"}).context["months"]
    assert shown(as_alice, march.url) == ["1 3", "5 3"]


def test_from_there_one_goes_on_and_back(as_alice, videos):
    page = as_alice.get(URL, {"start": "2025-03-05"}).context["page"]
    assert [video.prompt for video in page.videos] == ["5 3", "1 3"]
    assert shown(as_alice, f"{URL}?below={page.next_cursor}") == ["10 1"]
    assert shown(as_alice, f"{URL}?above={page.previous_cursor}") == ["31 3", "30 3"]


def test_it_keeps_to_filters_and_words(as_alice, alice, videos):
    for day in (2, 3, 4):
        moment = datetime(2025, 2, day, tzinfo=UTC)
        VideoFactory(owner=alice, prompt=f"boat {day}", model="sora-2-pro", created_at=moment)
    (month,) = as_alice.get(URL, {"model": "sora-2-pro", "q": "boat"}).context["months"]
    assert (month.first_day, month.count) == (date(2025, 2, 1), 3)
    assert shown(as_alice, month.url) == ["boat 4", "boat 3"]


def test_the_order_of_finishing_counts_when_they_were_finished(as_alice, alice, videos):
    for video in videos[:2]:
        video.finished_at = datetime(2025, 4, 2, tzinfo=UTC)
        video.save(update_fields=["finished_at"])
    assert months(as_alice, sort="finished") == [("2025-04", 2), ("2025-03", 3)]
    april, march = as_alice.get(URL, {"sort": "finished"}).context["months"]
    assert shown(as_alice, march.url) == ["31 3", "30 3"]
    assert shown(as_alice, april.url) == ["1 3", "10 1"]


def test_anothers_months_are_nobody_elses(as_bob, videos):
    assert months(as_bob) == []


@pytest.mark.parametrize(
    "start", ["", "x", "2025-02-30", "0001-01-01", "9999-12-31", "2001-01-01", "2099-01-01"]
)
@pytest.mark.parametrize("sort", ["", "oldest", "longest", "finished"])
def test_a_day_without_videos_beyond_it_means_some_page(as_alice, videos, start, sort):
    assert as_alice.get(URL, {"start": start, "sort": sort}).status_code == 200


def test_it_costs_two_queries_however_many_months_there_are(alice, videos, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert len(timeline.timeline(Search(), alice, 5)) == 2
    for number in range(10):
        moment = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=31 * number)
        VideoFactory(owner=alice, state=State.COMPLETED, created_at=moment, backend=videos[0].backend)
    with django_assert_num_queries(2):
        assert len(timeline.timeline(Search(), alice, 15)) == 12
    with django_assert_num_queries(0):
        assert timeline.timeline(Search(), alice, 2) == []


def test_the_counts_of_many_are_kept_for_a_while(as_alice, alice, videos, monkeypatch):
    monkeypatch.setattr(timeline, "MIN_CACHED", 3)
    assert months(as_alice) == [("2025-03", 4), ("2025-01", 1)]
    VideoFactory(owner=alice, created_at=videos[0].created_at, state=State.COMPLETED)
    assert months(as_alice) == [("2025-03", 4), ("2025-01", 1)]
    cache.clear()
    assert months(as_alice) == [("2025-03", 4), ("2025-01", 2)]


def test_a_search_brings_the_months_of_what_it_finds(as_alice, videos):
    page = as_alice.get(URL, {"q": "3"}, headers={**HTMX, "HX-Target": "results"}).content.decode()
    assert 'data-month="2025-03"' in page
    assert 'data-month="2025-01"' not in page
