"""A render process: reads one request per line, renders the video, replies with one line."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from simulator import scene_spec
from simulator.renderer import render_video

# Yields the processor to the web process and the studio on the same machine, without being starved.
NICENESS = 3


def main() -> None:
    """Read requests {"scene_spec", "inputs", "target", "fps"} from stdin, reply {"error"} on stdout.

    Ends when the pipe closes or the parent dies.
    """
    # Ctrl-C reaches the whole process group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    parent = os.getppid()

    def exit_if_orphaned() -> None:
        if os.getppid() != parent:
            raise SystemExit(1)

    for line in sys.stdin:
        request = json.loads(line)
        error = None
        try:
            spec = scene_spec.from_json(request["scene_spec"])
            inputs, target = Path(request["inputs"]), Path(request["target"])
            render_video(spec, inputs, target, request["fps"], before_frame=exit_if_orphaned)
        except Exception as problem:  # noqa: BLE001 - one video that fails must not end the process
            error = f"{type(problem).__name__}: {problem}"
        sys.stdout.write(json.dumps({"error": error}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
