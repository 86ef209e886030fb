"""The index of the administration."""

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_every_room_has_one_heading(as_carol: Client):
    response = as_carol.get(reverse("admin:index"))
    names = [app["name"] for app in response.context["app_list"]]
    assert len(set(names)) == len(names)
    assert {"Accounts", "Audit", "Videos"} <= set(names)
