"""Where a backend's key goes: to the address that a superuser confirmed for it, from a variable for keys."""

import logging
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.backends.server import Server, reply
from tests.factories import BackendFactory, VideoFactory
from videos.backends.errors import RefusedError
from videos.engine import clients, dispatch
from videos.engine.submit import submit
from videos.models import Backend, State

pytestmark = pytest.mark.django_db
LIST = "admin:videos_backend_changelist"
OWN = ("SECRET_KEY", "OWNER_PASSWORD", "REDIS_URL", "DATABASE_URL", "SIMULATOR_API_KEY", "BACKEND_KEY_NAMES")
VALUE = "sk-of-ours-0123456789"


def _form(backend: Backend, **changes: object) -> dict[str, object]:
    form = {"name": backend.name, "base_url": backend.base_url, "key_env": backend.key_env, "timeout": 5}
    form |= {"service": backend.service, "job_retention": "studio"}
    numbers = {"max_in_flight": 4, "requests_per_minute": "", "position": 0}
    return {**form, **numbers, "enabled": "on", **changes}


def _change(client: Client, backend: Backend, **changes: object) -> Any:
    return client.post(reverse("admin:videos_backend_change", args=[backend.pk]), _form(backend, **changes))


def _act(client: Client, action: str, backend: Backend) -> list[str]:
    data = {"action": action, "index": "0", "_selected_action": [backend.pk]}
    return [str(each) for each in get_messages(client.post(reverse(LIST), data).wsgi_request)]


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    for name in ("BACKEND_KEY_BOX", "OPENAI_API_KEY", "BOX_KEY", *OWN):
        monkeypatch.setenv(name, VALUE)
    return BackendFactory(key_env="BACKEND_KEY_BOX")


@pytest.fixture
def attacker():
    with Server(reply(200, {"object": "list", "data": []})) as server:
        yield server


def _sent_key(backend: Backend) -> str:
    return clients.connection_for(Backend.objects.get(pk=backend.pk)).api_key


@pytest.mark.parametrize("name", [*OWN, "PATH", "HOME", "AWS_SECRET_ACCESS_KEY", "BOX_KEY"])
def test_other_variables_are_not_taken_for_keys(as_carol: Client, backend: Backend, settings, name: str):
    answer = _change(as_carol, backend, key_env=name)

    assert "BACKEND_KEY_" in str(answer.context["adminform"].errors["key_env"])
    settings.BACKEND_KEY_NAMES = list(OWN)
    Backend.objects.filter(pk=backend.pk).update(key_env=name, key_confirmed_for=f"{name} {backend.base_url}")
    assert _sent_key(backend) == "", "not even when the row says so"


@pytest.mark.parametrize("name", ["BACKEND_KEY_BOX", "OPENAI_API_KEY", "BOX_KEY"])
def test_a_prefix_a_vendors_name_and_a_listed_one_are(
    as_carol: Client, backend: Backend, settings, name: str
):
    settings.BACKEND_KEY_NAMES = ["BOX_KEY"]

    assert _change(as_carol, backend, key_env=name).status_code == 302

    assert _sent_key(backend) == VALUE


def test_add_backend_refuses_the_same_and_says_what_to_do(backend: Backend):
    with pytest.raises(CommandError, match="BACKEND_KEY_NAMES"):
        call_command("add_backend", "Evil", "http://evil.test/v1", key_env="OWNER_PASSWORD")


@pytest.mark.parametrize(
    "tampered",
    [
        {"base_url": "http://evil.test/v1"},
        {"service": "simulator"},
        {"base_url": "http://evil.test/v1", "confirm_key": "on"},
        {"key_env": "OPENAI_API_KEY"},
        {"in_private_network": "true"},
    ],
)
def test_staff_change_neither_service_nor_address_nor_key(staff, backend: Backend, tampered: dict[str, str]):
    before = (
        Backend.objects.filter(pk=backend.pk)
        .values("service", "base_url", "key_env", "in_private_network")
        .get()
    )
    client = staff("change_backend", "view_backend", "add_backend", "delete_backend")

    assert _change(client, backend, timeout=9, **tampered).status_code == 302

    after = Backend.objects.get(pk=backend.pk)
    assert after.timeout == 9, "their own part is saved"
    assert {name: getattr(after, name) for name in before} == before
    assert client.get(reverse("admin:videos_backend_add")).status_code == 403


def test_a_changed_address_is_sent_nothing_until_it_is_confirmed(
    as_carol: Client, backend: Backend, attacker: Server
):
    answer = _change(as_carol, backend, base_url=attacker.url)

    assert any("has not been confirmed" in str(each) for each in get_messages(answer.wsgi_request))
    moved = Backend.objects.get(pk=backend.pk)
    assert (moved.base_url, _sent_key(backend)) == (attacker.url, "")
    asked = len(attacker.requests)  # whether it is this studio, without the key
    assert VALUE not in str(attacker.requests)
    with pytest.raises(RefusedError) as caught, clients.client_for(moved):
        pass
    assert caught.value.concerns_account
    assert any("has not been confirmed" in words for words in _act(as_carol, "probe", moved))
    assert len(attacker.requests) == asked

    assert any("goes to" in words for words in _act(as_carol, "confirm_key", moved))
    assert _sent_key(backend) == VALUE


def test_a_queued_video_waits_for_the_confirmation_and_does_not_fail(backend: Backend, attacker: Server):
    video = VideoFactory(backend=backend)
    Backend.objects.filter(pk=backend.pk).update(base_url=attacker.url)

    claim = dispatch.claim_next(backend.pk)
    assert claim is not None
    submit(claim)

    video.refresh_from_db()
    backend.refresh_from_db()
    assert video.state == State.QUEUED
    assert "has not been confirmed" in backend.pause_reason
    assert attacker.requests == []


def test_the_box_in_the_form_confirms_in_one_go(as_carol: Client, backend: Backend, attacker: Server):
    _change(as_carol, backend, base_url=attacker.url, confirm_key="on")

    assert _sent_key(backend) == VALUE


@pytest.mark.parametrize(("base_url", "key_env"), [("http://evil.test/v1", None), (None, "OPENAI_API_KEY")])
def test_no_way_of_changing_a_row_keeps_the_confirmation(
    backend: Backend, base_url: str | None, key_env: str | None
):
    changes = {"base_url": base_url} if base_url else {"key_env": key_env}
    Backend.objects.filter(pk=backend.pk).update(**changes)

    assert _sent_key(backend) == ""


def test_staff_confirm_nothing(staff, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(base_url="http://evil.test/v1")

    _act(staff("change_backend", "view_backend"), "confirm_key", backend)

    assert _sent_key(backend) == ""


def test_what_a_superuser_adds_and_what_the_settings_name_is_confirmed(
    as_carol: Client, backend: Backend, settings
):
    new = _form(backend, name="New", base_url="http://new.test/v1")
    assert as_carol.post(reverse("admin:videos_backend_add"), new).status_code == 302
    assert _sent_key(Backend.objects.get(name="New")) == VALUE

    settings.BACKEND_URL, settings.BACKEND_KEY_VARIABLE = "http://env.test/v1", "BACKEND_KEY_BOX"
    assert _sent_key(Backend.objects.for_environment()) == VALUE


def test_the_list_and_the_page_say_that_a_key_waits(as_carol: Client, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(base_url="http://new.test/v1")

    for address in (reverse(LIST), reverse("admin:videos_backend_change", args=[backend.pk])):
        assert "has not been confirmed for http://new.test/v1" in as_carol.get(address).content.decode()


def test_probes_and_confirmations_are_logged_with_who_and_where(
    staff: Callable[..., Client], as_carol: Client, backend: Backend, attacker: Server, caplog
):
    caplog.set_level(logging.INFO)
    Backend.objects.filter(pk=backend.pk).update(base_url=attacker.url, key_env="")

    _act(staff("change_backend", "view_backend"), "probe", backend)

    (entry,) = LogEntry.objects.all()
    assert entry.get_change_message() == f"Probed at {attacker.url}."
    assert f"“{backend.name}” is probed at {attacker.url}, by {entry.user}" in caplog.text
    call_command("probe_backend", backend.name, stdout=StringIO())
    assert f"“{backend.name}” is probed at {attacker.url}, by probe_backend" in caplog.text
    Backend.objects.filter(pk=backend.pk).update(key_env="BACKEND_KEY_BOX")
    _act(as_carol, "confirm_key", backend)
    assert LogEntry.objects.filter(user__username="carol").get().get_change_message() == (
        f"Confirmed the key in BACKEND_KEY_BOX for {attacker.url}."
    )


def test_where_the_old_address_was_says_nothing_of_a_new_one(as_carol: Client, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(in_private_network=True)

    _change(as_carol, backend, base_url="http://new.test/v1", in_private_network="true")
    assert Backend.objects.get(pk=backend.pk).in_private_network is None
