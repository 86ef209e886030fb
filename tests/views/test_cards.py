from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import Backend, State, Video
from videos.views.cards import MAX_CARDS

pytestmark = pytest.mark.django_db
URL = reverse("videos:cards")


def ask(client, *shown: str):
    return client.get(URL, {"card": list(shown)}, headers=HTMX)


def test_it_says_nothing_when_nothing_changed(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS, revision=3)
    response = ask(as_alice, f"{video.public_id}.3")
    assert response.status_code == 204
    assert response.content == b""


def test_it_sends_only_what_changed(as_alice, alice):
    still = VideoFactory(owner=alice, state=State.STORING, revision=1)
    moved = VideoFactory(owner=alice, state=State.IN_PROGRESS, revision=4, progress=17)
    response = ask(as_alice, f"{still.public_id}.1", f"{moved.public_id}.3")
    page = response.content.decode()
    assert response.status_code == 200
    assert f'id="card-{moved.public_id}"' in page
    assert 'hx-swap-oob="true"' in page
    assert f"{moved.public_id}.4" in page
    assert still.public_id not in page


def test_a_queued_card_follows_its_place_in_the_queue(as_alice, alice):
    ahead = VideoFactory(owner=alice, state=State.QUEUED)
    video = VideoFactory(owner=alice, state=State.QUEUED, backend=ahead.backend)
    assert "2nd in the queue" in ask(as_alice, f"{video.public_id}.0").content.decode()
    assert ask(as_alice, f"{video.public_id}.0.2").status_code == 204

    Video.objects.filter(pk=ahead.pk).update(state=State.CANCELED)

    assert "next in the queue" in ask(as_alice, f"{video.public_id}.0.2").content.decode()


def test_a_row_becomes_a_card_in_its_place_when_it_starts(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.QUEUED, prompt="A kite")
    row = ask(as_alice, f"{video.public_id}.99").content.decode()
    assert 'class="card card--queued card--waiting"' in row
    assert f'id="card-{video.public_id}"' in row
    assert 'class="media"' not in row

    Video.objects.filter(pk=video.pk).update(state=State.IN_PROGRESS, revision=1)

    card = ask(as_alice, f"{video.public_id}.0.1").content.decode()
    assert "card--waiting" not in card
    assert f'id="card-{video.public_id}"' in card


def test_a_row_says_when_it_starts_and_what_can_be_done(as_alice, alice):
    made = timezone.now() - timedelta(hours=1)
    first = VideoFactory(owner=alice, state=State.QUEUED)
    for _ in range(3):
        later = made + timedelta(minutes=4)
        VideoFactory(
            owner=alice,
            backend=first.backend,
            state=State.COMPLETED,
            accepted_at=made,
            generated_at=later,
        )
    Backend.objects.filter(pk=first.backend_id).update(max_in_flight=1)
    second = VideoFactory(owner=alice, state=State.QUEUED, backend=first.backend)
    row = ask(as_alice, f"{second.public_id}.99").content.decode()
    assert "2nd in the queue" in row
    assert "starts in about 4 min" in row
    assert reverse("videos:cancel", args=[second.public_id]) in row
    assert f'value="front {second.public_id}"' in row


def test_it_counts_what_waits_for_a_page_that_shows_the_count(as_alice, alice):
    videos = VideoFactory.create_batch(7, owner=alice, state=State.QUEUED)
    shown = {"card": f"{videos[0].public_id}.99"}
    assert "waiting-more" not in as_alice.get(URL, shown, headers=HTMX).content.decode()
    page = as_alice.get(URL, {**shown, "more": "1"}, headers=HTMX).content.decode()
    assert "All 7 in the queue" in page


def test_it_ends_the_asking_with_the_last_news(as_alice, alice):
    done = VideoFactory(owner=alice, state=State.COMPLETED, revision=9)
    response = ask(as_alice, f"{done.public_id}.8")
    page = response.content.decode()
    assert response.status_code == 286
    assert f'id="card-{done.public_id}"' in page
    assert 'name="card"' not in page, "a finished card is not asked about again"


def test_it_goes_on_while_another_card_is_in_flight(as_alice, alice):
    done = VideoFactory(owner=alice, state=State.COMPLETED, revision=9)
    running = VideoFactory(owner=alice, state=State.STORING, revision=2)
    assert ask(as_alice, f"{done.public_id}.8", f"{running.public_id}.2").status_code == 200


def test_it_takes_deleted_ones_off_the_page(as_alice, alice):
    gone = VideoFactory(owner=alice, state=State.IN_PROGRESS, deleted_at=timezone.now())
    response = ask(as_alice, f"{gone.public_id}.0")
    assert response.status_code == 286
    assert f'<article id="card-{gone.public_id}" hx-swap-oob="delete">' in response.content.decode()


def test_it_tells_nothing_of_anothers(as_bob, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS, prompt="A secret launch")
    page = ask(as_bob, f"{video.public_id}.99").content.decode()
    assert "secret" not in page
    assert page == ask(as_bob, "video_doesnotexist.99").content.decode().replace(
        "video_doesnotexist", video.public_id
    )


def test_staff_follow_the_teams_work(as_carol, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS, prompt="A launch")
    page = ask(as_carol, f"{video.public_id}.99").content.decode()
    assert "A launch" in page
    assert "<form" not in page, "and do nothing about it here"


def test_it_passes_over_garbage(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.STORING, revision=1)
    garbage = ["", ".", "x", "\x00.1", "a.b.c", "<script>.1", f"{video.public_id}.-1", "a." + "9" * 40]
    response = ask(as_alice, *garbage, f"{video.public_id}.1")
    assert response.status_code == 204
    assert ask(as_alice, *garbage).status_code == 286
    assert "script" not in ask(as_alice, *garbage).content.decode()


def test_it_looks_at_so_many_and_no_more(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.QUEUED, revision=1)
    padding = [f"video_{n}.1" for n in range(MAX_CARDS)]
    assert video.public_id in ask(as_alice, *padding[1:], f"{video.public_id}.0").content.decode()
    assert video.public_id not in ask(as_alice, *padding, f"{video.public_id}.0").content.decode()


def test_it_needs_as_many_queries_for_one_as_for_thirty(as_alice, alice, django_assert_num_queries):
    first = VideoFactory(owner=alice, state=State.QUEUED)
    rest = VideoFactory.create_batch(29, owner=alice, backend=first.backend, state=State.QUEUED)
    Video.objects.update(revision=5)
    shown = [f"{video.public_id}.0" for video in [first, *rest]]
    cache.clear()
    with django_assert_num_queries(15) as few:
        ask(as_alice, shown[0])
    cache.clear()
    with django_assert_num_queries(len(few)):
        response = ask(as_alice, *shown)
    assert response.content.decode().count("<article") == 30


def test_it_reads_little_where_nothing_changed(as_alice, alice, django_assert_num_queries):
    running = VideoFactory.create_batch(3, owner=alice, state=State.IN_PROGRESS)
    with django_assert_num_queries(3) as asked:  # the session, who it is, and the cards
        response = ask(as_alice, *(f"{video.public_id}.0" for video in running))
    assert response.status_code == 204
    assert "prompt" not in asked[-1]["sql"]


def test_it_is_only_read(as_alice, client):
    assert as_alice.post(URL).status_code == 405
    assert client.get(URL, headers=HTMX)["HX-Redirect"].startswith(reverse("account_login"))


def test_it_takes_what_is_in_the_trash_off_the_page(as_alice, alice):
    trashed = VideoFactory(owner=alice, state=State.CANCELED, trashed_at=timezone.now())
    running = VideoFactory(owner=alice, state=State.STORING)
    response = ask(as_alice, f"{trashed.public_id}.0", f"{running.public_id}.0")
    assert response.status_code == 200
    assert f'<article id="card-{trashed.public_id}" hx-swap-oob="delete">' in response.content.decode()
    assert f'id="prompt-{trashed.public_id}"' not in response.content.decode()
