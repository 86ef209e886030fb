"""How many requests a caller may make in a minute, over all web processes.

Each process counts by itself and adds what it counted to the common count in the cache now and then, because
a trip to the cache for each request takes as long as answering it. How rarely is a hundredth of the limit, so
that is also by how much each process can let a caller past it; a limit below two hundred is exact.
"""

import logging
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from videos.api.errors import ApiError

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds over which requests are counted
_SHARE = 100  # a process keeps at most this part of the limit to itself


@dataclass(slots=True)
class _Count:
    """A caller's requests in this window: what the cache said last, and what it has not been told yet."""

    known: int = 0
    untold: int = 0


class RequestCounter:
    """The requests of one window, by caller. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[str, _Count] = {}

    def count(self, caller: str, window: int) -> int:
        """Count a request of `caller`. Returns how many there were in this window, as far as is known here.

        Raises what the cache raises; then the request is not counted.
        """
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            count = self._counts.setdefault(caller, _Count())
            count.untold += 1
            if count.known and count.untold < settings.API_REQUESTS_PER_MINUTE // _SHARE:
                return count.known + count.untold
            told, count.untold = count.untold, 0
            count.known += told  # for other threads, until the cache has answered
        total = _add_to_common_count(f"api-requests:{caller}:{window}", told)
        with self._lock:
            count.known = max(count.known, total)
        return total


def _add_to_common_count(key: str, number: int) -> int:
    cache.add(key, 0, WINDOW)
    return cache.incr(key, number)


_counter = RequestCounter()


def enforce_rate_limit(caller: str) -> None:
    """Count a request; raises `ApiError` 429 with `Retry-After` if there were too many in this window.

    Nobody is refused while the cache is away.
    """
    now = time.time()
    try:
        count = _counter.count(caller, int(now // WINDOW))
    except Exception:  # each cache backend has its own errors, and none may shut callers out
        logger.warning("API requests cannot be counted", exc_info=True)
        return
    if count > settings.API_REQUESTS_PER_MINUTE:
        wait = WINDOW - int(now % WINDOW)
        message = f"More than {settings.API_REQUESTS_PER_MINUTE} requests in a minute; wait {wait} s."
        raise ApiError(429, "rate_limited", message, headers={"Retry-After": str(wait)})
