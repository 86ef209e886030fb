"""A worker with a trap in it: `python -m tests.chaos.trapped STEP kill|stop CALL PK`.

Runs one engine call as a Celery task would, and kills or stops its own process at the named step. The
product knows nothing of this: the trap is laid around one of its functions here, in this process.
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
    """Each step: whose function, its name, and whether the trap is before, after or within it."""
    from videos import lifecycle
    from videos.backends.client import Client
    from videos.engine import submit

    return {
        "claimed": (lifecycle, "holds_lease", "before"),
        "about to send": (lifecycle, "holds_lease", "after"),
        # Not around `accept` itself: a process stopped inside a transaction stops every writer on SQLite.
        "accepted": (submit, "_record_acceptance", "before"),
        "written down": (submit, "_record_acceptance", "after"),
        "told of completion": (lifecycle, "begin_storing", "before"),
        "downloading": (Client, "_chunks", "within"),
        "saved": (lifecycle, "complete", "before"),
        "stored": (lifecycle, "complete", "after"),
        "deleted at the backend": (Client, "delete", "after"),
        "nowhere": (lifecycle, "cancel", "never"),
    }


def _lay(owner: Any, name: str, place: str, spring: Callable[[], None]) -> None:
    real = getattr(owner, name)

    @wraps(real)
    def trapped(*args: Any, **kwargs: Any) -> Any:
        if place == "before":
            spring()
        result = real(*args, **kwargs)
        if place == "after":
            spring()
        return result

    @wraps(real)
    def trapped_within(*args: Any, **kwargs: Any) -> Iterator[Any]:
        chunks = real(*args, **kwargs)
        yield next(chunks)
        spring()
        yield from chunks

    if place != "never":
        setattr(owner, name, trapped_within if place == "within" else trapped)


def main(step: str, how: str, call: str, pk: int) -> None:
    """Run `call` on `pk`, into the trap at `step`."""
    django.setup()
    from videos.engine.cleanup import clean_up_video
    from videos.engine.poll import poll_backend
    from videos.engine.store import store
    from videos.engine.submit import submit_next

    calls: dict[str, Callable[[int], object]] = {
        "submit": submit_next,
        "poll_backend": poll_backend,
        "store": store,
        "forget": clean_up_video,
    }
    _lay(*_steps()[step], spring=lambda: os.kill(os.getpid(), SIGNALS[how]))
    calls[call](pk)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
