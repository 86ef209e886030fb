"""When people were last seen, as far as it was known before there was a column for it."""

from datetime import timedelta
from importlib import import_module

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken
from tests.factories import UserFactory

fill = import_module("accounts.migrations.0013_fill_last_seen").fill


@pytest.mark.django_db
def test_the_latest_of_what_is_known_is_taken():
    now = timezone.now()
    ago = [now - timedelta(days=days) for days in range(4)]
    signed_in, on_a_page, by_token, never = (UserFactory(last_login=moment) for moment in (ago[1], ago[3], ago[3], None))
    UserSession.objects.create(user=on_a_page, ip="127.0.0.1", session_key="a", last_seen_at=ago[2])
    UserSession.objects.create(user=by_token, ip="127.0.0.1", session_key="b", last_seen_at=ago[2])
    UserSession.objects.create(user=signed_in, ip="127.0.0.1", session_key="c", last_seen_at=ago[3])
    tokens.issue(by_token, "CI")
    ApiToken.objects.update(last_used_at=ago[0])

    fill(apps, None)

    for user, seen in ((signed_in, ago[1]), (on_a_page, ago[2]), (by_token, ago[0]), (never, None)):
        user.refresh_from_db()
        assert user.last_seen_at == seen
