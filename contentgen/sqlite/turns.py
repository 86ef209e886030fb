"""A lock that goes to those who wait for it in the order in which they came."""

import threading
from collections import deque


class FairLock:
    """`threading.Lock` in turns: with that, somebody who comes at the right moment overtakes all who wait."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_held = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        """Return whether the lock came within `timeout` seconds."""
        with self._mutex:
            if not self._is_held:
                self._is_held = True
                return True
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        if gate.acquire(timeout=timeout):
            return True
        with self._mutex:
            if gate not in self._waiting:
                return True  # it came at this very moment
            self._waiting.remove(gate)
            return False

    def release(self) -> None:
        """Hand the lock to whoever has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False
