"""Who may connect a service, and who is led there."""

import logging

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.connect.conftest import Serve
from tests.connect.steps import Connecting, sign_in
from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY
from tests.factories import UserFactory
from videos.models import ConnectionDraft

pytestmark = pytest.mark.django_db


def _addresses() -> list[str]:
    return [
        reverse("videos:connect"),
        reverse("videos:connect_service", args=["openrouter"]),
        reverse("videos:connect_test", args=[1]),
        reverse("videos:connected", args=[1]),
    ]


def test_others_get_nowhere(as_alice: Client, alice: User):
    clerk = UserFactory(is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(content_type__app_label="videos").exclude(codename="connect_backend")
    )
    outsider = UserFactory(is_staff=False)
    outsider.user_permissions.set([Permission.objects.get(codename="connect_backend")])

    for client in (as_alice, sign_in(clerk), sign_in(outsider)):
        for address in _addresses():
            assert client.get(address).status_code == 403
            assert client.post(address, {"key": KEY}).status_code in (403, 405)
    for address in _addresses():
        assert Client().get(address).status_code == 302
    assert not ConnectionDraft.objects.exists()


def test_staff_with_the_permission_connect_and_it_is_noted(member: User, serve: Serve, caplog):
    caplog.set_level(logging.INFO)
    dora = Connecting(sign_in(member))
    server = serve(OpenRouter)

    dora.test("openrouter", server.url, KEY)
    dora.save("google/veo-3.1")

    assert f"is probed at {server.url}, by dora" in caplog.text
    assert f"“Cloud”: connected at {server.url}, by dora" in caplog.text
    assert LogEntry.objects.get().get_change_message() == f"Connected at {server.url}."


def test_the_demo_banner_leads_there_for_those_who_may(as_carol: Client, as_alice: Client):
    link = f'href="{reverse("videos:connect")}"'

    assert link in as_carol.get("/").content.decode()
    page = as_alice.get("/").content.decode()
    assert link not in page
    assert ">Demo</span>" in page
