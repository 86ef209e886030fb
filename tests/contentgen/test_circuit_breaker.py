"""After one failed or slow attempt, no other is made for a while."""

import pytest

from contentgen import circuit_breaker
from contentgen.circuit_breaker import CircuitBreaker, CircuitOpenError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(circuit_breaker, "time", clock)
    return clock


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("Redis", slow=0.5, retry_after=5)


def _fail(breaker: CircuitBreaker) -> None:
    with pytest.raises(TimeoutError), breaker.attempt(TimeoutError):
        raise TimeoutError


def _is_open(breaker: CircuitBreaker) -> bool:
    try:
        with breaker.attempt():
            return False
    except CircuitOpenError:
        return True


def test_a_failure_opens_it_for_some_seconds(breaker, clock):
    assert not _is_open(breaker)
    _fail(breaker)

    assert _is_open(breaker)
    clock.now += 4.9
    assert _is_open(breaker)
    clock.now += 0.2
    assert not _is_open(breaker)


def test_a_slow_success_opens_it_too(breaker, clock):
    with breaker.attempt():
        clock.now += 0.6

    assert _is_open(breaker)


def test_what_is_no_failure_leaves_it_closed(breaker):
    with pytest.raises(KeyError), breaker.attempt(TimeoutError):
        raise KeyError

    assert not _is_open(breaker)


def test_one_attempt_at_a_time_finds_out_whether_it_is_over(breaker, clock):
    _fail(breaker)
    clock.now += 6

    with breaker.attempt():
        assert _is_open(breaker)
    assert not _is_open(breaker)


def test_another_failure_keeps_it_open(breaker, clock):
    _fail(breaker)
    clock.now += 6
    _fail(breaker)
    clock.now += 4

    assert _is_open(breaker)
