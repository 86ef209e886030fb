"""Stops what a killed `make run` left behind.

Run by path (`python contentgen/run/reaper.py`), so that it loads nothing but the standard library. Each line
of its standard input lists the process groups that are running, and the last line counts. When the input
ends, they get SIGTERM and, `GRACE` seconds later, SIGKILL. It inherits a lock on `DATA_DIR` and so keeps the
next run waiting until they are gone.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Collection

GRACE = 10.0  # seconds


def reap(groups: Collection[int]) -> None:
    """Stop the process groups and return when they are gone."""
    for group in groups:
        # The leader alone: the children of Celery and gunicorn finish their task before their leader ends.
        _send(os.kill, group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and any(_send(os.killpg, group, 0) for group in groups):
        time.sleep(0.1)
    for group in groups:
        _send(os.killpg, group, signal.SIGKILL)


def _send(kill: Callable[[int, int], None], group: int, number: int) -> bool:
    """Send a signal. Return whether there was anybody to get it."""
    try:
        kill(group, number)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM when only a zombie is left
        return False
    return True


if __name__ == "__main__":
    lines = list(sys.stdin)
    reap([int(pid) for pid in "".join(lines[-1:]).split()])
