"""The page of one's own queue."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import BackendFactory, VideoFactory
from tests.views.page import HTMX
from videos.engine import hold
from videos.models import Backend, State, Video
from videos.services import queue_entries
from videos.services.backend_pauses import pause_backends
from videos.services.queue import Place, pause_queue, pause_videos, reorder
from videos.services.queue_pauses import pause_person

pytestmark = pytest.mark.django_db

URL = reverse("videos:queue")
CHANGE = reverse("videos:queue_change")


def _page(client: Client, query: str = "") -> str:
    return unescape(client.get(URL + query).content.decode())


def _waits_for(owner: User, video: Video) -> str:
    entries = queue_entries.read_queue(owner).entries
    return next(entry.waits_for for entry in entries if entry.video.pk == video.pk)


def test_it_shows_what_is_being_made_and_what_waits_in_order(
    as_alice: Client, alice: User, bob: User, backend: Backend
):
    videos = [VideoFactory(owner=alice, backend=backend, prompt=f"Waiting {n}") for n in range(3)]
    VideoFactory(owner=alice, backend=backend, prompt="Running", state=State.IN_PROGRESS)
    VideoFactory(owner=bob, backend=backend, prompt="Bob's own")
    reorder(alice, [videos[2].public_id], Place.FRONT)

    page = _page(as_alice)

    shown = ["Running", "Waiting 2", "Waiting 0", "Waiting 1"]
    assert sorted(shown, key=page.index) == shown
    assert "Bob's own" not in page
    assert '<span class="nav__count">3</span>' in page


def test_it_says_in_words_what_each_waits_for(alice: User, backend: Backend):
    first, second = VideoFactory.create_batch(2, owner=alice, backend=backend)
    assert _waits_for(alice, first) == "Next at GPU box"
    assert _waits_for(alice, second) == "Waiting for a slot at GPU box"

    later = timezone.now() + timedelta(hours=1)
    Video.objects.filter(pk=second.pk).update(due_at=later, error_message="It is busy.", error_code="busy")
    assert _waits_for(alice, second).startswith("Tried again at ")
    Backend.objects.update(paused_until=later)
    assert _waits_for(alice, first).startswith("GPU box is paused until ")
    pause_backends([backend], by=None)
    assert _waits_for(alice, first).startswith("GPU box is paused. The video waits until it goes on.")
    pause_videos(alice, [first.public_id])
    assert _waits_for(alice, first) == "Paused by you"
    assert _waits_for(alice, second) != "Paused by you"
    pause_queue(alice)
    assert _waits_for(alice, second) == "Paused by you"
    hold.hold()
    assert _waits_for(alice, second) == "The studio is in maintenance"
    pause_person(alice, "")
    assert _waits_for(alice, second) == "Paused by staff"


def test_it_says_when_a_video_probably_starts(alice: User):
    """By how long such videos took, and how many are before it: as many as there are slots start at once."""
    backend = BackendFactory(max_in_flight=2)
    now = timezone.now()
    for _ in range(4):
        made = VideoFactory(owner=alice, backend=backend, state=State.COMPLETED)
        Video.objects.filter(pk=made.pk).update(
            attempted_at=now - timedelta(seconds=300),
            accepted_at=now - timedelta(seconds=300),
            generated_at=now,
        )
    VideoFactory.create_batch(6, owner=alice, backend=backend)

    entries = queue_entries.read_queue(alice).entries

    assert [entry.start for entry in entries] == [
        *["starts in less than a minute"] * 2,
        *["starts in about 5 minutes"] * 2,
        *["starts in about 10 minutes"] * 2,
    ]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_buttons_move_and_pause(as_alice: Client, alice: User, backend: Backend, headers: dict[str, str]):
    one, two, three = VideoFactory.create_batch(3, owner=alice, backend=backend)
    status = 200 if headers else 302

    def press(do: str, *ids: str) -> None:
        assert as_alice.post(CHANGE, {"do": do, "id": ids}, headers=headers).status_code == status

    press(f"up {three.public_id}", one.public_id)  # the button's own video, whatever is selected
    assert list(queue_entries.list_waiting(alice)) == [one, three, two]
    press("end", one.public_id, three.public_id)
    assert list(queue_entries.list_waiting(alice)) == [two, one, three]
    press("pause", two.public_id)
    press("pause_queue")
    own = queue_entries.read_queue(alice)
    assert (own.paused, own.queue and own.queue.paused_at is not None) == (1, True)
    press("resume_queue")
    press(f"resume {two.public_id}")
    own = queue_entries.read_queue(alice)
    assert (own.paused, own.queue and own.queue.paused_at) == (0, None)


@pytest.mark.parametrize(
    "do", ["", "front", "front x", "launch", "up video_" + 24 * "a", "pause_everything", "place ../"]
)
def test_nonsense_changes_nothing(as_alice: Client, alice: User, backend: Backend, do: str):
    VideoFactory.create_batch(2, owner=alice, backend=backend)
    before = list(Video.objects.order_by("pk").values())

    assert as_alice.post(CHANGE, {"do": do, "id": ["../", "", "a\x00b"]}, headers=HTMX).status_code == 200

    assert list(Video.objects.order_by("pk").values()) == before


def test_a_drop_is_one_request_and_the_page_says_when_the_queue_has_changed(
    as_alice: Client, alice: User, backend: Backend
):
    one, two, three = VideoFactory.create_batch(3, owner=alice, backend=backend)

    def drop(moved: Video, behind: str, before: str) -> str:
        body = {"do": f"place {moved.public_id}", "behind": behind, "before": before, "id": two.public_id}
        reply = as_alice.post(CHANGE, body, headers=HTMX)
        assert "queue-live" in reply.content.decode()
        return reply.headers["HX-Trigger"]

    assert "1 video moved" in drop(three, one.public_id, two.public_id)
    assert list(queue_entries.list_waiting(alice)) == [one, three, two]
    for behind, before in (
        (one.public_id, two.public_id),
        ("", ""),
        ("\x00", "../"),
        (two.public_id, "a" * 9999),
    ):
        assert "nothing was moved" in drop(one, behind, before)
    assert list(queue_entries.list_waiting(alice)) == [one, three, two]


def test_it_is_told_only_of_what_has_changed(as_alice: Client, alice: User, backend: Backend):
    videos = VideoFactory.create_batch(2, owner=alice, backend=backend)
    live = reverse("videos:queue_live")
    seen = queue_entries.read_queue(alice).fingerprint
    assert as_alice.get(live, {"seen": seen}, headers=HTMX).status_code == 204

    reorder(alice, [videos[1].public_id], Place.FRONT)

    changed = as_alice.get(live, {"seen": seen}, headers=HTMX)
    assert changed.status_code == 200
    assert f'"{videos[1].public_id}"' in changed.content.decode()


def test_a_long_queue_comes_in_pages_whatever_leaves_it(
    as_alice: Client, alice: User, backend: Backend, monkeypatch
):
    monkeypatch.setattr("videos.services.queue_entries.read_queue.__kwdefaults__", {"after": "", "size": 2})
    videos = VideoFactory.create_batch(5, owner=alice, backend=backend)
    reorder(alice, [videos[4].public_id], Place.FRONT)
    expected = [videos[n] for n in (4, 0, 1, 2, 3)]
    seen, after = [], ""
    for _ in range(3):
        page = as_alice.get(URL, {"after": after}).context["own"]
        seen += [entry.video for entry in page.entries]
        after = page.after
        Video.objects.filter(pk=seen[-1].pk).update(state=State.CANCELED)  # the one that the cursor names
    assert (seen, after) == (expected, "")
    assert as_alice.get(URL, {"after": "9'; DROP"}).context["own"].waiting == 2


def test_its_queries_do_not_grow_with_the_queue(
    as_alice: Client, alice: User, backend: Backend, django_assert_num_queries, django_assert_max_num_queries
):
    VideoFactory.create_batch(3, owner=alice, backend=backend)
    VideoFactory(owner=alice, backend=backend, state=State.IN_PROGRESS)
    _page(as_alice)
    with django_assert_max_num_queries(40) as few:
        _page(as_alice)
    expected = len(few)  # now: the log is emptied with the next request
    VideoFactory.create_batch(20, owner=alice, backend=backend)
    VideoFactory.create_batch(4, owner=alice, backend=backend, state=State.IN_PROGRESS)
    _page(as_alice)  # which is there before, too: positions are cached until the queue moves
    with django_assert_num_queries(expected):
        _page(as_alice)


def test_who_is_paused_by_staff_is_told_on_every_page_and_nobody_else(
    as_alice: Client, as_bob: Client, alice: User
):
    pause_person(alice, "Over <budget>.")

    for name in ("videos:studio", "videos:library", "videos:queue", "billing:spend"):
        page = as_alice.get(reverse(name)).content.decode()
        assert "Your queue is paused by an administrator" in page
        assert "Over &lt;budget&gt;." in page
    assert "paused by an administrator" not in as_bob.get(URL).content.decode()


def test_in_a_maintenance_every_page_says_so_with_what_staff_wrote(as_alice: Client):
    hold.hold(message="New disks. Back at 18:00.", note="The old ones rattle.")

    for name in ("videos:studio", "videos:library", "videos:queue", "billing:spend"):
        page = as_alice.get(reverse(name)).content.decode()
        assert "The studio is paused for maintenance" in page
        assert "New disks. Back at 18:00." in page
        assert "rattle" not in page
