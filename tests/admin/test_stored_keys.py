"""A backend's stored key in the admin: pasted, replaced, deleted, confirmed, and never shown."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from tests.factories import BackendFactory
from videos.engine import clients
from videos.models import Backend

pytestmark = pytest.mark.django_db

KEY, OTHER = "sk-stored-0123456789", "sk-another-0123456789"


@pytest.fixture
def backend() -> Backend:
    backend = BackendFactory()
    backend.store_key(KEY)
    backend.key_confirmed_for = backend.key_destination
    backend.save()
    return backend


def _change(client: Client, backend: Backend, **changes: object) -> Any:
    form = {
        "name": backend.name,
        "base_url": backend.base_url,
        "key_env": backend.key_env,
        "service": backend.service,
        "timeout": 60,
        "max_in_flight": 4,
        "job_retention": "studio",
        "position": 0,
        "enabled": "on",
    }
    return client.post(reverse("admin:videos_backend_change", args=[backend.pk]), form | changes)


def _sent_key(backend: Backend) -> str:
    return clients.connection_for(Backend.objects.get(pk=backend.pk)).api_key


def test_it_is_said_to_be_there_and_shown_nowhere(as_carol: Client, backend: Backend):
    page = as_carol.get(reverse("admin:videos_backend_change", args=[backend.pk])).content.decode()

    assert "stored encrypted since" in page
    for secret in (KEY, backend.stored_key):
        assert secret not in page


def test_saving_the_page_leaves_it_alone(as_carol: Client, backend: Backend):
    assert _change(as_carol, backend, timeout=9).status_code == 302

    assert _sent_key(backend) == KEY


def test_it_is_replaced(as_carol: Client, backend: Backend):
    response = _change(as_carol, backend, new_key=f" {OTHER} ")

    assert response.status_code == 302
    assert _sent_key(backend) == OTHER


def test_it_is_deleted(as_carol: Client, backend: Backend):
    assert _change(as_carol, backend, delete_key="on").status_code == 302

    row = Backend.objects.get(pk=backend.pk)
    assert (row.stored_key, row.key_stored_at, row.key_problem, _sent_key(row)) == ("", None, "", "")


def test_a_pasted_one_takes_the_place_of_a_variable(as_carol: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BACKEND_KEY_BOX", OTHER)
    backend = BackendFactory(key_env="BACKEND_KEY_BOX")

    assert _change(as_carol, backend, new_key=KEY).status_code == 302

    row = Backend.objects.get(pk=backend.pk)
    assert (row.key_env, _sent_key(row)) == ("", KEY)


def test_a_variable_takes_its_place_when_it_is_deleted(
    as_carol: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BACKEND_KEY_BOX", OTHER)

    assert _change(as_carol, backend, key_env="BACKEND_KEY_BOX", delete_key="on").status_code == 302

    assert _sent_key(backend) == OTHER


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key_env": "BACKEND_KEY_BOX"}, "key_env"),
        ({"key_env": "BACKEND_KEY_BOX", "new_key": OTHER}, "key_env"),
        ({"new_key": OTHER, "delete_key": "on"}, "delete_key"),
        ({"new_key": "two words"}, "new_key"),
        ({"new_key": "Bearer x"}, "new_key"),
    ],
)
def test_two_keys_at_once_and_what_is_none_are_refused(
    as_carol: Client, backend: Backend, changes: dict[str, str], field: str
):
    response = _change(as_carol, backend, **changes)

    assert response.status_code == 200
    assert response.context["adminform"].errors[field]
    assert OTHER not in response.content.decode()
    assert _sent_key(backend) == KEY


def test_a_changed_address_is_sent_nothing_until_it_is_confirmed(as_carol: Client, backend: Backend):
    response = _change(as_carol, backend, base_url="http://new.test/v1")

    assert any(
        "The stored key has not been confirmed" in str(each) for each in get_messages(response.wsgi_request)
    )
    assert _sent_key(backend) == ""
    moved = Backend.objects.get(pk=backend.pk)
    _change(as_carol, moved, confirm_key="on")
    assert _sent_key(backend) == KEY


def test_one_pasted_with_a_new_address_goes_there(as_carol: Client, backend: Backend):
    _change(as_carol, backend, base_url="http://new.test/v1", new_key=OTHER)

    assert _sent_key(backend) == OTHER


@pytest.mark.parametrize("tampered", [{"new_key": OTHER}, {"delete_key": "on"}, {"confirm_key": "on"}])
def test_staff_neither_replace_nor_delete_nor_confirm_it(staff, backend: Backend, tampered: dict[str, str]):
    client = staff("change_backend", "view_backend", "connect_backend")

    assert _change(client, backend, timeout=9, **tampered).status_code == 302

    assert Backend.objects.get(pk=backend.pk).timeout == 9
    assert _sent_key(backend) == KEY
    page = client.get(reverse("admin:videos_backend_change", args=[backend.pk])).content.decode()
    assert "new_key" not in page


def test_one_is_pasted_when_a_backend_is_added(as_carol: Client, backend: Backend):
    form = {"name": "New", "base_url": "http://new.test/v1", "service": "videos-api", "timeout": 5}
    form |= {"position": 0, "max_in_flight": 4, "enabled": "on", "new_key": OTHER}
    form["job_retention"] = "studio"

    assert as_carol.post(reverse("admin:videos_backend_add"), form).status_code == 302

    assert _sent_key(Backend.objects.get(name="New")) == OTHER
