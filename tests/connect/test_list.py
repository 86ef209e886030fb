"""What is connected, and how it stands."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.connect.steps import Connecting, words_of
from tests.factories import BackendFactory
from videos.models import Backend
from videos.models.connection_draft import LIFETIME

pytestmark = pytest.mark.django_db


def test_the_list_says_how_each_stands(connecting: Connecting, backend: Backend, settings):
    Backend.objects.filter(pk=backend.pk).update(enabled=False)
    BackendFactory(name="Box", key_env="BACKEND_KEY_BOX", paused_until=timezone.now() + LIFETIME)

    words = words_of(connecting.client.get(reverse("videos:connect")))

    assert "Switched off" in words
    assert "stored encrypted since" in words
    assert "Paused until" in words
    assert "BACKEND_KEY_BOX is not set" in words
    settings.SECRET_KEY = "another" * 8
    connecting.client.force_login(User.objects.get(username="carol"))
    assert "be read with this SECRET_KEY" in words_of(connecting.client.get(reverse("videos:connect")))
