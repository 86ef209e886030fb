"""Webhooks in the admin: for superusers, to look at, to stop and to send again."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import UserFactory
from tests.webhooks.conftest import Publish, only
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState

pytestmark = pytest.mark.django_db
LIST = "admin:webhooks_endpoint_changelist"
LOG = "admin:webhooks_delivery_changelist"


def _act(client: Client, name: str, action: str, *pks: int) -> str:
    data = {"action": action, "_selected_action": pks}
    response = client.post(reverse(name), data, follow=True)
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


def test_it_shows_them_without_secrets_and_changes_none(as_carol: Client, hook, happen: Publish):
    endpoint = hook()
    happen()
    page = as_carol.get(reverse(LIST))
    assert endpoint.url in page.content.decode()
    change = as_carol.get(reverse("admin:webhooks_endpoint_change", args=[endpoint.pk]))
    assert endpoint.secret not in change.content.decode()
    assert as_carol.post(change.wsgi_request.path, {"url": "https://x.example/"}).status_code == 403
    assert as_carol.get(reverse(LOG)).status_code == 200
    assert as_carol.get(reverse("admin:webhooks_delivery_change", args=[only().pk])).status_code == 200
    assert as_carol.get(reverse("admin:webhooks_endpoint_add")).status_code == 403


def test_staff_without_all_rights_see_nothing(hook, client: Client):
    dave: User = UserFactory(username="dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(content_type__app_label="webhooks"))
    client.force_login(dave)
    endpoint = hook()

    assert client.get(reverse(LIST)).status_code == 403
    assert (
        client.post(reverse(LIST), {"action": "pause", "_selected_action": [endpoint.pk]}).status_code == 403
    )
    assert Endpoint.objects.get().state == EndpointState.ACTIVE


def test_a_superuser_pauses_and_resumes(as_carol: Client, hook):
    endpoint = hook()
    assert "1 changed." in _act(as_carol, LIST, "pause", endpoint.pk)
    assert Endpoint.objects.get().state == EndpointState.PAUSED
    assert "0 changed." in _act(as_carol, LIST, "pause", endpoint.pk)
    _act(as_carol, LIST, "resume", endpoint.pk)
    assert Endpoint.objects.get().state == EndpointState.ACTIVE


def test_a_superuser_resends(as_carol: Client, hook, happen: Publish):
    hook()
    happen()
    Delivery.objects.update(state=DeliveryState.FAILED, due_at=None)
    assert "1 on their way again." in _act(as_carol, LOG, "resend", only().pk)
    assert only().state == DeliveryState.PENDING

    Delivery.objects.update(state=DeliveryState.FAILED, due_at=None)
    Endpoint.objects.update(state=EndpointState.PAUSED)
    assert "not active" in _act(as_carol, LOG, "resend", only().pk)
    assert only().state == DeliveryState.FAILED


def test_they_go_with_their_owner(as_carol: Client, hook, happen: Publish):
    gone: User = UserFactory()
    hook(owner=gone)
    happen(user=gone)
    address = reverse("admin:accounts_user_delete", args=[gone.pk])
    assert as_carol.post(address, {"post": "yes"}).status_code == 302

    assert not User.objects.filter(pk=gone.pk).exists()
    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()
