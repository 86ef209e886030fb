"""The administration's first page: each part says what is so, leads there, and stands by itself."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from billing import ledger
from contentgen.dashboard import tiles
from contentgen.dashboard.groups import GROUPS
from tests.billing.conftest import paid as paid  # a fixture here too
from tests.billing.money import make
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos import lifecycle
from videos.engine import hold
from videos.models import Backend, Character, Heartbeat, State
from videos.models.values import Reason
from videos.services import backend_pauses, queue, queue_pauses

pytestmark = pytest.mark.django_db

INDEX = reverse("admin:index")
ALL = {"queue", "outcomes", "backends", "workers", "spend", "storage", "versions"}
LIST = "/admin/videos/video/"


@pytest.fixture(autouse=True)
def no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder's process takes a second to say which FFmpeg it has."""
    monkeypatch.setattr("videos.services.versions.ffmpeg_version", lambda: "8.1.2")


def _parts(page: str) -> dict[str, str]:
    """Return the text of each part that the page has, by its name."""
    found = re.findall(r'<section class="admin-card admin-card--(\w+)".*?>(.*?)</section>', page, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", html).split()) for name, html in found}


def _open(client: Client) -> dict[str, str]:
    response = client.get(INDEX)
    assert response.status_code == 200
    return _parts(response.content.decode())


def test_it_says_what_is_in_flight_and_leads_to_the_oldest_in_the_queue(as_carol: Client):
    oldest = VideoFactory(created_at=timezone.now() - timedelta(hours=3))
    VideoFactory.create_batch(2)
    VideoFactory(state=State.IN_PROGRESS)
    VideoFactory(state=State.UNCERTAIN, due_at=None)
    VideoFactory(state=State.COMPLETED)

    page = as_carol.get(INDEX).content.decode()

    said = _parts(page)["queue"]
    assert "In flight 2 1 checking with the backend, 1 in progress" in said
    assert "Queued 3 The oldest waits for 3 hours" in said
    assert "Needs attention 1" in said
    assert f'href="{LIST}{oldest.pk}/change/">The oldest' in page
    for state in ("in_flight", "queued", "needs_decision"):
        assert f'href="{LIST}?state={state}"' in page


def test_it_says_why_videos_failed_in_the_last_day_and_leads_to_them(as_carol: Client):
    video = VideoFactory(state=State.SUBMITTING, lease_token="0" * 32)
    video.refresh_from_db()
    assert lifecycle.refuse(video.pk, video.lease_token, Reason("moderation_blocked", "No."))
    VideoFactory(state=State.FAILED, error_code="timed_out", trashed_at=timezone.now())
    VideoFactory(state=State.FAILED, error_code="old", finished_at=timezone.now() - timedelta(hours=25))
    VideoFactory(state=State.FAILED, error_code="gone", deleted_at=timezone.now())
    VideoFactory.create_batch(3, state=State.COMPLETED)

    page = as_carol.get(INDEX).content.decode()

    said = _parts(page)["outcomes"]
    assert "3 completed 2 failed 0 canceled 60 % success" in said
    assert "Stopped by the content filter 1" in said
    assert "Longer than the time limit 1" in said
    assert "Old" not in said
    assert "Gone" not in said
    assert re.search(rf'href="{LIST}\?[^"]*moderation_blocked[^"]*"', page)


def test_who_follows_a_reason_finds_as_many_as_were_counted(as_carol: Client):
    now = timezone.now()
    old = {"created_at": now - timedelta(days=3), "finished_at": now - timedelta(hours=2)}
    VideoFactory(state=State.FAILED, prompt="Waited for days", error_code="timed_out", **old)
    VideoFactory(state=State.FAILED, prompt="In the trash", error_code="timed_out", trashed_at=now)
    VideoFactory(state=State.FAILED, prompt="Another reason", error_code="gone")
    VideoFactory(
        state=State.FAILED,
        prompt="Long ago",
        error_code="timed_out",
        finished_at=now - timedelta(hours=25),
    )

    page = as_carol.get(INDEX).content.decode()
    assert "Longer than the time limit 2" in _parts(page)["outcomes"]
    link = re.search(r'href="([^"]+)"><span>Longer than the time limit', page)
    assert link is not None
    found = as_carol.get(unescape(link[1])).content.decode()

    assert {each for each in ("Waited for days", "In the trash") if each in found} == {
        "Waited for days",
        "In the trash",
    }
    assert "Another reason" not in found
    assert "Long ago" not in found


def test_what_failed_last_is_one_click_away(as_carol: Client):
    video = VideoFactory(state=State.FAILED, prompt="A <b>lighthouse</b>", error_code="timed_out")
    VideoFactory(state=State.FAILED, prompt="In the trash", trashed_at=timezone.now())

    page = as_carol.get(INDEX).content.decode()

    assert f'href="{LIST}{video.pk}/change/"><span><bdi>A &lt;b&gt;lighthouse' in page
    assert "In the trash" not in _parts(page)["outcomes"]


def test_it_says_what_is_held_and_paused(as_carol: Client, carol: User, alice: User, bob: User):
    assert "aused" not in _open(as_carol)["queue"]
    hold.hold(message="New disks.", by=carol)
    box = BackendFactory(name="Box")
    backend_pauses.pause_backends([box], by=carol, reason="It is hot")
    queue_pauses.pause_person(alice, "Too many")
    queue.pause_queue(bob)
    cache.clear()

    page = as_carol.get(INDEX).content.decode()

    said = _parts(page)["queue"]
    assert "The studio is in maintenance since" in said
    assert "by carol . Nothing is submitted. Everybody is told: “ New disks. ”" in said
    assert "Paused: Box , by carol ." in said
    assert "Paused queues: alice by staff, bob by themselves." in said
    assert page.count(f'href="{reverse("videos:queues")}"') == 2  # the card's, and the navigation's


def test_who_may_not_see_all_queues_is_not_led_there(staff: Callable[..., Client]):
    page = staff("view_video").get(INDEX).content.decode()

    assert reverse("videos:queues") not in page


def test_the_chart_has_a_title_and_a_table_says_the_same(as_carol: Client):
    VideoFactory(state=State.COMPLETED)

    page = as_carol.get(INDEX).content.decode()

    chart = page[page.index('<svg class="admin-chart"') :]
    assert "1 completed, 0 failed, 0 canceled" in chart[: chart.index("</title>")]
    rows = re.findall(r'<tr><th scope="row">[\d:]+</th>(.*?)</tr>', page)
    assert len(rows) == 25
    assert rows[-1].startswith('<td class="number">1</td>')
    assert "style=" not in page


def test_uploaded_clips_are_nobodys_success(as_carol: Client):
    VideoFactory(state=State.COMPLETED, accepted_at=None, backend_job_id="")

    assert "Nothing ended in the last 24 hours." in _open(as_carol)["outcomes"]


def test_it_says_how_each_backend_stands(as_carol: Client):
    paused = BackendFactory(
        name="Box", paused_until=timezone.now() + timedelta(hours=1), pause_reason="Busy."
    )
    BackendFactory(name="Old", enabled=False)
    VideoFactory.create_batch(3, backend=paused, state=State.COMPLETED)
    VideoFactory(backend=paused, state=State.FAILED)
    VideoFactory(backend=paused, state=State.IN_PROGRESS)
    VideoFactory(backend=paused)

    said = _open(as_carol)["backends"]

    assert "Box Paused. Busy. 1 1 75 % of 4" in said
    assert "Old Switched off 0 0 Nothing ended" in said


def _spend(owner: User, seconds: int = 4) -> None:
    video = make(owner, seconds)
    with transaction.atomic():
        ledger.charge(video.pk, transition="accepted")


def test_it_says_who_spent_what_today_and_this_month(paid: Backend, as_carol: Client, alice: User, bob: User):
    _spend(alice)
    _spend(bob, 12)
    make(alice)  # reserved, and not spent

    said = _open(as_carol)["spend"]

    assert "Today $1.60 This month $1.60" in said
    assert "bob $1.20 $1.20 alice $0.40 $0.40" in said


def test_it_says_when_each_worker_and_beat_were_last_seen(as_carol: Client):
    Heartbeat.objects.create(role="scheduler", beat_at=timezone.now())
    Heartbeat.objects.create(role="queue:short", beat_at=timezone.now() - timedelta(minutes=5))

    said = _open(as_carol)["workers"]

    assert "Scheduler (beat) seen moments ago" in said
    assert "Workers of “short” seen 5 minutes" in said
    assert "Workers of “network” never seen" in said
    assert "Broker answers" in said or "Broker gives no answer" in said  # on SQLite these tests have none


def test_it_says_what_is_used_and_free(as_carol: Client, alice: User):
    VideoFactory(state=State.COMPLETED, byte_count=3 << 20, browser_byte_count=1 << 20, picture_bytes=1 << 20)
    VideoFactory(state=State.COMPLETED, byte_count=1 << 20, picture_bytes=0, trashed_at=timezone.now())
    VideoFactory(state=State.COMPLETED, byte_count=9 << 20, deleted_at=timezone.now())
    ReferenceImageFactory(byte_count=2 << 20)
    Character.objects.create(owner=alice, name="Mina", backend=BackendFactory(), byte_count=4 << 20)

    said = _open(as_carol)["storage"]

    assert "12.0 MB Videos 6.0 MB, of which 1.0 MB in the trash" in said
    assert "images 2.0 MB; clips of characters 4.0 MB" in said
    assert "Free on the disk of VIDEO_STORAGE_PATH" in said


def test_it_names_all_versions(as_carol: Client):
    said = _open(as_carol)["versions"]

    for name in ("ContentGen", "Django 5.2", "Python 3", "FFmpeg 8.1.2", "PyAV"):
        assert name in said
    assert re.search(r"Broker gives no answer|Redis \d|Valkey \d", said)
    assert re.search(r"SQLite \d|PostgreSQL \d", said)


@pytest.mark.parametrize(
    ("permission", "seen"),
    [
        ("view_prompttemplate", set()),
        ("view_video", {"queue", "outcomes"}),
        ("change_video", {"queue", "outcomes"}),
        ("view_backend", {"backends"}),
        ("view_ledgerline", {"spend"}),
        ("view_studiostate", {"versions"}),
    ],
)
def test_staff_see_only_parts_of_what_they_may_view(
    staff: Callable[..., Client], permission: str, seen: set[str]
):
    assert set(_open(staff(permission))) == {"workers", "storage", *seen}


def test_a_manager_among_the_staff_sees_the_spending(staff: Callable[..., Client]):
    client = staff()
    User.objects.update(role=Role.MANAGER)

    assert "spend" in _open(client)


def test_what_is_cached_for_one_is_not_shown_to_another(as_carol: Client, staff: Callable[..., Client]):
    assert set(_open(as_carol)) == ALL
    assert set(_open(staff())) == {"workers", "storage"}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_part_that_cannot_be_had_says_so_and_takes_none_along(
    as_carol: Client, monkeypatch: pytest.MonkeyPatch, name: str
):
    def fail() -> None:
        raise OperationalError("canceling statement due to statement timeout")

    broken = [
        tiles.Tile(each.name, each.title, each.is_visible, fail if each.name == name else each.load, 1)
        for each in tiles.TILES
    ]
    monkeypatch.setattr(tiles, "TILES", broken)

    said = _open(as_carol)

    assert set(said) == ALL
    assert {each for each, text in said.items() if "did not answer in time" in text} == {name}


def test_disks_that_hang_keep_nobody_waiting(as_carol: Client, monkeypatch: pytest.MonkeyPatch):
    def hang(seconds: float, call: Callable[[], object]) -> None:
        raise TimeoutError

    monkeypatch.setattr(tiles, "within", hang)

    assert "Free on the disks Unknown" in _open(as_carol)["storage"]


def test_when_time_is_up_the_rest_is_not_asked(as_carol: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tiles, "PATIENCE", -1)

    said = _open(as_carol)

    assert all("so this one was not asked" in text for text in said.values())


def test_htmx_gets_the_parts_alone_and_nothing_while_they_are_the_same(as_carol: Client):
    headers = {"HX-Request": "true"}
    first = as_carol.get(INDEX, headers=headers)
    version = re.search(r"version=(\w+)", first.content.decode())
    assert version is not None
    again = as_carol.get(INDEX, {"version": version[1]}, headers=headers)

    assert b"<html" not in first.content
    assert set(_parts(first.content.decode())) == ALL
    assert (again.status_code, again.content) == (204, b"")
    assert "HX-Request" in first.headers["Vary"]
    assert "HX-Request" in as_carol.get(INDEX).headers["Vary"]


def test_who_has_signed_out_meanwhile_is_led_to_the_sign_in_page(client: Client):
    response = client.get(INDEX, headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"].startswith(reverse("admin:login"))
    assert b"<html" not in response.content


def test_the_number_of_queries_does_not_grow(
    paid: Backend, as_carol: Client, django_assert_num_queries, django_assert_max_num_queries
):
    def fill() -> None:
        for state in (State.COMPLETED, State.FAILED, State.QUEUED, State.IN_PROGRESS):
            _spend(VideoFactory(state=state).owner)

    fill()
    as_carol.get(INDEX)
    cache.clear()
    with django_assert_max_num_queries(60) as few:
        as_carol.get(INDEX)
    for _ in range(4):
        fill()
    cache.clear()

    with django_assert_num_queries(len(few.captured_queries)):
        as_carol.get(INDEX)


def test_opened_again_at_once_it_asks_for_none_of_the_figures(
    as_carol: Client, django_assert_max_num_queries
):
    VideoFactory()
    as_carol.get(INDEX)

    with django_assert_max_num_queries(12) as few:
        as_carol.get(INDEX)
    assert not [each for each in few.captured_queries if "billing_ledgerline" in each["sql"]]


def test_the_navigation_has_every_list_under_a_heading(as_carol: Client):
    response = as_carol.get(INDEX)

    headings = [heading for heading, _ in response.context["nav_groups"]]
    assert headings == [heading for heading, _ in GROUPS]  # nothing is left for “More”
    assert f'href="{reverse("admin:videos_backend_add")}"' in response.content.decode()


def test_the_navigation_has_only_what_one_may_view(staff: Callable[..., Client]):
    page = staff("view_backend").get(INDEX).content.decode()

    assert "/admin/videos/backend/" in page
    assert "/admin/videos/video/" not in page
    assert "/admin/accounts/user/" not in page


def test_the_theme_is_the_one_of_the_account(as_carol: Client, carol: User):
    User.objects.filter(pk=carol.pk).update(theme="dark")

    assert 'data-theme="dark"' in as_carol.get(INDEX).content.decode()
