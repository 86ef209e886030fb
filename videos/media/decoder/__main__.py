"""`python -m videos.media.decoder`: one task of a decoder, in a process that can use no more than it may.

Standard input holds the task as JSON: its name, its arguments and the limits. Standard output gets what came
of it: `{"result": …}` or `{"error": {"kind": …}}`. Files are passed by their paths.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

from videos.media.errors import (
    OUT_OF_MEMORY,
    BadReferenceError,
    NotAVideoError,
    TranscodingTimeoutError,
)

# Beside its own memory a decoder has the code of FFmpeg and Pillow in its address space.
CODE_BYTES = 1 << 30

WATCH_EVERY = 0.05  # seconds

# A task imports what it needs alone: to look at a video takes half of what it takes to make one, an image a
# quarter. That is most of what a task costs for a short video.
_MODULES = {
    "clean_image": "image_tasks",
    "fit_image": "image_tasks",
    "inspect_video": "inspection_tasks",
    "inspect_with_pictures": "inspection_tasks",
    "make_pictures": "inspection_tasks",
    "make_poster": "inspection_tasks",
    "make_scrub_sheet": "inspection_tasks",
    "frame_at": "video_tasks",
    "last_frame": "video_tasks",
    "concat_videos": "video_tasks",
    "find_missing_codecs": "codecs",
    "make_browser_copy": "video_tasks",
    "ffmpeg_version": "version_tasks",
}


def main() -> None:
    """Read the task, carry it out within its limits, and write down what came of it."""
    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no part of the reply
    job = json.load(sys.stdin)
    _limit(**job["limits"])
    try:
        outcome: dict[str, Any] = {"result": _carry_out(job["task"], job["arguments"])}
    except Exception as error:  # noqa: BLE001  # all of them are told to whoever asked
        outcome = {"error": _describe(error)}
    json.dump(outcome, reply)
    reply.flush()
    os._exit(0)  # nothing is left to do, and freeing all of FFmpeg takes a while


def _limit(memory: int, cpu_seconds: int, wall_seconds: float, niceness: int) -> None:
    """Limit this process. `memory` is in bytes; where the system does not limit it, it is watched."""
    os.nice(niceness)
    _set_limit("RLIMIT_CORE", 0, 0)
    _set_limit("RLIMIT_CPU", cpu_seconds, cpu_seconds + 1)
    if sys.platform == "linux":
        _set_limit("RLIMIT_DATA", memory, memory)
        _set_limit("RLIMIT_AS", memory + CODE_BYTES, memory + CODE_BYTES)
    else:  # macOS accepts the first and ignores it, and refuses the second
        threading.Thread(target=_watch_memory, args=(memory,), daemon=True).start()
    # Whoever started it stops it before that, unless it was killed itself.
    signal.setitimer(signal.ITIMER_REAL, wall_seconds + 5)


def _set_limit(name: str, soft: int, hard: int) -> None:
    """Set a limit of this process, unless the system has none of that name or it is lower already."""
    kind = getattr(resource, name, None)
    if kind is not None:
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))


def _watch_memory(limit: int) -> None:
    """End this process once it has had more than `limit` bytes in memory.

    A look every 50 ms comes later than a limit of the system would, but early enough for the machine:
    libraries let other threads run while they decode.
    """
    while _peak_memory() <= limit:
        time.sleep(WATCH_EVERY)
    os._exit(OUT_OF_MEMORY)


def _peak_memory() -> int:
    """Return the most bytes that this process has had in memory, code included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _carry_out(task: str, arguments: dict[str, Any]) -> object:
    return getattr(import_module(f"videos.media.decoder.{_MODULES[task]}"), task)(**arguments)


def _describe(error: Exception) -> dict[str, Any]:
    """Return an error so that `videos.media.sandbox` can raise it again."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == 12 or _is_for_memory(error):
        return {"kind": "memory"}
    described: dict[str, Any] = {"message": str(error)}
    match error:
        case NotAVideoError():
            return described | {"kind": "not_a_video", "detail": error.detail}
        case BadReferenceError():
            return described | {"kind": "bad_reference", "code": error.code}
        case TranscodingTimeoutError():
            return described | {"kind": "timeout"}
        case OSError():
            return described | {"kind": "os", "errno": error.errno, "strerror": error.strerror}
        case ValueError():
            return described | {"kind": "value"}
    return described | {"kind": "internal", "message": "".join(traceback.format_exception(error))[-2000:]}


def _is_for_memory(error: BaseException) -> bool:
    """Whether it was raised because there was no memory left; libraries call that by names of their own."""
    cause = error.__cause__
    return cause is not None and (isinstance(cause, MemoryError) or getattr(cause, "errno", None) == 12)


if __name__ == "__main__":
    main()
