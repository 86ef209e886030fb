"""`python -m contentgen.run.process NAME`: becomes one process of the Procfile.

Containers and units name the process, and the Procfile alone says what it is. A number after it tells several
of a host apart, for whoever started them: `downloads-2` is one more `downloads`. The command takes the place
of this one, so that it gets the signals of whoever started it.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from honcho.environ import parse_procfile

PROCFILE = Path(__file__).resolve().parent.parent.parent / "Procfile"


def process_name(name: str) -> str:
    """Return the name in the Procfile of a process that may have a number: `downloads` for `downloads-2`."""
    return re.sub(r"-[0-9]+$", "", name)


def main(arguments: Sequence[str]) -> None:
    """Run the process that the only argument names in place of this one. Exits with 1 if there is none."""
    commands = parse_procfile(PROCFILE.read_text()).processes
    name = process_name(arguments[0]) if len(arguments) == 1 else ""
    if name not in commands:
        sys.exit(f"Name one process of the Procfile: {', '.join(commands)}.")
    command = commands[name]
    # `exec` of a list of commands would run the first alone.
    script = command if "&&" in command else f"exec {command}"
    os.chdir(PROCFILE.parent)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execvp("sh", ["sh", "-c", script])  # noqa: S606, S607  # our own file


if __name__ == "__main__":
    main(sys.argv[1:])
