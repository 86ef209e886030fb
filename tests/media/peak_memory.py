"""Measures the most memory that a decoder has in use, which whoever starts it cannot ask the system for.

Linux counts the size of the process that starts another as the other's own (`exec` keeps it in `ru_maxrss`),
so that of a large test process no child ever used less. This program is small, starts the decoder in its
place, and ends as it does: `peak_memory.py FILE COMMAND…` adds a line with the KiB to FILE.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

PROGRAM = [sys.executable, "-S", str(Path(__file__).resolve())]
_PR_SET_PDEATHSIG = 1  # of Linux's prctl.h


def measured(command: list[str], target: Path) -> list[str]:
    """Return a command that does as `command` does and leaves its peak in `target`."""
    return [*PROGRAM, str(target), *command]


def peaks(target: Path) -> list[int]:
    """Return the peaks in `target`, in KiB."""
    return [int(line) for line in target.read_text().split()]


def _main(target: str, *command: str) -> None:
    pid = os.fork()
    if not pid:
        if sys.platform == "linux":  # whoever kills this program means the decoder
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.execv(command[0], command)  # noqa: S606  # a decoder's own command
    _, status, usage = os.wait4(pid, 0)
    with Path(target).open("a") as file:
        file.write(f"{usage.ru_maxrss}\n")
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with suppress(OSError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    _main(*sys.argv[1:])
