"""A worker that interrupts itself: `python -m tests.chaos.interrupted_worker STEP kill|stop CALL PK`.

Runs one engine call as a Celery task would, and sends SIGKILL or SIGSTOP to its own process at the named
step. The product has no code for this: one of its functions is wrapped here, in this process only.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import django

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def _steps() -> dict[str, tuple[Any, str, str]]:
    """Map each step to the owner and name of a function, and to where in it to interrupt."""
    from videos import lifecycle
    from videos.backends.client import Client
    from videos.engine import submit
    from videos.services import batch_work

    return {
        "rows created": (batch_work, "_link", "before"),
        "portion committed": (batch_work, "create_portion", "after"),
        "claimed": (lifecycle, "holds_lease", "before"),
        "about to send": (lifecycle, "holds_lease", "after"),
        # Not around `accept` itself: a process stopped inside a transaction blocks every writer on SQLite.
        "accepted": (submit, "_record_acceptance", "before"),
        "recorded": (submit, "_record_acceptance", "after"),
        "completion seen": (lifecycle, "begin_storing", "before"),
        "downloading": (Client, "_chunks", "within"),
        "saved": (lifecycle, "complete", "before"),
        "stored": (lifecycle, "complete", "after"),
        "deleted at the backend": (Client, "delete", "after"),
        "never": (lifecycle, "cancel", "never"),
    }


def _wrap(owner: Any, name: str, place: str, interrupt: Callable[[], None]) -> None:
    """Replace the function by one that calls `interrupt` at `place`."""
    real = getattr(owner, name)

    @wraps(real)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if place == "before":
            interrupt()
        result = real(*args, **kwargs)
        if place == "after":
            interrupt()
        return result

    @wraps(real)
    def generator_wrapper(*args: Any, **kwargs: Any) -> Iterator[Any]:
        chunks = real(*args, **kwargs)
        yield next(chunks)
        interrupt()
        yield from chunks

    if place != "never":
        setattr(owner, name, generator_wrapper if place == "within" else wrapper)


def main(step: str, how: str, call: str, pk: int) -> None:
    """Run `call` on `pk` until `step`, and send this process the signal `how` there."""
    django.setup()
    from videos.engine.cleanup import clean_up_video
    from videos.engine.poll import poll_backend
    from videos.engine.store import store
    from videos.engine.submit import submit_next
    from videos.services.batch_work import advance

    calls: dict[str, Callable[[int], object]] = {
        "advance_batch": advance,
        "submit": submit_next,
        "poll_backend": poll_backend,
        "store": store,
        "clean_up_video": clean_up_video,
    }
    _wrap(*_steps()[step], interrupt=lambda: os.kill(os.getpid(), SIGNALS[how]))
    calls[call](pk)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
