"""The whole studio in real processes, as `make run` starts it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.preloaded import PROJECT, Preloaded

# Seconds; long, because other tests may keep the machine busy.
TIMEOUT = float(os.environ.get("STUDIO_TIMEOUT", "240"))
READY = "Ctrl-C stops everything"
# A third less to compute until it is ready. One web process has threads enough for a test; and each worker
# would import every view for Django's system checks, whose findings Celery throws away.
SMALL = {"WEB_CONCURRENCY": "1", "CELERY_SKIP_CHECKS": "1"}
NewDataDir = Callable[[Path], Path]  # what the fixture `new_data_dir` is


class Studio:
    """One run with its output in a file. Of the environment it sees only `settings`."""

    def __init__(self, data_dir: Path, port: int, log: Path, **settings: str) -> None:
        self.port, self.log = port, log
        self.url = f"http://127.0.0.1:{port}"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "DJANGO_", "MAKE"))}
        environment |= {"ENV_FILE": "", "DATA_DIR": str(data_dir), "PORT": str(port)}
        environment |= {"REDIS_URL": "", "DATABASE_URL": "", **SMALL}
        self.environment = {**environment, **settings}
        self._preloaded: Preloaded | None = None
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "contentgen.run"],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, text: str) -> str:
        """Wait until `text` has been printed, and return everything that was."""
        wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None)
        assert text in self.log.read_text(), self.log.read_text()
        return self.log.read_text()

    def stop(self, number: int) -> int:
        """Send the signal and return the exit code."""
        if self._preloaded:
            self._preloaded.close()
            self._preloaded = None
        self.process.send_signal(number)
        return self.process.wait(timeout=TIMEOUT)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command as from another shell. The first call finds the studio as it is then."""
        self._preloaded = self._preloaded or Preloaded(self.environment)
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            code = self._preloaded.start("manage", *arguments, stdout=output, stderr=errors).wait(TIMEOUT)
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; fail when it does not within `TIMEOUT` seconds."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.1)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def list_processes() -> dict[int, tuple[int, str]]:
    """Return the parent and the command line of every process of this machine that is not a zombie."""
    listing = subprocess.run(
        ["ps", "-axwwo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listing.stdout.splitlines()]
    return {int(pid): (int(parent), args) for pid, parent, stat, args in rows if not stat.startswith("Z")}


def descendants_of(ancestor: int) -> dict[int, str]:
    """Return the command lines of all processes that `ancestor` started, and of those that these started."""
    commands, family = list_processes(), {ancestor}
    while more := {pid for pid, (parent, _) in commands.items() if parent in family} - family:
        family |= more
    return {pid: commands[pid][1] for pid in family - {ancestor}}
