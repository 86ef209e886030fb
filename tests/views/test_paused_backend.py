"""Staff learn at once that a backend takes nothing, and why; others have nothing to do about it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import BackendFactory
from videos.engine import dispatch

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")
REASON = "The backend refused the API key. Videos stay queued until an operator sets a valid one."


def test_staff_are_told_why_a_backend_rests(as_carol, as_alice):
    backend = BackendFactory(name="GPU box")
    dispatch.pause(backend.pk, seconds=60, reason=REASON)

    told = as_carol.get(URL).content.decode()

    assert "GPU box is paused" in told
    assert REASON in told
    assert reverse("admin:videos_backend_change", args=[backend.pk]) in told
    assert "is paused" not in as_alice.get(URL).content.decode()


def test_a_pause_that_is_over_is_not_shown(as_carol):
    BackendFactory(paused_until=timezone.now() - timedelta(seconds=1), pause_reason=REASON)

    assert "is paused" not in as_carol.get(URL).content.decode()
