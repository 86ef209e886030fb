"""The page of all queues, and who may pause what on it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import UserFactory, VideoFactory
from videos.engine import hold
from videos.models import Backend, OwnerQueue, State, StudioState

pytestmark = pytest.mark.django_db

URL = reverse("videos:queues")


def _page(client: Client) -> str:
    return unescape(client.get(URL).content.decode())


def test_it_counts_by_person_and_by_backend(as_carol: Client, alice: User, bob: User, backend: Backend):
    VideoFactory.create_batch(3, owner=alice, backend=backend)
    VideoFactory(owner=bob, backend=backend)
    VideoFactory(owner=bob, backend=backend, state=State.IN_PROGRESS)

    page = " ".join(_page(as_carol).split())

    assert "4 waiting for 2 people, the oldest for" in page
    assert "1 of 100 in flight" in page
    assert page.index("alice") < page.index("3 waiting") < page.index("bob")


def test_its_queries_do_not_grow_with_people(
    as_carol: Client, backend: Backend, django_assert_num_queries, django_assert_max_num_queries
):
    VideoFactory(backend=backend)
    _page(as_carol)
    with django_assert_max_num_queries(40) as few:
        _page(as_carol)
    expected = len(few)  # now: the log is emptied with the next request
    VideoFactory.create_batch(5)
    _page(as_carol)
    with django_assert_num_queries(expected):
        _page(as_carol)


def test_a_person_is_paused_with_a_reason_and_resumed(as_carol: Client, alice: User):
    address = reverse("videos:queues_person", args=[alice.pk])

    as_carol.post(address, {"do": "pause", "note": "Over budget."})
    assert OwnerQueue.objects.get(owner=alice).staff_pause_note == "Over budget."
    assert "Over budget." in _page(as_carol), "also of somebody who has nothing waiting"
    as_carol.post(address, {"do": "resume"})
    assert OwnerQueue.objects.get(owner=alice).staff_paused_at is None
    assert as_carol.post(reverse("videos:queues_person", args=[10**6])).status_code == 404


def test_somebody_with_nothing_waiting_is_found_by_name_paused_and_told(
    as_carol: Client, client: Client, alice: User, bob: User, backend: Backend
):
    UserFactory(username="gone", first_name="José", is_active=False)
    bob.first_name, bob.last_name = "José", "Núñez"
    bob.save()
    VideoFactory(owner=alice, backend=backend)
    address = reverse("videos:queues_person", args=[bob.pk])

    assert "Pause bob" not in _names_of_buttons(_page(as_carol))
    found = _names_of_buttons(unescape(as_carol.get(URL, {"person": "jose NUNEZ"}).content.decode()))
    assert ("Pause bob" in found, "Pause alice" in found, "Pause gone" in found) == (True, False, False)
    for nobody in ("xyz", "a\x00b", "%", "  .", "x" * 9999):
        assert "is called that" in as_carol.get(URL, {"person": nobody}).content.decode(), nobody

    as_carol.post(address, {"do": "pause", "note": "Please call Mara."})
    client.force_login(bob)
    video = VideoFactory(owner=bob, backend=backend)
    for page in (reverse("videos:queue"), reverse("videos:studio"), video.get_absolute_url()):
        text = client.get(page).content.decode()
        assert "Your queue is paused by an administrator." in text
        assert "Please call Mara." in text
    assert "Staff have paused the queue of bob. The video waits until they resume it." in text
    as_carol.post(address, {"do": "resume"})
    assert "is paused by an administrator" not in client.get(video.get_absolute_url()).content.decode()


def _names_of_buttons(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def test_a_backend_is_paused_and_resumed(as_carol: Client, backend: Backend):
    address = reverse("videos:queues_backend", args=[backend.pk])

    as_carol.post(address, {"do": "pause", "note": "New card."})
    backend.refresh_from_db()
    assert (backend.pause_reason, backend.enabled) == ("New card.", True)
    assert backend in Backend.objects.all()
    as_carol.post(address, {"do": "resume"})
    backend.refresh_from_db()
    assert not backend.is_paused


def test_a_maintenance_ends_for_whoever_has_seen_what_that_submits(as_carol: Client, carol, backend: Backend):
    address = reverse("videos:queues_maintenance")
    as_carol.post(address, {"do": "begin", "note": "New disks."})
    state = StudioState.objects.load()
    assert (state.is_maintenance, state.hold_message, state.held_by) == (True, "New disks.", carol)
    page = as_carol.get(URL)
    seen = page.context["status"].total
    VideoFactory(backend=backend)

    as_carol.post(address, {"do": "end", "total": seen})
    assert StudioState.objects.load().is_held, "somebody has asked for a video meanwhile"
    as_carol.post(address, {"do": "end", "total": as_carol.get(URL).context["status"].total})
    assert not StudioState.objects.load().is_held


def test_here_nobody_releases_a_restored_database(as_carol: Client, backend: Backend):
    hold.hold(restored=True)

    page = _page(as_carol)
    as_carol.post(reverse("videos:queues_maintenance"), {"do": "end", "total": "0 videos, $0.00"})

    assert StudioState.objects.load().was_restored
    assert "End maintenance" not in page
    assert reverse("admin:videos_studiostate_changelist") in page


def test_each_may_pause_what_their_permissions_are_about(client: Client, alice: User, backend: Backend):
    staff = UserFactory(is_staff=True)
    client.force_login(staff)
    addresses = {
        "view_studiostate": URL,
        "change_backend": reverse("videos:queues_backend", args=[backend.pk]),
        "change_studiostate": reverse("videos:queues_person", args=[alice.pk]),
    }
    for permission, address in addresses.items():
        ask = client.get if address == URL else client.post
        assert ask(address, {"do": "pause"}).status_code == 403
        staff.user_permissions.add(Permission.objects.get(codename=permission))
        assert ask(address, {"do": "pause"}).status_code in (200, 302)
