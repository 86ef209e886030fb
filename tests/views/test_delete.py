"""Deleting for good, which is possible only from the trash."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def url_of(video: Video) -> str:
    return reverse("videos:delete", args=[video.public_id])


def trashed(owner, **fields) -> Video:
    return VideoFactory(owner=owner, trashed_at=timezone.now(), **{"state": State.COMPLETED, **fields})


def test_it_asks_first(as_alice, alice):
    video = trashed(alice)
    page = as_alice.get(url_of(video)).content.decode()
    assert "Permanently delete this video?" in page
    video.refresh_from_db()
    assert video.deleted_at is None


def test_it_deletes(as_alice, alice, hints, django_capture_on_commit_callbacks):
    video, other = trashed(alice), trashed(alice)
    with django_capture_on_commit_callbacks(execute=True):
        response = as_alice.post(url_of(video))
    assert response.url == reverse("videos:trash")
    video.refresh_from_db()
    other.refresh_from_db()
    assert video.deleted_at is not None
    assert video.delete_job_at is not None
    assert other.deleted_at is None
    assert hints == [("clean_up_video", video.pk)]
    assert as_alice.post(url_of(video)).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_not_in_the_trash_goes_there_first(as_alice, alice, method):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    response = getattr(as_alice, method)(url_of(video))
    assert response.url == reverse("videos:move_to_trash", args=[video.public_id])
    video.refresh_from_db()
    assert video.deleted_at is None
    assert video.trashed_at is None, "the page that follows asks first"


@pytest.mark.parametrize("who", ["as_bob", "as_carol"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_refuses_a_stranger(request, alice, who, method):
    video = trashed(alice)
    response = getattr(request.getfixturevalue(who), method)(url_of(video))
    assert response.status_code == 404
    video.refresh_from_db()
    assert video.deleted_at is None


def test_it_sends_those_not_signed_in_away(client, alice):
    video = trashed(alice)
    assert client.post(url_of(video)).url.startswith(reverse("account_login"))
    video.refresh_from_db()
    assert video.deleted_at is None


def test_it_needs_the_csrf_token(alice):
    video = trashed(alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(url_of(video)).status_code == 403
    video.refresh_from_db()
    assert video.deleted_at is None


def test_it_knows_no_other_method(as_alice, alice):
    assert as_alice.delete(url_of(VideoFactory(owner=alice))).status_code == 405
