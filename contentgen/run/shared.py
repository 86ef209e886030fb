"""The studio's programs as children of one process that has loaded everything: what it holds, they share.

Each would take as much memory again if it were started by itself. On macOS each is, because Apple's libraries
do not bear what Python does after a fork.
"""

import gc
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from io import TextIOWrapper
from pathlib import Path

CAN_SHARE = sys.platform == "linux"

# What the programs load anyway, before or after they are asked for their first page or task.
_MODULES = (
    *("contentgen.wsgi", "contentgen.urls", "contentgen.web_worker"),
    *("celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "celery.concurrency.thread"),
    *("gunicorn.app.wsgiapp", "kombu.transport.redis"),
)


def preload() -> None:
    """Load what the programs have in common, once Django is set up. To be called before the first `fork`."""
    from contentgen.celery import app

    for name in _MODULES:
        import_module(name)
    app.loader.import_default_modules()


def in_threads(command: str) -> str:
    """Return a command of the Procfile as one machine runs it: a worker's tasks in threads of one process.

    A frozen backend still takes its share of one worker alone, and each queue still has its own process.
    """
    return command.replace(" -P prefork ", " -P threads ")


def arguments_of(command: str, environment: Mapping[str, str]) -> list[str] | None:
    """Return the arguments with which a command of the Procfile can be forked, as a shell makes them of it;
    the id of the process, `$$`, stays as it is.

    None for what only a shell can start: other programs than Python's, and all of them where none is shared.
    """
    if not CAN_SHARE or re.search(r"[|&;<>()*?`\\\n]", command):
        return None
    words = command.replace("$$", r"\$\$")
    printing = f"printf '%s\\0' {words}"
    made = subprocess.run(  # noqa: S603  # our own Procfile
        ["/bin/sh", "-c", printing], env=environment, capture_output=True, text=True, timeout=10, check=True
    )
    arguments = made.stdout.split("\0")[:-1]
    return arguments if entry_points(group="console_scripts", name=arguments[0]) else None


class Fork:
    """A child of this process that carries out a console script, with what `subprocess.Popen` has for its
    supervisor. In a session of its own; `stdout` is what it writes.
    """

    def __init__(self, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start it. This process must have no threads."""
        gc.collect()
        gc.freeze()  # a collection in a child would write to all of it, and so copy it
        reader, writer = os.pipe()
        self._process = multiprocessing.get_context("fork").Process(
            target=_become, args=(arguments, folder, dict(environment), writer), name=arguments[0]
        )
        self._process.start()
        os.close(writer)
        self.stdout = os.fdopen(reader, "rb")

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait until it has ended. Return the exit code."""
        self._process.join()
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _become(arguments: list[str], folder: Path, environment: dict[str, str], output: int) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(write_through=True)
    # Locks and pipes of the parent, which would seem to live on.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    sys.argv = [each.replace("$$", str(os.getpid())) for each in arguments]
    (script,) = entry_points(group="console_scripts", name=arguments[0])
    sys.exit(script.load()())
