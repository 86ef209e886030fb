"""The drill: the version before at work, this version's `release`, and one process after another replaced."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from honcho.environ import parse_procfile

from contentgen.run.embedded import prepare_valkey
from tests.chaos.faults import ControlClient
from tests.chaos.processes import Program
from tests.studio import PROJECT, free_port
from tests.upgrade.traffic import Rotation, Traffic

JOB_SECONDS = 4.0  # that the simulator takes for a video
START_TIMEOUT = 240.0  # seconds, on a machine that is busy
COMMAND_TIMEOUT = 600.0  # seconds; all migrations are a minute of computing on PostgreSQL
STOP_TIMEOUT = 90.0  # seconds in which a process must end after SIGTERM
SETTLE_TIMEOUT = 300.0  # seconds until the last video is finished
RELEASE_ATTEMPTS = 3
_MEETING = re.compile("deadlock detected|due to lock timeout")
WORKERS = ("worker", "network", "downloads")
_BAD_LINE = re.compile(r"^\S+ \S+ (ERROR|CRITICAL) ")


class DrillError(Exception):
    """The drill could not be carried out; the text says what did not happen."""


@dataclass(frozen=True)
class Version:
    """A checkout, and what its Procfile says."""

    name: str
    folder: Path

    def command(self, process: str) -> str:
        command: str = parse_procfile((self.folder / "Procfile").read_text()).processes[process]
        return command


class Drill:
    """One upgrade of one studio. Leaves no process behind."""

    def __init__(self, folder: Path, old: Path, environment: Mapping[str, str], *, videos: int) -> None:
        self._folder, self._logs, self._videos = folder, folder / "logs", videos
        self._old, self._new = Version("old", old), Version("new", PROJECT)
        valkey, redis_url = prepare_valkey(folder / "valkey")
        self._valkey_command, self._simulator_port = valkey, free_port()
        simulator = f"http://127.0.0.1:{self._simulator_port}/v1"
        self._environment = {**environment, "REDIS_URL": redis_url, "SIMULATOR_URL": simulator}
        self._programs: list[Program] = []
        self._rotation = Rotation()
        self._violations: list[str] = []

    def run(self) -> tuple[list[str], str]:
        """Return the violations, and the line that says what was done."""
        self._logs.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        try:
            traffic = self._carry_out()
        finally:
            for program in self._programs:
                program.kill()
        counts = f"videos {len(traffic.ids)}, responses {traffic.statuses.total()}"
        return self._violations, f"{counts}, seconds {time.monotonic() - began:.0f}"

    def _carry_out(self) -> Traffic:
        self._start_services()
        self._release(self._old)
        webs = [self._start_web(self._old) for _ in range(2)]
        workers = {name: self._start(self._old, name) for name in WORKERS}
        beats = [self._start(self._old, "beat") for _ in range(2)]
        token = self._manage(self._old, "create_token", "owner").strip().splitlines()[-1]
        traffic = Traffic(self._rotation, token, videos=self._videos)
        traffic.start()
        _wait_until("the first videos are under way", lambda: len(traffic.ids) >= 3, START_TIMEOUT)

        self._release(self._new)
        self._replace_web(webs[0])  # from here on new pages stand beside old workers …
        for name, old in workers.items():
            self._replace_worker(name, old)
        for beat in beats:
            self._start(self._new, "beat")
            self._end(beat)
        _wait_until("new workers have begun with videos", lambda: len(traffic.ids) >= 6, START_TIMEOUT)
        self._replace_web(webs[1])  # … and until here old pages beside new workers

        _wait_until("all videos are asked for", traffic.has_created_all, START_TIMEOUT)
        self._settle(traffic)
        traffic.stop()
        self._check(traffic)
        return traffic

    def _start_services(self) -> None:
        self._add("valkey", self._valkey_command, PROJECT)
        options = ["--port", str(self._simulator_port), "--data", str(self._folder / "simulator")]
        options += ["--duration", str(JOB_SECONDS), "--no-key", "--render", "on-demand"]
        command = shlex.join([sys.executable, "-m", "tests.chaos.small_videos", *options])
        self._add("simulator", command, PROJECT)

    def _release(self, version: Version) -> None:
        """Migrate and make the owner; the static files are in the image, or served in place.

        A migration that meets a transaction which it cannot wait for ends, and is run again, as
        docs/operations.md says.
        """
        for attempt in range(RELEASE_ATTEMPTS):
            try:
                self._manage(version, "migrate", "--noinput", "--verbosity", "0")
                break
            except DrillError as error:
                if attempt == RELEASE_ATTEMPTS - 1 or not _MEETING.search(str(error)):
                    raise
        self._manage(version, "ensure_owner")

    def _manage(self, version: Version, *arguments: str) -> str:
        try:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=version.folder,
                env=dict(self._environment),
                capture_output=True,
                text=True,
                timeout=COMMAND_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DrillError(f"{version.name} {arguments[0]}: not done in {COMMAND_TIMEOUT:.0f} s") from error
        if done.returncode:
            raise DrillError(f"{version.name} {arguments[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def _start(self, version: Version, process: str, **settings: str) -> Program:
        name = f"{version.name}-{process}-{len(self._programs)}"
        if "STORAGE_URL" in self._environment:
            settings["DATA_DIR"] = str(self._folder / f"data-{name}")
            Path(settings["DATA_DIR"]).mkdir()
        return self._add(name, version.command(process), version.folder, **settings)

    def _add(self, name: str, command: str, folder: Path, **settings: str) -> Program:
        environment = {**self._environment, **settings}
        program = Program(name, command, environment, self._logs / f"{name}.log", folder=folder)
        program.start()
        self._programs.append(program)
        return program

    def _start_web(self, version: Version) -> tuple[Program, int]:
        port = free_port()
        program = self._start(version, "web", PORT=str(port))
        _wait_until(f"{program.name} answers", lambda: _answers(port), START_TIMEOUT)
        self._rotation.add(port)
        return program, port

    def _replace_web(self, old: tuple[Program, int]) -> None:
        self._start_web(self._new)
        program, port = old
        self._rotation.remove(port)
        self._end(program)

    def _replace_worker(self, name: str, old: Program) -> None:
        new = self._start(self._new, name)
        _wait_until(f"{new.name} is ready", lambda: "ready." in new.log.read_text(), START_TIMEOUT)
        self._end(old)

    def _end(self, program: Program) -> None:
        program.terminate()
        try:
            _wait_until(f"{program.name} ends", lambda: not program.is_alive, STOP_TIMEOUT)
        except DrillError as error:
            self._violations.append(str(error))

    def _settle(self, traffic: Traffic) -> None:
        """Wait until every video has ended, or time is up; `_check` says what has not."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        waiting = list(traffic.ids)
        while waiting and time.monotonic() < deadline:
            time.sleep(1)
            waiting = [each for each in waiting if traffic.status_of(each) in ("queued", "in_progress")]

    def _check(self, traffic: Traffic) -> None:
        self._violations += traffic.violations
        for public_id in traffic.ids:
            if (status := traffic.status_of(public_id)) != "completed":
                self._violations.append(f"{public_id} is {status}")
            elif not traffic.has_file(public_id):
                self._violations.append(f"{public_id} has no file")
        control = ControlClient(self._simulator_port)
        jobs = [str(job["prompt"]) for job in control.ledger()]
        control.close()
        if len(jobs) != len(set(jobs)) or len(jobs) != len(traffic.ids):
            self._violations.append(f"{len(jobs)} jobs were paid for {len(traffic.ids)} videos")
        try:
            self._manage(self._new, "check_ledger")
        except DrillError as error:
            self._violations.append(str(error))
        for program in self._programs:
            lines = program.log.read_text(errors="replace").splitlines()
            self._violations += [f"{program.name}: {line}" for line in lines if _BAD_LINE.match(line)]


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _wait_until(what: str, condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DrillError(f"Not within {seconds:.0f} s: {what}.")
        time.sleep(0.2)
