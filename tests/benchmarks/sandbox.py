"""A temporary folder and processes that are removed however a benchmark ends."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import httpx2

PROJECT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0  # seconds until a process must be ready
STOP_TIMEOUT = 5.0  # seconds from SIGTERM to SIGKILL
_TICK = os.sysconf("SC_CLK_TCK")


class Sandbox:
    """A folder, the processes that were started in it, and the environment they share with this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._pids: dict[str, int] = {}

    def configure(self, **settings: str) -> None:
        """Set the environment for Django, in this process and in those that are started from now on."""
        for name in ("BACKEND_KEY", "BACKEND_URL", "DATABASE_URL", "REDIS_URL", "DEBUG", "DEPLOYMENT"):
            os.environ[name] = ""
        os.environ |= {"ENV_FILE": "", "DATA_DIR": str(self.folder), "LOG_LEVEL": "WARNING", **settings}
        os.environ["DJANGO_SETTINGS_MODULE"] = "contentgen.settings"

    def start(self, name: str, command: str | list[str]) -> subprocess.Popen[bytes]:
        """Start a process in its own process group; its output goes to `name`.log."""
        arguments = shlex.split(command) if isinstance(command, str) else command
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                arguments,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(process)
        self._pids[name] = process.pid
        return process

    def celery(self, name: str, *arguments: str, module: str = "celery") -> subprocess.Popen[bytes]:
        """Start a Celery worker or beat with these arguments; `module` may be one that changes it."""
        return self.start(name, [sys.executable, "-m", module, "--quiet", "-A", "contentgen", *arguments])

    def pid(self, name: str) -> int:
        """Return the id of the process that was started last under this name."""
        return self._pids[name]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        """Terminate these process groups; kill those that have not ended after `STOP_TIMEOUT`."""
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _kill_group(process.pid)
            process.wait()

    def stop_named(self, name: str) -> None:
        """Stop the process that was started last under this name."""
        self.stop(*(process for process in self._running if process.pid == self._pids[name]))

    def stop_all(self) -> None:
        self.stop(*reversed(self._running))


@contextmanager
def sandbox(prefix: str) -> Iterator[Sandbox]:
    """Yield a sandbox; remove its processes and folder afterwards, also after Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix=f"contentgen-{prefix}-", ignore_cleanup_errors=True) as folder:
        box = Sandbox(Path(folder))
        try:
            yield box
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the cleaning up
            box.stop_all()
            signal.signal(signal.SIGINT, signal.default_int_handler)


def set_up_django() -> None:
    """Set Django up with the environment of `Sandbox.configure`, and create the database."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def wait_until(condition: Callable[[], object], what: str, within: float = START_TIMEOUT) -> None:
    """Return once `condition` holds. Raises `TimeoutError`, which names `what` was waited for."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready within {within:.0f} s")
        time.sleep(0.05)


def is_answering(url: str) -> bool:
    """Return whether a server answers at `url`."""
    try:
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def is_valkey_answering(url: str) -> bool:
    """Return whether the broker answers."""
    import redis

    with redis.Redis.from_url(url, socket_connect_timeout=1) as broker:
        try:
            return bool(broker.ping())
        except redis.ConnectionError:
            return False


def are_workers_ready(count: int) -> bool:
    """Return whether at least `count` Celery workers answer."""
    from contentgen import celery_app

    return len(celery_app.control.ping(timeout=1)) >= count


def is_worker_ready(name: str) -> bool:
    """Return whether the Celery worker with this name answers."""
    from contentgen import celery_app

    return any(each.startswith(f"{name}@") for reply in celery_app.control.ping(timeout=1) for each in reply)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def percentile(values: list[float], fraction: float) -> float:
    """Return the value below which this fraction of the values lies; NaN when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))] if ordered else float("nan")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
