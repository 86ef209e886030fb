"""The first account of a new installation."""

import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def _ensure() -> str:
    said = StringIO()
    call_command("ensure_owner", stdout=said)
    return said.getvalue()


def test_it_makes_the_owner_with_the_chosen_password(settings, tmp_path):
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "boss", "a chosen phrase"

    said = _ensure()

    owner = User.objects.get()
    assert owner.username == "boss"
    assert owner.is_superuser
    assert owner.is_staff
    assert owner.check_password("a chosen phrase")
    assert "a chosen phrase" not in said
    assert not (tmp_path / "owner-password").exists()


def test_it_generates_a_password_and_keeps_it_for_its_user_alone(settings, tmp_path):
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "owner", ""

    said = _ensure()

    kept = tmp_path / "owner-password"
    password = kept.read_text().strip()
    assert len(password) >= 16
    assert f"Password: {password}" in said
    assert User.objects.get().check_password(password)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_it_never_changes_an_account_that_exists(settings, tmp_path):
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "owner", "first phrase"
    _ensure()
    settings.OWNER_PASSWORD = "second phrase"

    assert _ensure() == ""

    assert User.objects.get().check_password("first phrase")
    assert not (tmp_path / "owner-password").exists()


def test_it_makes_no_second_superuser_that_nobody_asked_for(settings, tmp_path):
    UserFactory(username="carol", is_superuser=True)
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "owner", ""

    assert _ensure() == ""

    assert User.objects.get().username == "carol"
    assert not (tmp_path / "owner-password").exists()


def test_it_makes_a_further_owner_who_has_a_password(settings):
    UserFactory(username="carol", is_superuser=True)
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "boss", "a chosen phrase"

    _ensure()

    assert User.objects.get(username="boss").is_superuser


def test_it_gives_no_rights_to_somebody_of_that_name(settings):
    UserFactory(username="owner")
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "owner", "a chosen phrase"

    with pytest.raises(CommandError, match="not a superuser"):
        _ensure()

    assert not User.objects.get().is_superuser
    assert not User.objects.get().check_password("a chosen phrase")
