"""Django loaded once, in a process that forks for each program.

Importing the studio is a second and a half of computing, and tests run hundreds of commands and workers. Each
is a process of its own all the same, as `python -m PROGRAM` would be, and is killed and suspended like one.
Tests of the start, and of the environment in which it happens, start Python itself.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[1]
_MAX_BYTES = 1 << 18  # of a message; code for `manage.py shell` is the longest


class Forked:
    """A process that runs a program. It is no child of this one: what becomes of it is heard here alone."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        self._code: int | None = None
        self.pid = self._hear(60)

    def _hear(self, timeout: float | None) -> int:
        self._told.settimeout(timeout)
        heard = self._told.recv(64)
        assert heard, "the process that forks has died"
        return int(heard)

    def wait(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for its end. Returns the exit code or minus the signal, as Popen.

        Raises `TimeoutError`.
        """
        while self._code is None:
            self._note(self._hear(timeout))
        return self._code

    def wait_until_stopped(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds. Returns whether it is suspended; else it has ended."""
        status = self._hear(timeout)
        self._note(status)
        return os.WIFSTOPPED(status)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs or is suspended."""
        try:
            while self._code is None:
                self._note(self._hear(0))
        except BlockingIOError:
            return None
        return self._code

    def _note(self, status: int) -> None:
        if not os.WIFSTOPPED(status):
            self._code = os.waitstatus_to_exitcode(status)
            self._told.close()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


class Preloaded:
    """The process that forks. All that it forks see `environment` alone."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.preloaded", str(theirs.fileno())],
                cwd=PROJECT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(
        self,
        program: str,
        *arguments: str,
        stdout: IO[Any] = sys.__stdout__,  # type: ignore[assignment]  # there is one
        stderr: IO[Any] = sys.__stderr__,  # type: ignore[assignment]
        settings: Mapping[str, str] | None = None,
    ) -> Forked:
        """Start `python -m program`. `settings` are paths that Django has instead of the environment's."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            message = json.dumps({"argv": [program, *arguments], "settings": dict(settings or {})}).encode()
            assert len(message) < _MAX_BYTES
            socket.send_fds(self._channel, [message], [theirs.fileno(), stdout.fileno(), stderr.fileno()])
        return Forked(ours)

    def close(self) -> None:
        """End the process that forks. What it has forked goes on."""
        self._channel.close()
        self._process.wait(timeout=60)


def _serve(channel: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, _MAX_BYTES, 3)
        if not message:
            return
        if os.fork() == 0:
            channel.close()
            _watch(json.loads(message), *descriptors)
            return
        for each in descriptors:
            os.close(each)


def _watch(request: dict[str, Any], told: int, stdout: int, stderr: int) -> None:
    """Fork once more: this process tells what becomes of the other, which returns when the program has."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(told)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        _run(request["argv"], request["settings"])
        return
    for each in (stdout, stderr):
        os.close(each)
    os.write(told, str(child).encode())
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        os.write(told, str(status).encode())
        if not os.WIFSTOPPED(status):
            os._exit(0)


def _run(argv: Sequence[str], paths: Mapping[str, str]) -> None:
    from django.conf import settings

    for name, path in paths.items():
        setattr(settings, name, Path(path))
    program, *arguments = argv
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


def _load() -> None:
    """Import what programs will: the pages and all commands' checks too."""
    import gc

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")
    django.setup()
    import contentgen.urls  # noqa: F401
    from contentgen.celery import app

    app.loader.import_default_modules()
    gc.freeze()


if __name__ == "__main__":
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))
