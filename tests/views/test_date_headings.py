"""The dates between the cards of lists that are in the order of time."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import Collection, State
from videos.services.collections import add_videos
from videos.views import pagination
from videos.views.date_headings import date_heading

URL = reverse("videos:library")
MORE = {**HTMX, "HX-Target": "more"}


def headings(client, url: str = URL, headers: dict[str, str] | None = None, **asked) -> list[str]:
    page = client.get(url, asked, headers=headers or {}).content.decode()
    return re.findall(r'<h2 class="day">([^<]+)</h2>', page)


def ago(**span: int) -> datetime:
    """Noon of the day that long ago, so that no test depends on the hour it runs at."""
    return datetime.combine(timezone.localdate() - timedelta(**span), datetime.min.time(), UTC) + timedelta(
        hours=12
    )


@pytest.fixture
def pages_of_two(monkeypatch):
    monkeypatch.setattr(pagination, "PAGE_SIZE", 2)


NOW = datetime(2026, 10, 28, 12, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("moment", "heading"),
    [
        ("2026-10-28 00:00", "Today"),
        ("2026-10-29 00:00", "Today"),  # by a clock that is ahead
        ("2026-10-27 23:59", "Yesterday"),
        ("2026-10-26 12:00", "Monday"),
        ("2026-10-22 00:00", "Thursday"),
        ("2026-10-21 23:59", "October"),
        ("2026-01-01 00:00", "January"),
        ("2025-12-31 23:59", "December 2025"),
        ("2025-10-28 12:00", "October 2025"),
    ],
)
def test_the_longer_ago_the_less_exactly_it_is_told(moment, heading):
    with timezone.override("UTC"):
        assert date_heading(datetime.fromisoformat(f"{moment}Z"), NOW) == heading


def test_days_are_those_of_the_persons_time_zone():
    moment = datetime(2026, 10, 27, 15, 30, tzinfo=UTC)
    found = {}
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        with timezone.override(zone):
            found[zone] = date_heading(moment, NOW)
    assert found == {"Pacific/Auckland": "Yesterday", "America/Los_Angeles": "Yesterday"}
    with timezone.override("Asia/Tokyo"):  # half past midnight of the 28th
        assert date_heading(moment, NOW) == "Today"


def test_a_day_of_25_hours_is_one_day():
    berlin = ZoneInfo("Europe/Berlin")
    with timezone.override(berlin):
        now = datetime(2026, 10, 26, 0, 30, tzinfo=berlin)
        first, last = (
            datetime(2026, 10, 25, 0, 1, tzinfo=berlin),
            datetime(2026, 10, 25, 23, 59, tzinfo=berlin),
        )
        assert last.astimezone(UTC) - first.astimezone(UTC) > timedelta(hours=24)
        assert date_heading(first, now) == date_heading(last, now) == "Yesterday"


@pytest.mark.django_db
class TestLists:
    def test_each_date_has_one_heading(self, as_alice, alice):
        for days in (800, 1, 1, 0, 0):
            VideoFactory(owner=alice, created_at=ago(days=days))
        year = timezone.localdate() - timedelta(days=800)
        assert headings(as_alice) == ["Today", "Yesterday", f"{year:%B %Y}"]
        assert headings(as_alice, sort="oldest") == [f"{year:%B %Y}", "Yesterday", "Today"]
        assert headings(as_alice, sort="longest") == []

    def test_the_order_of_finishing_has_those_dates(self, as_alice, alice):
        made = {"owner": alice, "state": State.COMPLETED, "created_at": ago(days=1)}
        VideoFactory(**made, finished_at=ago(days=0))
        VideoFactory(owner=alice, created_at=ago(days=1))
        assert headings(as_alice, sort="finished") == ["Today", "Yesterday"]
        assert headings(as_alice) == ["Yesterday"]

    @pytest.mark.usefixtures("pages_of_two")
    def test_the_next_page_goes_on_without_repeating_a_heading(self, as_alice, alice):
        videos = [VideoFactory(owner=alice, created_at=ago(days=days)) for days in (1, 1, 0, 0, 0)][::-1]
        ids = [video.public_id for video in videos]
        assert headings(as_alice, headers=MORE, below=ids[1]) == ["Yesterday"]
        assert headings(as_alice, headers=MORE, below=ids[2]) == ["Yesterday"]
        assert headings(as_alice, headers=MORE, below=ids[3]) == []
        assert headings(as_alice, below=ids[3]) == ["Yesterday"], "a page of its own says where it begins"
        videos[3].deleted_at = timezone.now()
        videos[3].save(update_fields=["deleted_at"])
        assert headings(as_alice, headers=MORE, below=ids[3]) == [], "it still marks its place"

    def test_a_time_zone_moves_a_video_to_its_day(self, as_alice, alice):
        late = ago(days=3) + timedelta(hours=11, minutes=30)  # 23:30 in the studio's zone, UTC
        VideoFactory(owner=alice, created_at=late)
        assert headings(as_alice) == [f"{late:%A}"]
        alice.time_zone = "Asia/Tokyo"
        alice.save(update_fields=["time_zone"])
        with timezone.override("Asia/Tokyo"):
            heading = date_heading(late, timezone.now())
        assert heading != f"{late:%A}"
        assert headings(as_alice) == [heading]

    def test_what_is_found_and_what_is_shared_have_headings_of_their_own(self, as_alice, as_bob, alice, bob):
        VideoFactory(owner=alice, prompt="a boat", created_at=ago(days=0))
        kite = VideoFactory(owner=alice, prompt="a kite", created_at=ago(days=1))
        assert headings(as_alice, q="kite") == ["Yesterday"]
        boards = Collection.objects.create(owner=alice, name="Boards", visibility="team")
        add_videos(alice, boards, [kite])
        assert headings(as_bob, scope="team") == ["Yesterday"]
        assert headings(as_alice, reverse("videos:collection", args=[boards.public_id])) == ["Yesterday"]

    def test_the_trash_goes_by_when_something_was_put_there(self, as_alice, alice):
        for days in (1, 0):
            VideoFactory(
                owner=alice, created_at=ago(days=90), trashed_at=ago(days=days), state=State.COMPLETED
            )
        assert headings(as_alice, reverse("videos:trash")) == ["Today", "Yesterday"]
