"""Secrets: never plain in the database, and encrypted anew after SECRET_KEY was changed."""

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError

from contentgen import encryption
from webhooks import endpoints
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db
OLD, NEW = "former-" * 8, "current-" * 8


@pytest.fixture
def stored(settings, hook) -> str:
    """The secret of a webhook that the former SECRET_KEY encrypted, once rotated."""
    settings.SECRET_KEY = OLD
    secret = endpoints.rotate_secret(hook())
    settings.SECRET_KEY = NEW
    return secret


def _warnings() -> list[str]:
    messages = run_checks(tags=["database"], databases=["default"])
    return [str(each.id) for each in messages if str(each.id).startswith("webhooks.")]


def test_it_is_not_in_the_database_as_it_is(stored: str):
    row = Endpoint.objects.get()
    assert stored.startswith("whsec_")
    assert stored not in str(vars(row))


def test_rotate_secrets_takes_them_along(stored: str, run, settings):
    settings.SECRET_KEY_FALLBACKS = [OLD]
    assert _warnings() == ["webhooks.W002"]

    ran = run("rotate_secrets")

    assert "2 webhook secrets encrypted anew with SECRET_KEY; 0 webhook secrets needed nothing." in ran.out
    settings.SECRET_KEY_FALLBACKS = []
    assert encryption.decrypt(Endpoint.objects.get().secret) == stored
    assert _warnings() == []
    assert "0 webhook secrets encrypted anew" in run("rotate_secrets").out


def test_one_that_nobody_can_read_is_named(stored: str, run):
    assert _warnings() == ["webhooks.W001"]
    with pytest.raises(CommandError, match=Endpoint.objects.get().public_id):
        run("rotate_secrets")


def test_rotating_it_ends_that(stored: str):
    endpoint = Endpoint.objects.get()
    secret = endpoints.rotate_secret(endpoint)

    assert encryption.decrypt(Endpoint.objects.get().secret) == secret
    assert Endpoint.objects.get().former_secret == ""
