"""While submissions are held, every page says so: to staff with the reason, to others without."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory
from tests.views.page import GOOD
from videos.engine import hold
from videos.models import State, Video

pytestmark = pytest.mark.django_db

NOTICE = "The studio is paused for maintenance"


def _studio(client: Client) -> str:
    return unescape(client.get(reverse("videos:studio")).content.decode())


def test_nothing_is_said_without_a_hold(as_alice: Client, as_carol: Client):
    assert NOTICE not in _studio(as_alice)
    assert "Submissions are held" not in _studio(as_carol)


def test_people_are_told_that_their_videos_wait(as_alice: Client):
    hold.hold(note="The bill is too high.")

    page = _studio(as_alice)

    assert NOTICE in page
    assert "The bill" not in page


def test_staff_are_told_why_and_what_to_do(as_carol: Client):
    hold.hold(restored=True)

    page = _studio(as_carol)

    assert "The database was restored from a backup" in page
    assert reverse("admin:videos_studiostate_changelist") in page
    assert NOTICE not in page


def test_staff_who_may_not_release_are_told_why_alone(client: Client):
    client.force_login(UserFactory(is_staff=True))
    hold.hold(note="New disks.")

    page = _studio(client)

    assert "New disks." in page
    assert reverse("admin:videos_studiostate_changelist") not in page


def test_videos_can_still_be_queued(as_alice: Client):
    hold.hold()

    assert as_alice.post(reverse("videos:studio"), GOOD).status_code == 302

    assert Video.objects.get().state == State.QUEUED
