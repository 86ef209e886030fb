"""A circuit breaker for Redis: once it is slow or away, this process leaves it alone for some seconds.

The cache and the messages to the workers share `redis_breaker`, so that a web request waits for a frozen
Redis once, whatever it caches and however many messages it sends.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

SOCKET_TIMEOUT = 0.5  # seconds to connect to Redis, and for each of its replies
SLOW = 0.5  # seconds; an attempt that takes longer counts as failed
RETRY_AFTER = 5.0  # seconds for which no attempt is made after a failed one


class CircuitOpenError(Exception):
    """No attempt was made, because a recent one failed."""


class CircuitBreaker:
    """Refuses attempts for `retry_after` seconds after one that failed or took longer than `slow` seconds.

    Then a single attempt is let through: another failure refuses all others for as long again. Threads
    may share a breaker.
    """

    def __init__(self, name: str, *, slow: float = SLOW, retry_after: float = RETRY_AFTER) -> None:
        self._name, self._slow, self._retry_after = name, slow, retry_after
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all failures."""
        self._is_open, self._retry_at = False, 0.0

    @contextmanager
    def attempt(self, *failures: type[Exception]) -> Iterator[None]:
        """Watch the call in the block. Raises `CircuitOpenError` before it while no attempt may be made, and
        whatever the block raises; that counts as a failed attempt if it is one of `failures`.
        """
        began = time.monotonic()
        with self._lock:
            if self._is_open:
                if began < self._retry_at:
                    raise CircuitOpenError(f"{self._name} did not answer in time a moment ago")
                self._retry_at = began + self._retry_after  # the others do not wait for this attempt
        try:
            yield
        except failures as error:
            self._open(str(error) or type(error).__name__)
            raise
        seconds = time.monotonic() - began
        if seconds > self._slow:
            self._open(f"it took {seconds:.1f} s to answer")
        elif self._is_open:
            self.reset()
            logger.warning("%s is used again.", self._name)

    def _open(self, reason: str) -> None:
        with self._lock:
            if not self._is_open:
                logger.warning("%s is left alone for %.0f s: %s", self._name, self._retry_after, reason)
            self._is_open, self._retry_at = True, time.monotonic() + self._retry_after


redis_breaker = CircuitBreaker("Redis")
