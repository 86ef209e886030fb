"""Pausing and resuming a backend, switching it off, deleting it: what is said, and what happens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from tests.admin.conftest import messages_of
from tests.factories import BackendFactory, VideoFactory
from videos.capabilities import available_offers
from videos.engine import dispatch
from videos.models import Backend, ReleasedJob, State, VideoModel

pytestmark = pytest.mark.django_db
LIST = "admin:videos_backend_changelist"


def _act(client: Client, action: str, *backends: Backend, **more: str) -> Any:
    data = {"action": action, "index": "0", "_selected_action": [each.pk for each in backends], **more}
    response = client.post(reverse(LIST), data)
    for backend in backends:
        backend.refresh_from_db()
    return response


@pytest.fixture
def backend(db) -> Backend:
    return BackendFactory(name="Box")


def _page(client: Client, backend: Backend) -> str:
    return client.get(reverse("admin:videos_backend_change", args=[backend.pk])).content.decode()


def test_the_confirmation_says_what_waits_and_changes_nothing(as_carol: Client, backend: Backend):
    VideoFactory.create_batch(3, backend=backend)
    VideoFactory(backend=backend, state=State.IN_PROGRESS)

    page = _act(as_carol, "pause", backend).content.decode()

    assert "3 queued videos wait" in page
    assert "1 job in flight goes on" in page
    assert not backend.is_paused


def test_a_paused_backend_starts_nothing_and_its_jobs_go_on(as_carol: Client, backend: Backend):
    VideoFactory(backend=backend)
    running = VideoFactory(backend=backend, state=State.IN_PROGRESS)

    response = _act(as_carol, "pause", backend, confirmed="yes", reason="The card moves", page="1")

    assert response.url == reverse("admin:videos_backend_change", args=[backend.pk])
    assert (backend.paused_by, backend.pause_end) == ("carol", None)
    assert dispatch.claim_next(backend.pk) is None
    running.refresh_from_db()
    assert running.state == State.IN_PROGRESS
    entry = Entry.objects.get(action="paused")
    assert (entry.username, entry.label, entry.note) == (
        "carol",
        "Box",
        "Until somebody resumes it. The card moves",
    )
    page = as_carol.get(reverse(LIST)).content.decode()
    assert "Paused by carol until somebody resumes it" in page
    assert "The card moves" in page

    assert messages_of(_act(as_carol, "resume", backend)) == ["1 resumed."]
    assert (backend.is_paused, backend.paused_by, backend.pause_reason) == (False, "", "")
    assert dispatch.claim_next(backend.pk) is not None


def test_a_pause_ends_by_itself_where_it_has_an_end(as_carol: Client, backend: Backend):
    _act(as_carol, "pause", backend, confirmed="yes", length="4")

    assert backend.pause_end is not None
    assert timedelta(hours=3) < backend.pause_end - timezone.now() <= timedelta(hours=4)
    assert "Paused by carol until" in _page(as_carol, backend)


def test_the_engine_does_not_shorten_what_a_person_paused(as_carol: Client, backend: Backend):
    _act(as_carol, "pause", backend, confirmed="yes", reason="Moves")

    dispatch.pause(backend.pk, seconds=60, reason="Slow down.", code="rate_limited")

    backend.refresh_from_db()
    assert (backend.paused_by, backend.pause_reason, backend.pause_end) == ("carol", "Moves", None)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("rate_limited", "after too many requests (429)"),
        ("invalid_key", "Key refused: tried again at"),
        ("unreachable", "Does not answer since"),
        ("out_of_credit", "Out of credit: tried again at"),
    ],
)
def test_a_pause_of_the_engine_says_why(as_carol: Client, backend: Backend, code: str, words: str):
    dispatch.pause(backend.pk, seconds=60, reason="It said so.", code=code)

    page = as_carol.get(reverse(LIST)).content.decode()

    assert words in page
    assert "It said so." in page


def test_silence_in_a_row_is_told_from_its_beginning(backend: Backend):
    dispatch.pause(backend.pk, seconds=0, reason="Away.", code="unreachable")
    began = Backend.objects.get(pk=backend.pk).paused_since

    dispatch.pause(backend.pk, seconds=5, reason="Away.", code="unreachable")
    assert Backend.objects.get(pk=backend.pk).paused_since == began
    dispatch.note_acceptance(backend.pk)
    assert Backend.objects.get(pk=backend.pk).paused_since is None


def test_switched_off_it_is_offered_to_nobody_and_keeps_its_videos(as_carol: Client, backend: Backend):
    backend.models.set(VideoModel.objects.all())
    video = VideoFactory(backend=backend, state=State.COMPLETED)
    VideoFactory(backend=backend)
    assert "1 queued video waits" in _act(as_carol, "switch_off", backend).content.decode()
    assert backend.enabled

    assert messages_of(_act(as_carol, "switch_off", backend, confirmed="yes")) == ["1 switched off."]

    assert not backend.enabled
    assert all(offer.backend != backend for offer in available_offers().values())
    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert Entry.objects.get(action="changed").changes == {"enabled": [True, False]}
    _act(as_carol, "switch_on", backend)
    assert backend.enabled


def test_one_that_something_would_be_lost_with_is_not_deleted(as_carol: Client, backend: Backend):
    VideoFactory.create_batch(2, backend=backend, state=State.COMPLETED)
    ReleasedJob.objects.create(backend=backend, backend_job_id="j", due_at=timezone.now())
    address = reverse("admin:videos_backend_delete", args=[backend.pk])

    page = as_carol.get(address).content.decode()

    assert "what its 2 videos cost" in page
    assert "1 job that nobody wants any more" in page
    assert "Switch it off instead" in page
    as_carol.post(address, {"post": "yes"})
    _act(as_carol, "delete_selected", backend, post="yes")
    assert Backend.objects.filter(pk=backend.pk).exists()


def test_a_job_alone_stands_against_it_too(as_carol: Client, backend: Backend):
    ReleasedJob.objects.create(backend=backend, backend_job_id="j", due_at=timezone.now())
    as_carol.post(reverse("admin:videos_backend_delete", args=[backend.pk]), {"post": "yes"})
    assert Backend.objects.filter(pk=backend.pk).exists()


def test_an_unused_one_is_deleted_after_saying_what_goes(as_carol: Client, backend: Backend):
    backend.models.set([VideoModel.objects.get(name="sora-2")])
    address = reverse("admin:videos_backend_delete", args=[backend.pk])
    assert "Sora 2 is offered no longer" in as_carol.get(address).content.decode()

    as_carol.post(address, {"post": "yes"})

    assert not Backend.objects.filter(pk=backend.pk).exists()
    assert VideoModel.objects.filter(name="sora-2").exists()


def test_those_who_may_only_look_do_none_of_it(staff, backend: Backend):
    client = staff("view_backend")
    page = _page(client, backend)
    assert 'value="pause"' not in page
    for action in ("pause", "resume", "switch_off", "probe"):
        _act(client, action, backend, confirmed="yes")
    assert (backend.enabled, backend.is_paused, backend.probe_tried_at) == (True, False, None)


def test_staff_with_that_permission_alone_pause_and_resume(staff, backend: Backend):
    client = staff("change_backend")
    _act(client, "pause", backend, confirmed="yes")
    assert backend.is_paused
    _act(client, "resume", backend)
    assert not backend.is_paused
