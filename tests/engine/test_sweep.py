import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.factories import BackendFactory, UserFactory, VideoFactory
from tests.simulator.conftest import StartSimulator
from videos import lifecycle, tasks
from videos.engine import characters, sweep
from videos.models import Backend, Character, State, WebhookReceipt

pytestmark = pytest.mark.django_db


def test_a_submission_whose_worker_died_becomes_uncertain(backend: Backend):
    dead = VideoFactory(
        backend=backend,
        state=State.SUBMITTING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )
    alive = VideoFactory(
        backend=backend,
        state=State.SUBMITTING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() + timedelta(seconds=30),
    )

    sweep.sweep()
    sweep.sweep()

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert dead.state == State.UNCERTAIN
    assert alive.state == State.SUBMITTING


def test_it_hints_at_uncertain_videos_that_are_due(backend: Backend, hints: list):
    VideoFactory(backend=backend, state=State.UNCERTAIN)
    VideoFactory(backend=backend, state=State.UNCERTAIN)
    VideoFactory(state=State.UNCERTAIN, due_at=None)

    sweep.sweep()

    assert hints == [("reconcile", backend.pk)]


def test_it_hints_at_what_is_to_be_forgotten(backend: Backend, hints: list):
    canceled = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    lifecycle.cancel(canceled.pk)
    deleted = VideoFactory(backend=backend, state=State.FAILED, backend_job_id="")
    lifecycle.delete(deleted.pk)
    VideoFactory(backend=backend, state=State.COMPLETED)

    sweep.sweep()

    assert sorted(hints) == [("clean_up_video", canceled.pk), ("clean_up_video", deleted.pk)]


def test_a_backend_that_was_never_looked_at_is_probed_once_in_a_while(hints: list):
    new = BackendFactory(probed_at=None)
    BackendFactory(probed_at=None, enabled=False)
    BackendFactory(probed_at=None, base_url="https://api.openai.com/v1")
    BackendFactory()

    sweep.sweep()
    sweep.sweep()

    assert hints == [("probe", new.pk)]


def test_a_probe_keeps_what_a_new_backend_can_do_and_happens_once(start_simulator: StartSimulator):
    simulator = start_simulator()
    backend = BackendFactory(probed_at=None, base_url=f"{simulator.url}/v1")

    tasks.probe_task(backend.pk)
    seen = simulator.http.get("/_simulator/ledger").json()
    tasks.probe_task(backend.pk)

    backend.refresh_from_db()
    assert (backend.can_remix, backend.can_extend, backend.can_list) == (True, True, True)
    assert simulator.http.get("/_simulator/ledger").json() == seen
    assert seen["accepted"] == []


def test_a_probe_of_a_backend_that_is_away_is_not_the_last_one():
    backend = BackendFactory(probed_at=None, base_url="http://127.0.0.1:9/v1")

    tasks.probe_task(backend.pk)

    backend.refresh_from_db()
    assert (backend.probed_at, backend.can_list) == (None, None)


def test_a_part_that_fails_does_not_keep_the_others_from_their_turn(
    backend: Backend, hints: list, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail() -> int:
        raise ZeroDivisionError

    VideoFactory(backend=backend, state=State.UNCERTAIN)
    monkeypatch.setattr(sweep, "_STEPS", (fail, *sweep._STEPS))

    sweep.sweep()

    assert hints == [("reconcile", backend.pk)]
    assert "A part of the sweep failed: fail" in caplog.text


def test_old_sessions_are_removed_in_bites_and_others_are_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sweep, "REMOVE_BATCH", 3)
    now = timezone.now()
    for n in range(5):
        Session.objects.create(session_key=f"old{n}", expire_date=now - timedelta(days=n + 1))
    Session.objects.create(session_key="alive", expire_date=now + timedelta(days=1))

    sweep.sweep()
    assert set(Session.objects.values_list("pk", flat=True)) == {"old0", "old1", "alive"}
    sweep.sweep()
    assert set(Session.objects.values_list("pk", flat=True)) == {"alive"}


def test_receipts_of_webhooks_go_in_bites_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sweep, "REMOVE_BATCH", 3)
    now, backend = timezone.now(), BackendFactory()
    for n in range(5):
        old = now - timedelta(hours=2)
        WebhookReceipt.objects.create(backend=backend, digest=f"old{n}", received_at=old)
    WebhookReceipt.objects.create(backend=backend, digest="new")

    sweep.sweep()
    assert WebhookReceipt.objects.count() == 3
    sweep.sweep()
    assert [each.digest for each in WebhookReceipt.objects.all()] == ["new"]


def test_characters_that_wait_at_one_backend_do_not_keep_those_at_another_waiting(hints: list):
    owner, busy, other = UserFactory(), BackendFactory(), BackendFactory()
    first = Character.objects.create(owner=owner, backend=other, name="First")
    for n in range(characters.HINTS_PER_BACKEND * 6):
        Character.objects.create(owner=owner, backend=busy, name=f"Late {n}")

    sweep.sweep()

    assert ("create_character", first.pk) in hints
    assert len(hints) == characters.HINTS_PER_BACKEND + 1
