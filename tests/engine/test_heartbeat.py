"""Whether anything is being processed is known from the database, for pages and health checks alike."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django.urls import reverse

from contentgen import health
from videos import tasks
from videos.engine import dispatch, heartbeat
from videos.models import Heartbeat

pytestmark = pytest.mark.django_db
NOTHING = "Nothing is being processed right now."
SOME = "Not everything is being processed right now."


@pytest.fixture(autouse=True)
def long_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has been running for an hour, and has never beaten."""
    monkeypatch.setattr(heartbeat, "_started_at", float("-inf"))
    monkeypatch.setattr(heartbeat, "_last_beats", {})


def _beat(*roles: str, seconds_ago: float = 0) -> None:
    for role in roles:
        heartbeat.beat(role)
    Heartbeat.objects.filter(role__in=roles).update(beat_at=Now() - timedelta(seconds=seconds_ago))


def _scheduler_state(client) -> str:
    state: str = client.get("/health/ready").json()["parts"]["scheduler"]
    return state


@pytest.fixture(autouse=True)
def other_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_check_worker", lambda: None)
    monkeypatch.setattr(health, "_PARTS", {"broker": lambda: None, "scheduler": health._check_scheduler})


def test_a_tick_is_a_sign_of_life(client, as_alice):
    tasks.dispatch_task()

    assert heartbeat.SCHEDULER not in heartbeat.stalled_roles()
    assert _scheduler_state(client) == "ok"


def test_a_tick_that_fails_is_none(monkeypatch):
    def fail() -> None:
        raise OperationalError("out of order")

    monkeypatch.setattr(dispatch, "tick", fail)

    with pytest.raises(OperationalError):
        tasks.dispatch_task()
    assert not Heartbeat.objects.exists()


def test_a_dead_scheduler_is_seen_by_health_checks_pages_and_staff(client, as_alice, as_carol):
    _beat(*heartbeat.expected_roles())
    _beat(heartbeat.SCHEDULER, seconds_ago=31)

    assert _scheduler_state(client) == "down"
    for path in (reverse("videos:studio"), reverse("videos:library"), reverse("api_tokens")):
        page = as_alice.get(path).content.decode()
        assert NOTHING in page
        assert "beat" not in page.split(NOTHING)[1].split("</aside>")[0]
    for path in (
        reverse("videos:studio"),
        reverse("admin:index"),
        reverse("admin:videos_backend_changelist"),
    ):
        page = as_carol.get(path).content.decode()
        assert NOTHING in page
        assert "<code>beat</code>" in page.split(NOTHING)[1]


def test_dead_workers_of_a_queue_are_named(as_carol):
    _beat(*heartbeat.expected_roles())
    _beat(heartbeat.queue_role("network"), seconds_ago=31)

    page = as_carol.get(reverse("videos:studio")).content.decode()

    assert SOME in page
    assert "a worker of the network queue" in page


def test_while_all_beat_no_page_says_anything(client, as_alice):
    _beat(*heartbeat.expected_roles(), seconds_ago=29)

    assert heartbeat.stalled_roles() == []
    assert "being processed right now" not in as_alice.get(reverse("videos:studio")).content.decode()


def test_a_studio_that_has_just_started_has_not_stalled(client, as_alice, monkeypatch):
    _beat(*heartbeat.expected_roles(), seconds_ago=86_400)  # it was off for a day
    monkeypatch.setattr(heartbeat, "_started_at", heartbeat.time.monotonic())

    assert NOTHING not in as_alice.get(reverse("videos:studio")).content.decode()
    assert _scheduler_state(client) == "ok"


def test_strangers_are_told_nothing(client):
    assert NOTHING not in client.get(reverse("account_login")).content.decode()


def test_many_pages_take_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        for _ in range(3):
            heartbeat.stalled_roles()


def test_it_beats_once_in_a_while(django_assert_num_queries):
    heartbeat.beat(heartbeat.SCHEDULER)

    with django_assert_num_queries(0):
        heartbeat.beat(heartbeat.SCHEDULER)
