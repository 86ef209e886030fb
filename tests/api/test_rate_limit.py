"""Requests are counted in each process, and now and then in the cache: the limit holds all the same."""

import threading

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import tokens
from accounts.models import User
from tests.api.rest.conftest import URL, client_of
from videos.api import rate_limit
from videos.api.errors import ApiError
from videos.api.rate_limit import RequestCounter

MINUTE = 28_000_000


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit.time, "time", lambda: MINUTE * 60.0 + 10)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the cache was told."""
    told: list[int] = []
    ours = rate_limit._add_to_common_count

    def recorded(key: str, number: int) -> int:
        told.append(number)
        return ours(key, number)

    monkeypatch.setattr(rate_limit, "_add_to_common_count", recorded)
    return told


def _allowed(counter: RequestCounter, limit: int, requests: int) -> int:
    return sum(counter.count("token:1", MINUTE) <= limit for _ in range(requests))


def test_a_hundredth_of_the_limit_is_counted_between_two_trips_to_the_cache(settings, asked):
    settings.API_REQUESTS_PER_MINUTE = 1200

    assert _allowed(RequestCounter(), 1200, 2000) == 1200
    assert len(asked) <= 2000 / 12 + 1


@pytest.mark.parametrize("limit", [1, 3, 60, 199])
def test_a_small_limit_is_exact_over_all_processes(settings, limit):
    settings.API_REQUESTS_PER_MINUTE = limit
    processes = [RequestCounter(), RequestCounter(), RequestCounter()]

    passed = sum(processes[number % 3].count("token:1", MINUTE) <= limit for number in range(limit * 3))

    assert passed == limit


@pytest.mark.parametrize("processes", [2, 5])
def test_a_large_limit_is_passed_by_at_most_a_hundredth_for_each_process(settings, processes):
    settings.API_REQUESTS_PER_MINUTE = limit = 1200
    counters = [RequestCounter() for _ in range(processes)]

    passed = sum(
        counters[number % processes].count("token:1", MINUTE) <= limit for number in range(limit * 3)
    )

    assert limit <= passed <= limit + processes * limit / 100


def test_threads_lose_no_request(settings):
    settings.API_REQUESTS_PER_MINUTE = 400
    counter, passed = RequestCounter(), []
    threads = [threading.Thread(target=lambda: passed.append(_allowed(counter, 400, 100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) <= 404  # of 800
    assert sum(passed) >= 390


def test_the_next_minute_starts_from_nothing(settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    counter = RequestCounter()

    assert [counter.count("token:1", MINUTE + number // 3) for number in range(6)] == [1, 2, 3, 1, 2, 3]


def test_what_another_process_counted_counts(settings):
    settings.API_REQUESTS_PER_MINUTE = 50
    cache.set(f"api-requests:token:1:{MINUTE}", 50, 60)

    with pytest.raises(ApiError) as refusal:
        rate_limit.enforce_rate_limit("token:1")
    assert refusal.value.status == 429


@pytest.mark.django_db
def test_a_token_that_ends_between_two_polls_is_refused_at_once(alice: User):
    """Nothing of who may come in is remembered from one request to the next."""
    client = client_of(alice)
    assert client.get(URL).status_code == 200
    User.objects.update(is_active=False)
    assert client.get(URL).status_code == 401
    User.objects.update(is_active=True)
    assert client.get(URL).status_code == 200
    tokens.revoke(alice.api_tokens.get())
    assert Client(headers=client.headers).get(URL).status_code == 401
