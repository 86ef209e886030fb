"""Each backend's share of the threads that talk to backends: one that is frozen must leave room for others.

The rule is that of the dynamic threshold in shared buffers (Choudhury and Hahne, 1998): a backend may hold
as many threads as would still be free. So one backend alone gets half of them, two frozen ones leave a
quarter, and nobody has to be asked how many backends there are.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeVar

Result = TypeVar("Result")

_lock = threading.Lock()
_calls: Counter[int] = Counter()  # by backend, in this process
_threads = 8  # of this process, as in the Procfile


def set_threads(count: int) -> None:
    """Say how many tasks this process carries out at once."""
    global _threads  # one worker, one number
    _threads = count


@contextmanager
def call(backend_id: int, *, always: bool = False) -> Iterator[bool]:
    """Count a call to this backend while the block runs. Yields False where it has its share already.

    Then the caller does nothing: the row stays as it is, and the next tick hints at it again. Never waits.
    What is `always` admitted is counted all the same.
    """
    with _lock:
        free = _threads - _calls.total()
        is_admitted = always or _calls[backend_id] < max(1, free)
        _calls[backend_id] += is_admitted
    try:
        yield is_admitted
    finally:
        with _lock:
            _calls[backend_id] -= is_admitted


def limited(*, refused: Result) -> Callable[[Callable[[int], Result]], Callable[[int], Result]]:
    """Decorate a function of a backend's id: beyond the backend's share it returns `refused` at once."""

    def decorate(function: Callable[[int], Result]) -> Callable[[int], Result]:
        @wraps(function)
        def run(backend_id: int) -> Result:
            with call(backend_id) as is_admitted:
                return function(backend_id) if is_admitted else refused

        return run

    return decorate
