"""A render process: reads one order per line, makes the film, answers with one line. Ends with its parent."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from simulator import recipe
from simulator.render import render

# Kind to the web process and the studio next to it, yet never starved.
NICENESS = 3


def main() -> None:
    """Serve orders {"recipe", "inputs", "target", "fps"} until the pipe closes, answer {"error"}."""
    # Ctrl-C reaches the whole process group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    parent = os.getppid()

    def stop_if_orphaned() -> None:
        if os.getppid() != parent:
            raise SystemExit(1)

    for line in sys.stdin:
        order = json.loads(line)
        error = None
        try:
            target = Path(order["target"])
            film = recipe.from_json(order["recipe"])
            render(film, Path(order["inputs"]), target, order["fps"], pulse=stop_if_orphaned)
        except Exception as problem:  # noqa: BLE001 - whatever breaks one film must not end the process
            error = f"{type(problem).__name__}: {problem}"
        sys.stdout.write(json.dumps({"error": error}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
