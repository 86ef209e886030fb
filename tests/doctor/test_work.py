"""Backends, and the work that stands still: what really happened to it is what its line says."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from videos.doctor import backends, work
from videos.doctor.finding import Health
from videos.engine import dispatch, hold, storage_use
from videos.engine.storage_use import GIGABYTE
from videos.models import Backend, State, Video
from videos.services import backend_pauses, queue, queue_pauses
from webhooks.models import Endpoint

HOUR = timedelta(hours=1)


# --- Backends ----------------------------------------------------------------------------------------------


@pytest.fixture
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test has written is not committed, so other threads would not see it."""
    monkeypatch.setattr(backends._Asked, "start", lambda self: None)
    monkeypatch.setattr(backends._Asked, "findings", lambda self: [*_asked(self)])


def _asked(asked: backends._Asked) -> list[object]:
    return [*backends._notes(asked._backend, asked._what), *backends._answers(asked._backend, asked._what)]


@pytest.mark.django_db
def test_a_backend_that_answers_one_that_is_away_and_one_whose_key_is_refused(
    diagnose, in_this_thread: None, start_simulator: Callable[..., object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BACKEND_KEY_BOX", "wrong")
    simulator = start_simulator(api_key="right")
    BackendFactory(name="Box", base_url=f"{simulator.url}/v1", key_env="BACKEND_KEY_BOX")
    BackendFactory(name="Away", base_url="http://127.0.0.1:9/v1")

    found = diagnose(backends.check_backends)
    assert found.of("backend Box").health == Health.WRONG
    assert "The server refuses the key" in found.of("backend Box").found
    assert "wrong" not in found.of("backend Box").found
    assert found.of("backend Away").health == Health.WRONG
    assert "probe_backend" in found.of("backend Away").advice

    monkeypatch.setenv("BACKEND_KEY_BOX", "right")
    found = diagnose(backends.check_backends)
    assert found.of("backend Box").health == Health.OK
    assert found.of("backend Box, clock").health == Health.OK
    assert "it has accepted no job yet" in found.of("backend Box, record").found
    assert simulator.ledger() == []  # nothing was asked for


@pytest.mark.django_db
def test_a_backend_that_is_paused(diagnose, in_this_thread: None):
    backend = BackendFactory(name="Box", base_url="http://127.0.0.1:9/v1")
    dispatch.pause(backend.pk, seconds=600, reason="Out of credit.")
    backend.refresh_from_db()

    finding = next(each for each in diagnose(backends.check_backends).all if "paused" in each.found)

    assert finding.health == Health.WARNING
    assert finding.found.endswith("Out of credit.")
    assert "Resume now" in finding.advice


@pytest.mark.django_db
def test_a_backend_that_somebody_paused_and_that_is_away(diagnose, in_this_thread: None, carol):
    backend = BackendFactory(name="Box", base_url="http://127.0.0.1:9/v1")
    backend_pauses.pause_backends([backend], by=carol, reason="New card")
    VideoFactory(backend=backend, state=State.QUEUED)
    Video.objects.update(created_at=timezone.now() - 3 * HOUR, due_at=timezone.now() - HOUR)

    found = diagnose(backends.check_backends)

    assert any(each.found == "carol paused it until somebody resumes it: New card" for each in found.all)
    assert {each.health for each in found.bad} == {Health.WARNING}
    assert diagnose(work.check_stalled).bad == []


@pytest.mark.django_db
def test_a_key_that_must_not_be_sent(diagnose, in_this_thread: None):
    BackendFactory(name="Box", key_env="BACKEND_KEY_BOX", key_confirmed_for="elsewhere")

    finding = diagnose(backends.check_backends).of("backend Box")

    assert finding.health == Health.WRONG
    assert "has not been confirmed" in finding.found


@pytest.mark.django_db
def test_a_backend_most_of_whose_videos_fail(diagnose, in_this_thread: None):
    backend = BackendFactory(name="Box", base_url="http://127.0.0.1:9/v1")
    for _ in range(6):
        VideoFactory(backend=backend, state=State.FAILED, error_code="rate_limited")
    VideoFactory(backend=backend, state=State.COMPLETED)

    finding = diagnose(backends.check_backends).of("backend Box, record")

    assert finding.health == Health.WARNING
    assert "1 completed and 6 failed in the last day" in finding.found
    assert "6 of them failed with “rate_limited”" in finding.found


@pytest.mark.django_db
def test_no_backend_is_created_by_looking(diagnose, in_this_thread: None, settings):
    Backend.objects.all().delete()
    settings.SIMULATOR_URL = "http://127.0.0.1:9/v1"

    finding = diagnose(backends.check_backends).of("backend Simulator")

    assert "Start `make run`" in finding.advice
    assert not Backend.objects.exists()


# --- What stands still -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_stands_still(diagnose):
    for state in (State.QUEUED, State.IN_PROGRESS, State.STORING, State.COMPLETED, State.FAILED):
        VideoFactory(state=state)

    assert diagnose(work.check_stalled).bad == []
    assert diagnose(work.check_hold).bad == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "fields", "told"),
    [
        (State.QUEUED, {"created_at": 3 * HOUR, "due_at": HOUR}, "queued, the oldest for 3\xa0hours"),
        (
            State.IN_PROGRESS,
            {"due_at": HOUR},
            "running at a backend, and due to be polled, the oldest for 1\xa0hour",
        ),
        (State.STORING, {"due_at": HOUR}, "finished, and due to be stored"),
        (State.SUBMITTING, {"lease_expires_at": HOUR}, "being submitted, and nobody is at it"),
        (State.UNCERTAIN, {"due_at": None, "attempted_at": HOUR}, "in need of a decision"),
        (State.UNCERTAIN, {"attempted_at": HOUR}, "searched for at their backend"),
    ],
)
def test_videos_that_stand_still(diagnose, state: State, fields: dict[str, timedelta | None], told: str):
    video = VideoFactory(state=state)
    moments = {name: age and timezone.now() - age for name, age in fields.items()}
    Video.objects.filter(pk=video.pk).update(**moments)

    (finding,) = diagnose(work.check_stalled).bad

    assert finding.health == Health.WARNING
    assert f"1 video is {told}" in finding.found
    assert video.public_id in finding.found
    assert finding.advice


@pytest.mark.django_db
def test_what_somebody_has_paused_does_not_stand_still(diagnose, alice, bob):
    for owner in (alice, bob):
        VideoFactory(owner=owner, state=State.QUEUED)
    Video.objects.update(created_at=timezone.now() - 3 * HOUR, due_at=timezone.now() - HOUR)
    queue_pauses.pause_person(alice, "Later")
    queue.pause_videos(bob, [each.public_id for each in Video.objects.filter(owner=bob)])

    assert diagnose(work.check_stalled).bad == []


@pytest.mark.django_db
def test_a_full_storage_is_named(diagnose, alice, settings):
    assert diagnose(work.check_storage_quotas).bad == []
    settings.STORAGE_QUOTA_GB = 1
    VideoFactory(owner=alice, state=State.COMPLETED, byte_count=2 * GIGABYTE)
    storage_use.tell(alice.pk)

    finding = diagnose(work.check_storage_quotas).of("storage quotas")

    assert (finding.health, "alice" in finding.found) == (Health.WARNING, True)


@pytest.mark.django_db
def test_a_studio_that_is_held(diagnose):
    hold.hold(note="New disks")

    finding = diagnose(work.check_hold).of("submissions")

    assert finding.health == Health.WARNING
    assert "Maintenance. New disks." in finding.found
    assert "manage.py release" in finding.advice


@pytest.mark.django_db
def test_a_ledger_that_does_not_fit(diagnose, alice):
    assert diagnose(work.check_ledger).bad == []
    backend = BackendFactory()
    VideoFactory(owner=alice, backend=backend, state=State.COMPLETED, price="0.40")

    finding = diagnose(work.check_ledger).of("ledger")

    assert finding.health == Health.WRONG
    assert "nothing is charged for it" in finding.found


@pytest.mark.django_db
def test_webhooks_that_fail(diagnose, alice):
    assert diagnose(work.check_webhooks).bad == []
    Endpoint.objects.create(
        owner=alice, url="https://hooks.test/a", secret="x", failing_since=timezone.now(), failures=3
    )

    finding = diagnose(work.check_webhooks).of("webhooks")

    assert finding.found.startswith("1 fail at the moment, 0 are disabled")


@pytest.mark.django_db
def test_mail_that_was_not_sent(diagnose):
    from accounts.models import OutgoingMail

    assert diagnose(work.check_outgoing_mail).bad == []
    created = timezone.now() - HOUR
    OutgoingMail.objects.create(
        sender="a@studio.test",
        recipient="b@test",
        subject="s",
        created_at=created,
        error="SMTPServerDisconnected",
    )

    finding = diagnose(work.check_outgoing_mail).of("outgoing mail")

    assert (
        "1 messages wait, and 0 failed in the last day. The last reason: SMTPServerDisconnected"
        in finding.found
    )
