"""Each backend's share of a worker's threads or processes: one that is frozen must leave room for others.

The rule is that of the dynamic threshold in shared buffers (Choudhury and Hahne, 1998): a backend may hold
as many of them as would still be free. So one backend alone gets half of them, two frozen ones leave a
quarter, and nobody has to be asked how many backends there are.

`videos.engine.clients`, where every client of a backend comes from, counts each call. Whoever holds a lease
while it talks, or wants to come back later, asks for the share first.
"""

import mmap
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeVar

Result = TypeVar("Result")

_lock = threading.Lock()
_calls: Counter[int] = Counter()  # by backend, in this process
_thread = threading.local()  # `calls`: by backend, in this thread


class ShareExhaustedError(Exception):
    """The backend has its share of this worker already, so it is not called."""


class _Worker:
    """How many calls a worker can make at once, and which its other processes are making.

    The processes of a prefork worker write into memory that they share from before they are forked: each the
    backend it is talking to, in the place of its index. One that was killed is replaced by one of the same
    index, which begins with an empty place.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._places = memoryview(mmap.mmap(-1, max(1, size) * 8)).cast("q")
        self._own: int | None = None

    def join(self, index: int) -> None:
        self._own = index if index < len(self._places) else None
        self.publish(0)

    def publish(self, backend_id: int) -> None:
        if self._own is not None:
            self._places[self._own] = backend_id

    def calls_of_others(self) -> Counter[int]:
        if self._own is None:
            return Counter()
        places = enumerate(self._places.tolist())
        return Counter(backend_id for index, backend_id in places if backend_id and index != self._own)


_worker = _Worker(8)  # of threads, as in the Procfile


def set_size(size: int) -> None:
    """Say how many calls this worker can make at once. For a prefork worker, before its processes start."""
    global _worker  # one worker, one number
    _worker = _Worker(size)


def join_process(index: int) -> None:
    """Say that this is the process `index`, from 0, of a prefork worker."""
    _calls.clear()
    _worker.join(index)


@contextmanager
def call(backend_id: int, *, always: bool = False) -> Iterator[bool]:
    """Count a call to this backend while the block runs. Yields False where it has its share already.

    Then the caller does nothing: the row stays as it is, and the next tick hints at it again. Never waits.
    What is `always` admitted is counted all the same.
    """
    is_admitted = _begin(backend_id, always=always)
    try:
        yield is_admitted
    finally:
        if is_admitted:
            _end(backend_id)


@contextmanager
def share(backend_id: int) -> Iterator[None]:
    """Count a call as `call` does, unless this thread is within one to this backend already.

    Raises `ShareExhaustedError` where the backend has its share.
    """
    if _calls_of_thread()[backend_id]:
        yield
        return
    with call(backend_id) as is_admitted:
        if not is_admitted:
            raise ShareExhaustedError(f"Backend {backend_id} has its share of this worker.")
        yield


def limited(*, refused: Result) -> Callable[[Callable[[int], Result]], Callable[[int], Result]]:
    """Decorate a function of a backend's id: beyond the backend's share it returns `refused` at once."""

    def decorate(function: Callable[[int], Result]) -> Callable[[int], Result]:
        @wraps(function)
        def run(backend_id: int) -> Result:
            with call(backend_id) as is_admitted:
                return function(backend_id) if is_admitted else refused

        return run

    return decorate


def _begin(backend_id: int, *, always: bool) -> bool:
    with _lock:
        # Seen by the other processes before theirs are counted: two that begin together may both step back,
        # but never are both admitted to the last place.
        _count(backend_id, 1)
        calls = _calls + _worker.calls_of_others()
        free = _worker.size - (calls.total() - 1)
        is_admitted = always or calls[backend_id] - 1 < max(1, free)
        if not is_admitted:
            _count(backend_id, -1)
    return is_admitted


def _end(backend_id: int) -> None:
    with _lock:
        _count(backend_id, -1)


def _count(backend_id: int, change: int) -> None:
    _calls[backend_id] += change
    _calls_of_thread()[backend_id] += change
    _worker.publish(next((each for each, count in _calls.items() if count), 0))


def _calls_of_thread() -> Counter[int]:
    if not hasattr(_thread, "calls"):
        _thread.calls = Counter()
    calls: Counter[int] = _thread.calls
    return calls
