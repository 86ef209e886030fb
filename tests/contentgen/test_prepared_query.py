"""A query whose SQL is built once answers as the queryset it was built from does."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import session_store, tokens
from accounts.models import ApiToken, User
from contentgen.prepared_query import PreparedQuery
from tests.factories import VideoFactory
from videos.api.openai import responses
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def _expire(sessions) -> None:
    sessions.update(expire_date=timezone.now())


def _by_name(name: str, least: int):
    return User.objects.filter(username=name, pk__gte=least).values(
        "pk", "username", "is_active", "date_joined"
    )


def test_it_finds_what_the_queryset_finds(alice: User, bob: User, django_assert_num_queries):
    query = PreparedQuery(_by_name, "an example", -1)
    for each in (alice, bob, alice):
        with django_assert_num_queries(1):
            row = query.first(each.username, each.pk)
        assert row == _by_name(each.username, each.pk).get()  # with its types: a bool, an aware time
    assert query.first("nobody", 0) is None


def test_it_reads_no_more_rows_than_it_may(alice: User, bob: User, django_assert_num_queries):
    query = PreparedQuery(_by_least, -1, limit=2)
    User.objects.create(username="dora")
    with django_assert_num_queries(2):
        assert len(query.rows(0)) == 2
        assert query.rows(10**9) == []


def _by_least(least: int):
    return User.objects.filter(pk__gte=least).values("pk")


def test_its_sql_is_built_once(alice: User):
    built: list[str] = []

    def build(name: str):
        built.append(name)
        return User.objects.filter(username=name).values("pk")

    query = PreparedQuery(build, "an example")
    assert [query.first("alice"), query.first("alice")] == [{"pk": alice.pk}] * 2
    assert built == ["an example"]


def test_a_value_is_never_part_of_the_sql(alice: User):
    query = PreparedQuery(lambda name: User.objects.filter(username=name).values("pk"), "an example")
    assert query.first("' OR 1=1 --") is None


def test_an_example_that_the_query_does_not_use_is_refused():
    query = PreparedQuery(lambda name: User.objects.values("pk"), "an example")
    with pytest.raises(ValueError, match="not among the parameters"):
        query.first("alice")


@pytest.mark.parametrize("state", [*State])
def test_a_poll_reads_the_same_row_as_a_list(alice: User, state):
    video = VideoFactory(owner=alice, state=state)
    row = responses._find_own_video.first(alice.pk, video.public_id)
    assert row == responses.select_rows(Video.objects.filter(pk=video.pk)).get()


def test_a_session_is_read_as_django_reads_it(alice: User, as_alice: Client):
    key = as_alice.cookies["sessionid"].value
    ours, theirs = session_store.SessionStore(key), db.SessionStore(key)
    assert dict(ours.items()) == dict(theirs.items())
    assert ours.session_key == theirs.session_key == key


@pytest.mark.parametrize("end", [lambda sessions: sessions.delete(), _expire], ids=["deleted", "expired"])
def test_a_session_that_has_ended_is_none(as_alice: Client, end):
    key = as_alice.cookies["sessionid"].value
    end(Session.objects.filter(pk=key))
    ours = session_store.SessionStore(key)
    assert (dict(ours.items()), ours.session_key) == ({}, None)


def test_a_token_is_read_with_its_owner(alice: User):
    token, secret = tokens.issue(alice, "test", expires_at=timezone.now() + timedelta(days=1))
    found = tokens.authenticate(secret)
    assert (found, found.user) == (token, alice)
    for instance, fresh in ((found.user, User.objects.get()), (found, ApiToken.objects.get())):
        noted = {"last_used_at", "last_seen_at"}  # because it was read
        names = [field.attname for field in type(instance)._meta.concrete_fields if field.name not in noted]
        assert [getattr(instance, name) for name in names] == [getattr(fresh, name) for name in names]
    assert connection.vendor in tokens._find_by_digest._plans
