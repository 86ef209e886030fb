"""Runs the decoder: each task in a process of its own, limited in memory and time, and not too many at once.

What people upload and backends send is decoded by nothing else. A file that is made to do harm can take no
more than its `Budget`. A decoder that it takes over finds no keys in its environment, and its reply is read
as JSON.
"""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

from django.conf import settings

from videos.media.errors import (
    OUT_OF_MEMORY,
    BadReferenceError,
    DecoderBusyError,
    DecoderDiedError,
    DecoderLimitError,
    NotAVideoError,
    TranscodingTimeoutError,
)

UPLOAD_MEMORY = 512 << 20  # bytes
UPLOAD_CPU_SECONDS = 10.0  # for all that is done with one upload
UPLOAD_WALL_SECONDS = 60.0  # for each task
UPLOAD_PATIENCE = 20.0  # seconds that an upload waits for a decoder
MAX_WAITING = 8  # uploads of this process that may wait, so that half of its threads answer pages meanwhile
WORKER_PATIENCE = 600.0  # seconds; a worker tries again later anyway

SHARED_CODE = 32 << 20  # bytes that libraries take of a process's memory, which the limit does not count
MAX_REPLY = 64 << 10  # bytes
CHECK_EVERY = 0.25  # seconds
SLOT_POLL = 0.02  # seconds

_PROJECT = Path(__file__).resolve().parents[2]
_waiting = threading.BoundedSemaphore(MAX_WAITING)


@dataclass
class Budget:
    """What may be used on one file: bytes of memory, seconds of CPU left, and seconds that a task may last.

    `patience` is how many seconds a task may wait for a decoder before that.

    `kind` says who waits for it: uploads and workers have decoders of their own, as many as there are cores,
    so that an hour's work of workers does not keep anybody waiting in front of a page.
    """

    kind: Literal["upload", "worker"]
    memory: int
    cpu_seconds: float
    wall_seconds: float
    patience: float


def upload_budget() -> Budget:
    """Return what one upload may cost while a person waits."""
    return Budget("upload", UPLOAD_MEMORY, UPLOAD_CPU_SECONDS, UPLOAD_WALL_SECONDS, UPLOAD_PATIENCE)


def worker_budget(*, patience: float = WORKER_PATIENCE) -> Budget:
    """Return what a worker may use on one file: honest videos can be long and large."""
    return Budget(
        "worker",
        settings.WORKER_MEDIA_MEMORY,
        settings.WORKER_MEDIA_CPU_SECONDS,
        settings.WORKER_MEDIA_SECONDS,
        patience,
    )


def run(
    task: str,
    arguments: dict[str, object],
    budget: Budget,
    *,
    max_cpu_seconds: float = float("inf"),
    check: Callable[[], None] | None = None,
) -> Any:
    """Carry out a `task` of the decoder and return its result, a JSON value.

    The CPU time that it takes is taken off the `budget`; of what is left it may use `max_cpu_seconds`.
    `check` is called several times a second, and what it raises ends the decoder. Raises what the task
    raised, DecoderLimitError when it needed more than the budget has, DecoderBusyError when no decoder was
    free in time, and OSError when none can be started.
    """
    cpu_seconds = int(min(budget.cpu_seconds, max_cpu_seconds))
    if cpu_seconds < 1:
        raise _cpu_error(budget)
    job: dict[str, object] = {
        "task": task,
        "arguments": arguments,
        "limits": {
            "memory": budget.memory - SHARED_CODE,
            "cpu_seconds": cpu_seconds,
            "wall_seconds": budget.wall_seconds,
            "niceness": 5 if budget.kind == "upload" else 10,  # pages come first
        },
    }
    with _slot(budget, check) as slot, _started(slot) as process:
        reply = _read_reply(process, job, time.monotonic() + budget.wall_seconds, check)
        used = _reap(process, budget)
    return _result(reply, process.returncode, used >= cpu_seconds, budget)


@contextmanager
def workplace() -> Iterator[Path]:
    """Yield a folder for files that go to the decoder and come back."""
    with tempfile.TemporaryDirectory(prefix="contentgen-decoder-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _slot(budget: Budget, check: Callable[[], None] | None) -> Iterator[int]:
    """Yield a descriptor that holds one of this machine's decoder slots until it and its copies are closed.

    A slot is a lock on a file, so that it is free again whatever happens to who held it. Raises
    DecoderBusyError.
    """
    is_upload = budget.kind == "upload"
    if is_upload and not _waiting.acquire(blocking=False):
        raise DecoderBusyError
    try:
        descriptor = _wait_for_slot(budget, check)
    finally:
        if is_upload:
            _waiting.release()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for_slot(budget: Budget, check: Callable[[], None] | None) -> int:
    deadline = time.monotonic() + budget.patience
    while (descriptor := _take_slot(budget.kind)) is None:
        if time.monotonic() > deadline:
            raise DecoderBusyError
        if check is not None:
            check()
        time.sleep(SLOT_POLL)
    return descriptor


def _take_slot(kind: str) -> int | None:
    folder: Path = settings.DATA_DIR / "decoders"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(os.cpu_count() or 1):
        descriptor = os.open(folder / f"{kind}-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            return descriptor
    return None


@contextmanager
def _started(slot: int) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a decoder that has just been started, and make sure that it has ended afterwards."""
    process = subprocess.Popen(  # our own program; files are named in its input
        [sys.executable, "-m", "videos.media.decoder"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_PROJECT,
        # Nothing of ours, which holds keys. NumPy would start a thread for each core.
        env={"PATH": os.environ.get("PATH", os.defpath), "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
        pass_fds=[slot],
        start_new_session=True,  # a Ctrl-C is for the studio, which ends its decoders itself
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            cast(IO[bytes], stream).close()


def _read_reply(
    process: subprocess.Popen[bytes],
    job: dict[str, object],
    deadline: float,
    check: Callable[[], None] | None,
) -> bytes | None:
    """Send the job and return what the decoder writes until it ends; None, when it had to be killed."""
    stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    try:
        stdin.write(json.dumps(job).encode())
        stdin.close()
    except BrokenPipeError:
        pass  # its exit code tells why
    reply = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while len(reply) <= MAX_REPLY:
            if selector.select(min(CHECK_EVERY, max(0.0, deadline - time.monotonic()))):
                chunk = os.read(stdout.fileno(), MAX_REPLY)
                if not chunk:
                    return reply
                reply += chunk
            if check is not None:
                check()
            if time.monotonic() > deadline:
                break
    os.kill(process.pid, signal.SIGKILL)  # not `process.kill`, which may wait for it and lose what it used
    return None


def _reap(process: subprocess.Popen[bytes], budget: Budget) -> float:
    """Wait for the decoder to end, take the CPU time that it used off the budget, and return it (seconds)."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    used = usage.ru_utime + usage.ru_stime
    budget.cpu_seconds -= used
    return used


def _result(reply: bytes | None, exit_code: int, is_out_of_cpu: bool, budget: Budget) -> Any:
    if reply is None:
        seconds = f"{budget.wall_seconds:.0f} seconds"
        raise DecoderLimitError(f"The file takes longer than {seconds} to read.", detail="too slow")
    if exit_code == -signal.SIGXCPU or (exit_code == -signal.SIGKILL and is_out_of_cpu):
        raise _cpu_error(budget)
    if exit_code == OUT_OF_MEMORY:
        raise _memory_error(budget)
    try:
        outcome = json.loads(reply)
    except ValueError:
        outcome = {"error": {"kind": "died"}}
    if "error" not in outcome:
        return outcome["result"]
    raise _error(outcome["error"], exit_code, budget)


def _error(told: dict[str, Any], exit_code: int, budget: Budget) -> Exception:
    """Return the error that the decoder told of."""
    message = told.get("message", "")
    match told["kind"]:
        case "memory":
            return _memory_error(budget)
        case "not_a_video":
            return NotAVideoError(message, detail=told["detail"])
        case "bad_reference":
            return BadReferenceError(told["code"], message)
        case "timeout":
            return TranscodingTimeoutError(message)
        case "os":
            return OSError(told["errno"], told["strerror"] or message)
        case "value":
            return ValueError(message)
        case "died":
            return DecoderDiedError("The file cannot be read.", detail=f"the decoder ended with {exit_code}")
    return RuntimeError(f"The decoder failed: {message}")


def _memory_error(budget: Budget) -> DecoderLimitError:
    words = f"The file needs more memory than the studio allows for one ({budget.memory >> 20} MB)."
    return DecoderLimitError(words, detail="out of memory")


def _cpu_error(budget: Budget) -> DecoderLimitError:
    return DecoderLimitError(
        "The file takes more computing time than the studio allows for one.",
        detail=f"{max(budget.cpu_seconds, 0):.1f} s of CPU left",
    )
