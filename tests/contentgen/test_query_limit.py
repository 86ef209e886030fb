"""Queries and other waits that are given an end."""

import threading
import time

import pytest
from django.db import OperationalError, connection

from accounts.models import User
from contentgen.query_limit import query_limit
from contentgen.time_limit import within

_ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


@pytest.mark.django_db
def test_a_query_without_end_is_ended_and_the_next_is_answered(alice: User):
    began = time.monotonic()
    with pytest.raises(OperationalError), query_limit(0.2), connection.cursor() as cursor:
        cursor.execute(_ENDLESS[connection.vendor])

    assert time.monotonic() - began < 30
    with query_limit(5):
        assert User.objects.get() == alice
    assert User.objects.get() == alice


def test_what_hangs_is_left_behind_and_asked_by_nobody_else_meanwhile():
    release, calls = threading.Event(), []

    def hang() -> int:
        calls.append(1)
        release.wait(30)
        return 1

    for _ in range(3):
        with pytest.raises(TimeoutError):
            within(0.05, hang)
    assert len(calls) == 1
    release.set()


def test_what_is_there_in_time_is_returned_and_what_fails_is_raised():
    def fail() -> None:
        raise OSError("gone")

    assert within(5, lambda: 7) == 7
    with pytest.raises(OSError, match="gone"):
        within(5, fail)
