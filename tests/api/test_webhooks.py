"""Webhooks: a service that has the right to may hint at a job, and nobody can do anything else by them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from tests.webhook_signatures import sign_openrouter, sign_standard
from videos.engine import callbacks, sweep
from videos.lifecycle.generation import MIN_POLL_DISTANCE
from videos.models import Backend, State, Video, WebhookReceipt
from videos.services import webhooks

pytestmark = pytest.mark.django_db

SECRET = "a secret that only the service has"
JOB = "video_of_the_backend"
PUBLIC = "https://studio.example.org"


@pytest.fixture(autouse=True)
def public(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIC_URL = PUBLIC
    monkeypatch.setenv("BACKEND_KEY_HOOKS", SECRET)


@pytest.fixture
def backend(db: None) -> Backend:
    found: Backend = BackendFactory(name="Box", webhook_secret_env="BACKEND_KEY_HOOKS")
    return found


@pytest.fixture
def later() -> datetime:
    return timezone.now() + timedelta(minutes=5)


@pytest.fixture
def video(backend: Backend, later: datetime) -> Video:
    """A running video that would be polled in five minutes."""
    fields = {"state": State.IN_PROGRESS, "backend_job_id": JOB, "due_at": later}
    made: Video = VideoFactory(backend=backend, answered_at=timezone.now() - timedelta(minutes=1), **fields)
    return made


def event(job_id: object = JOB, **more: object) -> bytes:
    data = {"id": job_id, "status": "completed", "usage": {"cost": 0}}
    return json.dumps({"type": "video.completed", "data": data, **more}).encode()


def send(
    address: str, body: bytes, headers: dict[str, str] | None = None, client: Client | None = None
) -> tuple[int, dict[str, Any]]:
    client = client or Client(enforce_csrf_checks=True)
    response = client.post(address, body, content_type="application/json", headers=headers or {})
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.json()


def send_signed(backend: Backend, body: bytes | None = None, **options: Any) -> tuple[int, dict[str, Any]]:
    body = event() if body is None else body
    secret, at = options.pop("secret", SECRET), options.pop("at", timezone.now().timestamp())
    headers = sign_standard(secret, body, at=at, **options)
    return send(f"/webhooks/{backend.pk}", body, headers)


def due_at(video: Video) -> datetime:
    found = Video.objects.values_list("due_at", flat=True).get(pk=video.pk)
    assert found is not None
    return found


REFUSED = {
    "error": {
        "type": "authentication_error",
        "code": "webhook_refused",
        "message": "This webhook is not taken.",
        "param": None,
    }
}

# --- What one does -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_has_the_job_polled_now_and_changes_nothing_else(video: Video, hints: list[tuple[str, int]]):
    before = Video.objects.filter(pk=video.pk).values().get()

    assert send_signed(video.backend) == (202, {"received": True})

    after = Video.objects.filter(pk=video.pk).values().get()
    assert after.pop("due_at") <= timezone.now() < before.pop("due_at")
    assert after == before
    assert hints == [("poll_backend", video.backend_id)]


@pytest.mark.parametrize("job_id", ["another", "", None, 4, {}, "\x00", "\ud800", "x" * 100_0])
def test_a_job_that_is_not_known_is_taken_and_does_nothing(
    video: Video, later: datetime, hints: list[tuple[str, int]], job_id: object
):
    """So is one whose create has not been answered yet: it is found as always."""
    assert send_signed(video.backend, event(job_id)) == (202, {"received": True})
    assert due_at(video) == later
    assert hints == []


def test_a_backends_webhook_is_about_its_own_jobs_alone(video: Video, later: datetime):
    other = BackendFactory(webhook_secret_env="BACKEND_KEY_HOOKS")

    assert send_signed(other)[0] == 202
    assert due_at(video) == later


@pytest.mark.parametrize("state", [State.QUEUED, State.STORING, State.COMPLETED, State.CANCELED])
def test_a_video_that_does_not_run_is_left_alone(backend: Backend, later: datetime, state: State):
    video = VideoFactory(backend=backend, state=state, backend_job_id=JOB, due_at=later)

    assert send_signed(backend)[0] == 202
    assert due_at(video) == later


def test_a_job_that_ran_out_of_time_is_polled_now(backend: Backend, later: datetime):
    fields = {"generated_at": None, "late_since": timezone.now()}
    video = VideoFactory(backend=backend, state=State.FAILED, backend_job_id=JOB, due_at=later, **fields)

    send_signed(backend)

    assert due_at(video) <= timezone.now()


def test_many_hints_do_not_have_a_job_polled_more_often(video: Video, hints: list[tuple[str, int]]):
    answered = timezone.now() - timedelta(seconds=1)
    Video.objects.filter(pk=video.pk).update(answered_at=answered)

    statuses = {send_signed(video.backend)[0] for _ in range(5)}

    assert statuses == {202}
    assert due_at(video) == answered + MIN_POLL_DISTANCE


def test_a_job_is_hinted_at_once_in_a_while(video: Video, later: datetime):
    send_signed(video.backend)
    Video.objects.filter(pk=video.pk).update(due_at=later)  # it was polled, and goes on

    assert send_signed(video.backend)[0] == 202
    assert due_at(video) == later


# --- What is refused ---------------------------------------------------------------------------------------


def test_a_repeated_one_is_refused(video: Video, later: datetime):
    body, at = event(), timezone.now().timestamp()
    headers = sign_standard(SECRET, body, at=at, identifier="msg_1")
    address = f"/webhooks/{video.backend_id}"
    assert send(address, body, headers)[0] == 202
    Video.objects.filter(pk=video.pk).update(due_at=later)

    status, answer = send(address, body, headers)

    assert (status, answer["error"]["code"]) == (409, "webhook_repeated")
    assert due_at(video) == later
    assert send_signed(video.backend, at=at + 1, identifier="msg_1")[0] == 409, "the id is what counts"
    assert send_signed(BackendFactory(webhook_secret_env="BACKEND_KEY_HOOKS"), identifier="msg_1")[0] == 202


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_taken(video: Video):
    body = event()
    headers = sign_standard(SECRET, body, at=timezone.now().timestamp())

    def deliver(_: int) -> int:
        try:
            return send(f"/webhooks/{video.backend_id}", body, headers)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(deliver, range(4)))

    assert statuses == [202, 409, 409, 409]
    assert WebhookReceipt.objects.count() == 1


def test_a_wrong_signature_is_refused(video: Video, later: datetime):
    assert send_signed(video.backend, secret="another") == (401, REFUSED)
    assert send(f"/webhooks/{video.backend_id}", event()) == (401, REFUSED)
    assert due_at(video) == later
    assert not WebhookReceipt.objects.exists()


@pytest.mark.parametrize("age", [-400, 400])
def test_an_old_timestamp_is_refused(video: Video, later: datetime, age: int):
    assert send_signed(video.backend, at=timezone.now().timestamp() - age) == (401, REFUSED)
    assert due_at(video) == later


@pytest.mark.parametrize("number", ["0", "999999", "9" * 40])
def test_an_unknown_backend_is_refused_like_a_wrong_signature(number: str):
    body = event()
    headers = sign_standard(SECRET, body, at=timezone.now().timestamp())

    assert send(f"/webhooks/{number}", body, headers) == (401, REFUSED)


def test_without_a_secret_no_signed_webhook_is_taken(video: Video, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BACKEND_KEY_HOOKS")
    assert send_signed(video.backend) == (401, REFUSED)
    assert send_signed(video.backend, secret="") == (401, REFUSED)
    Backend.objects.update(webhook_secret_env="")
    assert send_signed(video.backend, secret="") == (401, REFUSED)


def test_a_variable_of_the_studios_own_is_no_secret(video: Video, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", SECRET)
    Backend.objects.update(webhook_secret_env="SECRET_KEY")

    assert send_signed(video.backend) == (401, REFUSED)


def test_without_a_public_address_there_are_none(video: Video, settings: Any, later: datetime):
    settings.PUBLIC_URL = ""

    status, answer = send_signed(video.backend)

    assert (status, answer["error"]["code"]) == (404, "not_found")
    assert callbacks.callback_url(video) == ""
    assert due_at(video) == later


def test_a_body_above_the_bound_is_refused_before_it_is_read(video: Video):
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    response = Client().generic(
        "POST",
        f"/webhooks/{video.backend_id}",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(64 * 1024 + 1)},
    )

    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


def test_a_body_up_to_the_bound_is_taken(video: Video):
    body = event(padding="x" * (64 * 1024 - len(event(padding=""))))
    assert len(body) == 64 * 1024
    assert send_signed(video.backend, body)[0] == 202


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[" * 60_000, b"null"])
def test_a_signed_body_that_makes_no_sense_is_taken_and_does_nothing(
    video: Video, later: datetime, body: bytes
):
    assert send_signed(video.backend, body)[0] == 202
    assert due_at(video) == later


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_other_methods_are_refused(video: Video, method: str):
    response = getattr(Client(), method)(f"/webhooks/{video.backend_id}")

    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_too_many_are_refused(video: Video, settings: Any):
    settings.API_REQUESTS_PER_MINUTE = 3

    statuses = [send_signed(video.backend, secret="guess")[0] for _ in range(5)]

    assert statuses == [401, 401, 401, 429, 429]


# --- The address of one video ------------------------------------------------------------------------------


@pytest.fixture
def unsigned(video: Video) -> str:
    """The address of a video whose backend does not sign, as the service is told it."""
    Backend.objects.update(webhook_secret_env="")
    return callbacks.callback_url(video).removeprefix(PUBLIC)


def test_the_ticket_alone_opens_the_address_of_a_video(video: Video, unsigned: str):
    assert unsigned.startswith(f"/webhooks/{video.backend_id}/{video.public_id}/")
    assert send(unsigned, event("whatever it says")) == (202, {"received": True})
    assert due_at(video) <= timezone.now()


def test_another_ticket_does_not(video: Video, unsigned: str, later: datetime):
    other = VideoFactory(backend=video.backend, state=State.IN_PROGRESS)
    ticket = callbacks.callback_url(other).rpartition("/")[2]
    wrong = unsigned.rpartition("/")[0]

    for address in (f"{wrong}/{ticket}", f"{wrong}/x", unsigned[:-1], f"{unsigned}x"):
        assert send(address, event()) == (401, REFUSED)
    assert due_at(video) == later


def test_the_ticket_of_a_video_that_is_gone_does_nothing(unsigned: str):
    address = callbacks.callback_url(Video(public_id="video_gone", backend_id=1)).removeprefix(PUBLIC)

    assert send(address, event())[0] == 202


def test_the_same_unsigned_one_is_refused(video: Video, unsigned: str, later: datetime):
    assert send(unsigned, event())[0] == 202
    Video.objects.filter(pk=video.pk).update(due_at=later)

    assert send(unsigned, event())[0] == 409
    assert due_at(video) == later


def test_with_a_secret_the_ticket_is_not_enough(video: Video, later: datetime):
    Backend.objects.update(service="openrouter")
    address, body = callbacks.callback_url(video).removeprefix(PUBLIC), event()
    assert send(address, body) == (401, REFUSED)
    assert due_at(video) == later

    headers = sign_openrouter(SECRET, body, at=timezone.now().timestamp())
    assert send(address, body, headers)[0] == 202
    assert due_at(video) <= timezone.now()
    other = {**headers, "x-openrouter-idempotency-key": "another"}
    assert send(address, body, other)[0] == 409


@pytest.mark.parametrize("url", ["", "http://studio.example.org"])
def test_no_service_is_told_an_address_without_https(video: Video, settings: Any, url: str):
    settings.PUBLIC_URL = url
    assert callbacks.callback_url(video) == ""


def test_a_ticket_is_worth_nothing_after_the_studios_key_changed(video: Video, unsigned: str, settings: Any):
    settings.SECRET_KEY = "another key of this studio, of sufficient length"
    assert signing.Signer().key == settings.SECRET_KEY
    assert send(unsigned, event()) == (401, REFUSED)


# --- Housekeeping, and what staff see ----------------------------------------------------------------------


def test_receipts_are_removed_when_no_signature_is_taken_any_more(backend: Backend):
    old = timezone.now() - timedelta(hours=2)
    WebhookReceipt.objects.create(backend=backend, digest="old", received_at=old)
    WebhookReceipt.objects.create(backend=backend, digest="new")

    sweep.sweep()

    assert [each.digest for each in WebhookReceipt.objects.all()] == ["new"]


def test_the_admin_says_where_to_send_them_and_takes_only_names_of_keys(carol: Any, backend: Backend):
    client = Client()
    client.force_login(carol)
    url = reverse("admin:videos_backend_change", args=[backend.pk])

    page = client.get(url).content.decode()

    assert f"{PUBLIC}/webhooks/{backend.pk}" in page
    assert "BACKEND_KEY_HOOKS is set" in page
    assert SECRET not in page
    refused = client.post(url, {"name": "Box", "service": "videos-api", "webhook_secret_env": "SECRET_KEY"})
    assert "Give the name of a variable for backends" in refused.content.decode()


def test_a_job_is_hinted_at_only_by_what_was_taken(video: Video, monkeypatch: pytest.MonkeyPatch):
    """A receipt that cannot be written is no receipt: the sender tries again."""
    monkeypatch.setattr(webhooks, "_hasten", lambda video: pytest.fail("hinted"))
    assert send_signed(video.backend, secret="another")[0] == 401
