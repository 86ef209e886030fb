"""The last one out: stops the processes of a `make run` that was itself killed without a chance to do so.

Run by path (`python contentgen/guardian.py`), so that it loads nothing but the standard library. It reads
`+PID` and `-PID` lines from standard input, one for each process group that was started or has ended. When
the input ends, whatever is left gets SIGTERM and, ten seconds later, SIGKILL. It inherits the lock on
`DATA_DIR` and so keeps the next run waiting until everything is gone.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

PATIENCE = 10.0  # seconds


def watch(lines: Iterable[str]) -> None:
    """Follow `lines` to their end, then stop every process group that was not reported as ended."""
    running: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            running.add(pid)
        else:
            running.discard(pid)
    _stop(running)


def _stop(groups: set[int]) -> None:
    for group in groups:
        # Only the leader: Celery's and gunicorn's own children must outlive it to finish their task.
        _signal(group, signal.SIGTERM, whole_group=False)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(_signal(group, 0) for group in groups):
        time.sleep(0.1)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int, *, whole_group: bool = True) -> bool:
    try:
        (os.killpg if whole_group else os.kill)(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    watch(sys.stdin)
