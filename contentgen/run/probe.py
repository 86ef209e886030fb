"""`python -m contentgen.run.probe NAME`: whether that process of this host works, for health checks.

`web` is asked over HTTP on its own port, a worker through the broker by its name and the name of this host;
of several with that name here, one that answers is enough. Ends with 0 if it answers, and with 1 and the
reason if it does not.
"""

import os
import socket
import sys
from collections.abc import Sequence
from typing import Any
from urllib.request import urlopen

from contentgen.run.process import process_name

TIMEOUT = 5.0  # seconds


def main(arguments: Sequence[str]) -> int:
    """Return the exit code for the process named by the only argument."""
    if len(arguments) != 1:
        print("Name one process: web, worker, network or downloads.", file=sys.stderr)  # noqa: T201
        return 2
    name = process_name(arguments[0])
    try:
        is_well = _web_answers() if name == "web" else _worker_answers(name)
    except Exception as error:  # noqa: BLE001  # whatever it is, the process does not work
        print(f"{arguments[0]}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    if not is_well:
        print(f"{arguments[0]}: no answer within {TIMEOUT:.0f} seconds", file=sys.stderr)  # noqa: T201
    return 0 if is_well else 1


def _web_answers() -> bool:
    address = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/health/live"
    with urlopen(address, timeout=TIMEOUT) as answer:  # our own address
        return bool(answer.status == 200)


def _worker_answers(name: str) -> bool:
    # Imported where it is needed: the web process's check runs every few seconds.
    from contentgen.celery import app

    workers = f"{name}-*@{socket.gethostname()}"
    matcher: Any = "glob"  # the stubs want a function, which cannot be sent to workers
    return bool(app.control.inspect(pattern=workers, matcher=matcher, limit=1, timeout=TIMEOUT).ping())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
