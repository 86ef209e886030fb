"""What every benchmark needs: a folder and processes that are gone afterwards, however it ends."""

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
WITHIN = 60.0  # seconds for a process to get ready
PATIENCE = 5.0  # seconds for a process to stop when asked to
_TICK = os.sysconf("SC_CLK_TCK")


class Stage:
    """A folder, the processes started in it, and the environment they share with this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._pids: dict[str, int] = {}

    def configure(self, **settings: str) -> None:
        """Point Django's settings, here and in what is started from now on, at the folder and `settings`."""
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DATABASE_URL", "REDIS_URL", "DEBUG", "DEPLOYMENT"):
            os.environ[name] = ""
        os.environ |= {"ENV_FILE": "", "DATA_DIR": str(self.folder), "LOG_LEVEL": "WARNING", **settings}
        os.environ["DJANGO_SETTINGS_MODULE"] = "contentgen.settings"

    def start(self, name: str, command: str | list[str]) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own; what it says goes to `name`.log."""
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

    def celery(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a Celery worker or beat with the Procfile's options and these."""
        return self.start(name, [sys.executable, "-m", "celery", "--quiet", "-A", "contentgen", *arguments])

    def pid(self, name: str) -> int:
        """The id of the process that was started under that name last."""
        return self._pids[name]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        """Stop these process groups: politely first, then not."""
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _kill_group(process.pid)
            process.wait()

    def stop_all(self) -> None:
        self.stop(*reversed(self._running))


@contextmanager
def stage(prefix: str) -> Iterator[Stage]:
    """Yield a stage; its processes and its folder are gone afterwards, also after Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix=f"contentgen-{prefix}-", ignore_cleanup_errors=True) as folder:
        made = Stage(Path(folder))
        try:
            yield made
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave anything behind
            made.stop_all()
            signal.signal(signal.SIGINT, signal.default_int_handler)


def django() -> None:
    """Set Django up with what `Stage.configure` chose, and make the database."""
    import django as framework
    from django.core.management import call_command

    framework.setup()
    call_command("migrate", verbosity=0, interactive=False)


def wait_until(condition: Callable[[], object], what: str, within: float = WITHIN) -> None:
    """Return once `condition` holds. Raises `TimeoutError` naming `what` was waited for."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {within:.0f} s")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether a server answers there yet."""
    try:
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def valkey_answers(url: str) -> bool:
    """Whether the broker answers yet."""
    import redis

    with redis.Redis.from_url(url, socket_connect_timeout=1) as broker:
        try:
            return bool(broker.ping())
        except redis.ConnectionError:
            return False


def workers_answer(count: int) -> bool:
    """Whether that many Celery workers take messages."""
    from contentgen import celery_app

    return len(celery_app.control.ping(timeout=1)) >= count


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def share(values: list[float], part: float) -> float:
    """Return the value below which `part` of the values lie; NaN when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
