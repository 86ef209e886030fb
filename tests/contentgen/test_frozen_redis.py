"""A real Redis that is frozen or away: nobody waits longer than a second, and nothing fails."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.cache import cache as django_cache
from django.test import Client
from django.urls import reverse
from redis import Redis
from redis.exceptions import RedisError

from accounts.models import User
from contentgen.cache import FallbackRedisCache
from contentgen.circuit_breaker import SOCKET_TIMEOUT, CircuitBreaker, redis_breaker
from contentgen.run.embedded import prepare_valkey
from tests.studio import wait_until
from tests.views.page import GOOD
from videos.engine import enqueue
from videos.models import Backend, Video, VideoModel

send = enqueue.send  # before the tests' own fixture replaces it
LIMIT = 1.0  # seconds that Redis may hold up one request, whatever it does


class Server:
    """A Valkey that can be frozen and killed."""

    def __init__(self, folder: Path) -> None:
        command, self.url = prepare_valkey(folder)
        self.process = subprocess.Popen(shlex.split(command))
        wait_until(self.is_answering)

    def is_answering(self) -> bool:
        try:
            with Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)
        redis_breaker.reset()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture
def redis(server: Server, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The studio uses the server, for its cache and for its messages."""
    settings.REDIS_URL, settings.REDIS_PREFIX = server.url, "a"
    settings.CACHES = {
        "default": {
            "BACKEND": "contentgen.cache.FallbackRedisCache",
            "LOCATION": server.url,
            "KEY_PREFIX": "a",
            "OPTIONS": {"socket_connect_timeout": SOCKET_TIMEOUT, "socket_timeout": SOCKET_TIMEOUT},
        }
    }
    monkeypatch.setattr("videos.engine.enqueue.send", send)
    enqueue._connection.cache_clear()
    redis_breaker.reset()
    django_cache.clear()
    yield server
    enqueue._connection.cache_clear()
    redis_breaker.reset()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each call waited for Redis, without all else that takes long on a loaded machine."""
    waited: list[float] = []
    attempt = CircuitBreaker.attempt

    @contextmanager
    def timed(breaker: CircuitBreaker, *failures: type[Exception]) -> Iterator[None]:
        began = time.monotonic()
        try:
            with attempt(breaker, *failures):
                yield
        finally:
            waited.append(time.monotonic() - began)

    monkeypatch.setattr(CircuitBreaker, "attempt", timed)
    return waited


OUTAGES = [pytest.param(Server.freeze, id="frozen"), pytest.param(Server.kill, id="killed")]


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.django_db(transaction=True)
def test_four_takes_wait_once(redis: Server, outage, as_alice: Client, alice: User, waited):
    _add_model()
    django_cache.set("x", 1)
    send("nothing", 1)
    redis_breaker.reset()  # a slow machine may have opened it
    waited.clear()
    outage(redis)

    response = as_alice.post(reverse("videos:studio"), {**GOOD, "takes": "4"})
    library = as_alice.get(reverse("videos:library"))

    assert (response.status_code, library.status_code) == (302, 200)
    assert Video.objects.count() == 4
    assert waited
    assert sum(waited) <= LIMIT


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.django_db
def test_people_sign_in_without_the_cache(redis: Server, outage, client: Client, alice: User, waited):
    alice.set_password("correct horse")
    alice.save()
    waited.clear()
    outage(redis)

    response = client.post(reverse("account_login"), {"login": alice.username, "password": "correct horse"})

    assert response.status_code == 302
    assert response["Location"] == reverse("videos:studio")
    assert sum(waited) <= LIMIT


@pytest.mark.django_db
def test_sign_in_attempts_are_limited_without_the_cache(redis: Server, client: Client, alice: User):
    redis.freeze()
    wrong = {"login": alice.username, "password": "wrong"}

    answers = [client.post(reverse("account_login"), wrong) for _ in range(12)]

    assert "Too many failed login attempts" in answers[-1].content.decode()
    assert {answer.status_code for answer in answers} <= {200, 429}


def test_a_lock_taken_in_memory_is_released_after_redis_has_come_back(redis: Server):
    redis.freeze()
    assert django_cache.add("lock", 1)
    redis.thaw()
    django_cache.delete("lock")
    redis.freeze()
    redis_breaker.reset()

    assert django_cache.add("lock", 1)


def test_messages_are_sent_again_once_redis_answers(redis: Server):
    redis.freeze()
    send("submit", 1)
    redis.thaw()
    send("submit", 2)

    assert redis.is_answering()
    with Redis.from_url(redis.url) as client:
        assert client.llen("a:network") == 1


def test_two_studios_on_one_redis_share_neither_messages_nor_cache(redis: Server, settings):
    send("submit", 1)
    django_cache.set("x", "of a")
    settings.REDIS_PREFIX = "b"
    enqueue._connection.cache_clear()
    send("submit", 2)

    other = FallbackRedisCache(redis.url, {"KEY_PREFIX": "b"})
    assert other.get("x") is None
    with Redis.from_url(redis.url) as client:
        assert (client.llen("a:network"), client.llen("b:network"), client.llen("network")) == (1, 1, 0)


def test_a_call_with_a_missing_key_is_no_failure_of_redis(redis: Server):
    with pytest.raises(ValueError, match="not found"):
        django_cache.incr("nothing")
    django_cache.set("x", 1)

    with Redis.from_url(redis.url) as client:
        assert client.exists("a:1:x")


def _add_model() -> None:
    """Put back what the migrations brought, which a test that commits starts without."""
    VideoModel.objects.get_or_create(name="sora-2", defaults={"sizes": ["1280x720"], "seconds": [4]})
    Backend.objects.for_environment()
