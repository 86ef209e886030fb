"""The real processes of a studio, to be killed, frozen and started again.

Workers and beat are started with the lines of the Procfile, two of each; the broker and the simulator as
`make run` starts them. Every program leads a process group of its own.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from honcho.environ import parse_procfile

PROJECT = Path(__file__).resolve().parent.parent.parent
QUEUES = ("worker", "network", "downloads")
COPIES = 2
STOP_WITHIN = 10  # seconds a program has to end by itself at the end


@dataclass
class Program:
    """One program and the process that runs it now. Its output goes to `log`, added to what is there."""

    name: str
    command: str
    environment: Mapping[str, str]
    log: Path
    frozen: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, after making an end of all that is left of its last run."""
        self.kill()
        with self.log.open("ab") as output:
            self._process = self._open(output)

    def _open(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S602  # the Procfile's lines are shell lines
            f"exec {self.command}",
            shell=True,
            cwd=PROJECT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[int]:
        """Its child processes, by id."""
        if self._process is None:
            return []
        table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = (line.split() for line in table.stdout.splitlines())
        return sorted(int(pid) for pid, parent in pairs if int(parent) == self._process.pid)

    def kill_leader(self) -> None:
        """Kill -9 the leader alone: its children are left to find out for themselves."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.frozen = False

    def kill(self) -> None:
        """Kill -9 the whole group, as the supervisor does before it starts a program again."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        self.frozen = False

    def freeze(self) -> None:
        """Stop the whole group in the middle of whatever it does."""
        self._signal_group(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        self._signal_group(signal.SIGCONT)
        self.frozen = False

    def stop(self) -> None:
        """Ask it to end; after a while, make it."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_WITHIN)
        self.kill()

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


class Fleet:
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
        """Make a program known and start it."""
        program = Program(name, command, {**self._environment, **environment}, self._logs / f"{name}.log")
        self.programs[name] = program
        program.start()
        return program

    def add_procfile(self) -> None:
        """Start two of everything the Procfile runs beside the web."""
        lines = parse_procfile((PROJECT / "Procfile").read_text()).processes
        for copy in range(1, COPIES + 1):
            for kind in (*QUEUES, "beat"):
                self.add(f"{kind}-{copy}", re.sub(r"-n (\w+)@", rf"-n \g<1>{copy}@", lines[kind]))

    def add_simulator(self, port: int, data: Path, *, duration: float, rules: str) -> Program:
        """Start the simulator. Its videos are small, and made when they are requested."""
        arguments = ["--port", str(port), "--data", str(data), "--duration", str(duration)]
        program = [sys.executable, "-m", "tests.chaos.small_videos", "--render", "on-demand"]
        return self.add("simulator", shlex.join([*program, *arguments]), SIMULATOR_FAULTS=rules)

    def restart_dead(self) -> None:
        """Start whatever does not run."""
        for program in self.programs.values():
            if not program.alive:
                program.start()

    def stop(self, *names: str) -> None:
        """End these programs, or all: the broker and the simulator last."""
        chosen = [self.programs[name] for name in names or self.programs]
        for program in chosen:
            program.thaw()
        for program in sorted(chosen, key=lambda one: one.name in ("valkey", "simulator")):
            program.stop()

    def kill(self) -> None:
        """Make an end of everything at once."""
        for program in self.programs.values():
            program.kill()
