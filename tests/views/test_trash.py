"""The trash: in, seen, out again, and gone when its time is over."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.engine import sweep
from videos.models import State, Video
from videos.services.library import move_to_trash
from videos.views.pagination import PAGE_SIZE
from videos.views.undo import MAX_BATCHES

pytestmark = pytest.mark.django_db
URL = reverse("videos:trash")
UNDO = reverse("videos:undo")
EMPTY = reverse("videos:empty_trash")


def url_of(name: str, video: Video) -> str:
    return reverse(f"videos:{name}", args=[video.public_id])


def batch_in(page: str) -> str:
    """The batch id that the page offers to undo."""
    return re.search(r'name="batch" value="([^"]+)"', page)[1]


def trashed(owner, **fields) -> Video:
    return VideoFactory(owner=owner, **{"state": State.COMPLETED, "trashed_at": timezone.now(), **fields})


def test_a_video_goes_there_and_comes_back(as_alice, alice, hints):
    video, other = VideoFactory.create_batch(2, owner=alice, state=State.COMPLETED)

    response = as_alice.post(url_of("move_to_trash", video), follow=True)

    page = response.content.decode()
    assert response.redirect_chain == [(reverse("videos:library"), 302)]
    assert "1 video moved to the trash." in page
    assert response.context["videos"] == [other]
    assert as_alice.get(URL).context["videos"] == [video]
    video.refresh_from_db()
    other.refresh_from_db()
    assert other.trashed_at is None
    assert video.deleted_at is None
    assert hints == [], "nothing is deleted anywhere"

    as_alice.post(UNDO, {"batch": batch_in(page)})
    video.refresh_from_db()
    assert video.trashed_at is None


def test_it_asks_first_without_doing_it(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS)
    assert "It will be canceled first" in as_alice.get(url_of("move_to_trash", video)).content.decode()
    video.refresh_from_db()
    assert video.trashed_at is None
    assert video.state == State.IN_PROGRESS


def test_what_is_in_flight_is_canceled(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS)
    as_alice.post(url_of("move_to_trash", video))
    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert video.trashed_at is not None


def test_its_owner_can_still_see_it_there_but_not_start_it(as_alice, alice):
    video = trashed(alice, state=State.FAILED)
    page = as_alice.get(url_of("detail", video)).content.decode()
    assert "In the trash" in page
    assert url_of("retry", video) not in page
    as_alice.post(url_of("retry", video))
    video.refresh_from_db()
    assert video.state == State.FAILED


def test_it_is_nowhere_else(as_alice, alice):
    video = trashed(alice)
    for name in ("studio", "library"):
        assert video.public_id not in as_alice.get(reverse(f"videos:{name}")).content.decode()


def test_the_page_says_when_each_goes(as_alice, alice, settings):
    settings.TRASH_RETENTION_DAYS = 7
    trashed(alice, trashed_at=timezone.now() - timedelta(days=5, seconds=-60))
    page = as_alice.get(URL).content.decode()
    assert "Permanently deleted 2\xa0days from now" in page
    assert "2 days left" in page
    assert "after 7 days in the trash" in page


def test_it_shows_ones_own_latest_first_in_pages(as_alice, alice, bob, django_assert_num_queries):
    now = timezone.now()
    mine = [trashed(alice, trashed_at=now - timedelta(hours=number // 2)) for number in range(PAGE_SIZE + 3)]
    trashed(bob)
    VideoFactory(owner=alice)
    first = as_alice.get(URL).context
    assert first["total"] == PAGE_SIZE + 3
    with django_assert_num_queries(12):
        rest = as_alice.get(URL, {"below": first["page"].next_cursor}).context["page"]
    seen = [video.pk for video in [*first["page"].videos, *rest.videos]]
    assert seen == [video.pk for video in sorted(mine, key=lambda v: (v.trashed_at, v.pk), reverse=True)]


def test_restoring_one_brings_it_back(as_alice, alice):
    video, other = trashed(alice), trashed(alice)
    assert as_alice.post(url_of("restore", video)).url == video.get_absolute_url()
    assert list(Video.objects.not_trashed()) == [video]
    other.refresh_from_db()
    assert other.trashed_at is not None


def trash(client, *videos: Video) -> str:
    """Move the videos to the trash together, and return the batch id that undoes it."""
    data = {"do": "trash", "id": [video.public_id for video in videos]}
    return batch_in(client.post(reverse("videos:bulk"), data, headers=HTMX).content.decode())


def test_undo_restores_one_batch_and_nothing_else(as_alice, alice):
    videos = VideoFactory.create_batch(4, owner=alice, state=State.COMPLETED)
    trash(as_alice, videos[0])
    batch_id = trash(as_alice, *videos[1:3])
    trash(as_alice, videos[3])

    as_alice.post(UNDO, {"batch": batch_id})

    assert set(Video.objects.not_trashed()) == set(videos[1:3])
    assert "nothing left to undo" in as_alice.post(UNDO, {"batch": batch_id}, follow=True).content.decode()


def test_what_was_restored_and_trashed_again_belongs_to_its_new_batch(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    first = trash(as_alice, video)
    as_alice.post(url_of("restore", video))
    second = trash(as_alice, video)
    as_alice.post(UNDO, {"batch": first})
    assert not Video.objects.not_trashed().exists()
    as_alice.post(UNDO, {"batch": second})
    assert Video.objects.not_trashed().get() == video


def test_anothers_batch_does_nothing_nor_does_ones_own_in_another_session(as_alice, as_bob, alice, bob):
    hers, his = VideoFactory(owner=alice), VideoFactory(owner=bob)
    batch_id = trash(as_alice, hers)
    trash(as_bob, his)
    elsewhere = Client()
    elsewhere.force_login(alice)
    for client in (as_bob, elsewhere):
        page = client.post(UNDO, {"batch": batch_id}, follow=True).content.decode()
        assert "There is nothing left to undo." in page
    assert not Video.objects.not_trashed().exists()


def test_a_session_remembers_the_latest_batches_only(as_alice, alice):
    videos = VideoFactory.create_batch(MAX_BATCHES + 1, owner=alice)
    batch_ids = [trash(as_alice, video) for video in videos]
    for batch_id in batch_ids:
        as_alice.post(UNDO, {"batch": batch_id})
    assert set(Video.objects.exclude(trashed_at=None)) == {videos[0]}


@pytest.mark.parametrize("value", ["", "yesterday", "2026-01-01T00:00:00Z", "\x00"])
def test_undo_of_nonsense_does_nothing(as_alice, alice, value):
    trash(as_alice, VideoFactory(owner=alice))
    page = as_alice.post(UNDO, {"batch": value}, follow=True).content.decode()
    assert "There is nothing left to undo." in page
    assert not Video.objects.not_trashed().exists()


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/library/?q=boat", "http://testserver/library/?q=boat"),
        ("https://evil.example/", reverse("videos:library")),
        ("", reverse("videos:library")),
    ],
)
def test_undo_leads_back_to_a_page_of_ours(as_alice, referer, back):
    assert as_alice.post(UNDO, headers={"Referer": referer}).url == back


def test_emptying_asks_first_and_deletes_ones_own(as_alice, alice, bob):
    gone, kept, theirs = trashed(alice), VideoFactory(owner=alice), trashed(bob)
    assert "1 video will be permanently deleted" in as_alice.get(EMPTY).content.decode()
    gone.refresh_from_db()
    assert gone.deleted_at is None

    assert as_alice.post(EMPTY).url == URL

    assert set(Video.objects.filter(deleted_at=None)) == {kept, theirs}


@pytest.mark.parametrize("who", ["as_bob", "as_carol"])
@pytest.mark.parametrize("name", ["move_to_trash", "restore"])
def test_it_refuses_a_stranger(request, alice, who, name):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    gone = trashed(alice)
    client = request.getfixturevalue(who)
    assert client.post(url_of(name, video)).status_code == 404
    assert client.post(url_of(name, gone)).status_code == 404
    assert gone.public_id not in client.get(URL).content.decode()
    assert list(Video.objects.not_trashed()) == [video]


def test_the_methods_each_knows(as_alice, client, alice):
    video = trashed(alice)
    assert as_alice.post(URL).status_code == 405
    assert as_alice.get(UNDO).status_code == 405
    assert as_alice.get(url_of("restore", video)).status_code == 405
    assert as_alice.delete(EMPTY).status_code == 405
    assert as_alice.delete(url_of("move_to_trash", video)).status_code == 405
    for url in (URL, EMPTY, url_of("move_to_trash", video)):
        assert client.get(url).url.startswith(reverse("account_login"))
    assert client.post(UNDO).url.startswith(reverse("account_login"))


def test_the_sweep_deletes_what_was_there_long_enough(alice, settings, hints):
    settings.TRASH_RETENTION_DAYS = 3
    now = timezone.now()
    over = trashed(alice, trashed_at=now - timedelta(days=3, seconds=1))
    not_yet = trashed(alice, trashed_at=now - timedelta(days=3, seconds=-60))
    old = VideoFactory(owner=alice, state=State.COMPLETED, created_at=now - timedelta(days=900))

    sweep.sweep()
    assert set(Video.objects.filter(deleted_at=None)) == {not_yet, old}

    sweep.sweep()
    assert ("clean_up_video", over.pk) in hints


def test_a_sweep_deletes_so_many_and_no_more(alice, monkeypatch):
    monkeypatch.setattr(sweep, "TRASH_BATCH", 2)
    long_ago = timezone.now() - timedelta(days=400)
    oldest = [trashed(alice, trashed_at=long_ago + timedelta(days=number)) for number in range(3)]
    sweep.sweep()
    assert list(Video.objects.filter(deleted_at=None)) == [oldest[2]]


def test_trashing_many_costs_no_more_than_trashing_one(alice, django_assert_num_queries):
    one, *many = VideoFactory.create_batch(30, owner=alice, state=State.COMPLETED)
    with django_assert_num_queries(6):
        move_to_trash([one])
    with django_assert_num_queries(6):
        move_to_trash(many)
