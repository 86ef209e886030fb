"""The real processes of a studio, which can be killed, suspended and restarted.

Workers and beat are started with the lines of the Procfile, two of each; the broker and the simulator as
`make run` starts them. Every program has its own process group.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from honcho.environ import parse_procfile

PROJECT = Path(__file__).resolve().parent.parent.parent
QUEUES = ("worker", "network", "downloads")
OTHERS = ("valkey", "simulator", "store")  # what the studio needs, but is not part of it
COPIES = 2
STOP_TIMEOUT = 10  # seconds from SIGTERM to SIGKILL


@dataclass
class Program:
    """One program, run in `folder`, and the process that runs it now. Its output is appended to `log`."""

    name: str
    command: str
    environment: Mapping[str, str]
    log: Path
    folder: Path = PROJECT
    is_suspended: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the program, after killing whatever is left of its last process group."""
        self.kill()
        with self.log.open("ab") as output:
            self._process = self._open(output)

    def _open(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S602  # the Procfile's lines are shell lines
            f"exec {self.command}",
            shell=True,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[int]:
        """Return the ids of its child processes."""
        if self._process is None:
            return []
        table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = (line.split() for line in table.stdout.splitlines())
        return sorted(int(pid) for pid, parent in pairs if int(parent) == self._process.pid)

    def terminate(self) -> None:
        """Ask the program to end (SIGTERM to its first process alone), without waiting for it."""
        if self._process is not None:
            self._process.terminate()

    def kill_parent(self) -> None:
        """Kill -9 the parent process alone; its children have to notice by themselves."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.is_suspended = False

    def kill(self) -> None:
        """Kill -9 the whole group, as the supervisor does before it restarts a program."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        self.is_suspended = False

    def suspend(self) -> None:
        """Suspend the whole group (SIGSTOP)."""
        self._signal_group(signal.SIGSTOP)
        self.is_suspended = True

    def resume(self) -> None:
        """Resume the whole group (SIGCONT)."""
        self._signal_group(signal.SIGCONT)
        self.is_suspended = False

    def stop(self) -> None:
        """Terminate the program, and kill it when it has not ended after `STOP_TIMEOUT`."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT)
        self.kill()

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


class Processes:
    """All programs of a run, by name."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self._environment = {
            **environment,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        }
        self._logs = logs
        self.programs: dict[str, Program] = {}

    def add(self, name: str, command: str, **environment: str) -> Program:
        """Add a program and start it."""
        program = Program(name, command, {**self._environment, **environment}, self._logs / f"{name}.log")
        self.programs[name] = program
        program.start()
        return program

    def add_procfile(self, hosts: Sequence[Mapping[str, str]] = ({},) * COPIES) -> None:
        """Start a copy on each host of every program of the Procfile except the web server."""
        lines = parse_procfile((PROJECT / "Procfile").read_text()).processes
        for copy, host in enumerate(hosts, start=1):
            for kind in (*QUEUES, "beat"):
                self.add(f"{kind}-{copy}", lines[kind], **host)

    def add_simulator(
        self,
        port: int,
        data: Path,
        *,
        duration: float,
        rules: str,
        quirks: str = "",
        name: str = "simulator",
    ) -> Program:
        """Start a simulator. Its videos are small, and rendered on demand. `duration` is in seconds."""
        arguments = ["--port", str(port), "--data", str(data), "--duration", str(duration)]
        program = [sys.executable, "-m", "tests.chaos.small_videos", "--no-key", "--render", "on-demand"]
        command = shlex.join([*program, *arguments])
        return self.add(name, command, SIMULATOR_FAULTS=rules, SIMULATOR_QUIRKS=quirks)

    def restart_dead(self) -> None:
        """Start every program that is not running."""
        for program in self.programs.values():
            if not program.is_alive:
                program.start()

    def stop(self, *names: str) -> None:
        """Stop these programs, or all; the broker and the simulator last."""
        chosen = [self.programs[name] for name in names or self.programs]
        for program in chosen:
            program.resume()
        for program in sorted(chosen, key=lambda one: one.name.startswith(OTHERS)):
            program.stop()

    def kill(self) -> None:
        """Kill -9 all programs."""
        for program in self.programs.values():
            program.kill()
