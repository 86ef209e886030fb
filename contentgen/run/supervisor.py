"""Runs several programs as one: output side by side, restarted when they die, stopped together."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TextIO, cast

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Popen

from contentgen.run.shared import Fork
from contentgen.run.state import StartError

MAX_RESTARTS = 5  # in a row; then something is wrong that no restart repairs
FIRST_DELAY = 1.0  # seconds before the first restart; each further one waits twice as long
STABLE_AFTER = 60.0  # seconds a program must run for its next death to count as its first
TICK = 0.25  # seconds between two checks of the programs
NAME_WIDTH = len("simulator")
MAX_LINE = 65_536  # bytes; a longer line is shown in parts


class RestartLimitError(Exception):
    """A program keeps dying. The text says which one, how, and what it wrote last."""


@dataclass(eq=False)
class Program:
    """A shell command to keep running, with variables that only it sees.

    One with `arguments` is forked from this process instead, and shares what this one has loaded. Services
    stop last: the other programs need them to end well.
    """

    name: str
    command: str
    is_service: bool = False
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: list[str] | None = None
    process: subprocess.Popen[bytes] | Fork | None = None
    started_at: float = 0
    restarts: int = 0
    restart_at: float = 0
    last_line: str = ""
    colour: str = ""
    partial_line: bytes = b""

    def plan_restart(self, age: float) -> float | None:
        """Return the seconds until the next start after a run of `age` seconds, or None to give up."""
        if age > STABLE_AFTER:
            self.restarts = 0
        if self.restarts == MAX_RESTARTS:
            return None
        delay: float = FIRST_DELAY * 2**self.restarts
        self.restarts += 1
        self.restart_at = time.monotonic() + delay
        return delay


class Supervisor:
    """Owns its programs from `start` to `stop`. Has no threads, so that a program can be forked at any time.

    Commands run in `folder`; their lines go to `output`. A reaper shares `lock` and stops the programs when
    this process is killed. Until `is_settled` is set, the death of a program raises `StartError`; from then
    on the program is restarted, and `RestartLimitError` is raised after `MAX_RESTARTS` restarts in a row.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, lock: IO[str], output: TextIO) -> None:
        self.is_settled = False
        self._environment = dict(environment)
        self._folder = folder
        self._programs: list[Program] = []
        self._colours = get_colours()
        self._printer = Printer(output, width=NAME_WIDTH)
        self._outputs = selectors.DefaultSelector()
        self._reaper = subprocess.Popen(  # noqa: S603  # our own file
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )

    def start(self, program: Program) -> None:
        """Start `program` and keep it running until `stop`."""
        program.colour = next(self._colours)
        self._programs.append(program)
        self._launch(program)

    def step(self) -> None:
        """Show what the programs write for up to `TICK` seconds, then restart what has died."""
        self._relay(TICK)
        for program in self._programs:
            if program.process is None:
                if time.monotonic() >= program.restart_at:
                    self._launch(program)
            elif (exit_code := program.process.poll()) is not None:
                self._handle_exit(program, program.process, exit_code)

    def say(self, line: str) -> None:
        """Print a line of the supervisor's own among those of the programs."""
        self._print("studio", line)

    def stop(self, patience: float, is_urgent: Callable[[], bool]) -> None:
        """Stop every program: politely, the services last, and after `patience` seconds by force.

        A worker finishes its task in that time or leaves it to be done again. As soon as `is_urgent` returns
        True, nothing is waited for. Returns when all are gone.
        """
        deadline = time.monotonic() + patience
        for are_services in (False, True):
            self._stop([p for p in self._programs if p.is_service == are_services], deadline, is_urgent)
            # Services have nothing to finish, and always get a moment to close their files.
            deadline = max(deadline, time.monotonic() + 1)
        with suppress(BrokenPipeError):
            self._reaper.communicate()

    def _launch(self, program: Program) -> None:
        """Start the program in a session of its own: Ctrl-C reaches only the supervisor."""
        process = program.process = self._create_process(program)
        self._update_reaper()
        program.started_at = time.monotonic()
        output = cast(IO[bytes], process.stdout)
        os.set_blocking(output.fileno(), False)
        self._outputs.register(output, selectors.EVENT_READ, program)

    def _create_process(self, program: Program) -> subprocess.Popen[bytes] | Fork:
        environment = {**self._environment, **program.environment}
        if program.arguments is not None:
            return Fork(program.arguments, self._folder, environment)
        # exec: a signal must reach the program, not the shell around it
        command = f"exec {program.command}"
        process: subprocess.Popen[bytes] = Popen(
            command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL
        )
        return process

    def _relay(self, seconds: float) -> None:
        """Wait up to `seconds` for programs to write something, and print it."""
        if not self._outputs.get_map():
            time.sleep(seconds)
        for key, _ in self._outputs.select(seconds):
            if not self._read(key.data, cast(IO[bytes], key.fileobj)):
                self._outputs.unregister(key.fileobj)

    def _read(self, program: Program, output: IO[bytes]) -> bool:
        """Print the lines that can be read now. Return whether there was anything, and may be more."""
        data = b""
        with suppress(BlockingIOError):
            data = os.read(output.fileno(), MAX_LINE)
        if not data:
            return False
        *lines, program.partial_line = (program.partial_line + data).split(b"\n")
        if len(program.partial_line) > MAX_LINE:
            lines, program.partial_line = [*lines, program.partial_line], b""
        for line in lines:
            self._print_line(program, line)
        return True

    def _print_line(self, program: Program, line: bytes) -> None:
        text = line.decode(errors="replace")
        program.last_line = text.strip() or program.last_line
        self._print(program.name, text, program.colour)

    def _handle_exit(self, program: Program, process: subprocess.Popen[bytes] | Fork, exit_code: int) -> None:
        age, reason = time.monotonic() - program.started_at, _describe(exit_code)
        self._clean_up(program, process)
        if not self.is_settled:
            raise StartError(f"{program.name} {reason} while starting.")
        if (delay := program.plan_restart(age)) is None:
            reason = f"{reason}, and {MAX_RESTARTS} restarts did not help."
            raise RestartLimitError(f"{program.name} {reason} Its last line: {program.last_line}")
        self.say(f"{program.name} {reason}; restarting it in {delay:.0f} s")

    def _clean_up(self, program: Program, process: subprocess.Popen[bytes] | Fork) -> None:
        """End the whole process group now, print what it still had to say, and forget it."""
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only a zombie is left
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # a fork is alone in its group only after its first steps
        process.wait()
        output = cast(IO[bytes], process.stdout)
        with output:
            while self._read(program, output):
                pass
            if output in self._outputs.get_map():
                self._outputs.unregister(output)
        if program.partial_line:
            self._print_line(program, program.partial_line)
        program.process, program.partial_line = None, b""
        self._update_reaper()

    def _stop(self, programs: list[Program], deadline: float, is_urgent: Callable[[], bool]) -> None:
        for program in programs:
            if program.process is not None:
                program.process.terminate()  # the leader alone: its children are to finish their task
        while running := [(p, p.process) for p in programs if p.process is not None]:
            is_late = is_urgent() or time.monotonic() >= deadline
            for program, process in running:
                if process.poll() is None and is_late:
                    self.say(f"{program.name} did not stop in time and was killed")
                if process.poll() is not None or is_late:
                    self._clean_up(program, process)
            self._relay(TICK)

    def _update_reaper(self) -> None:
        pids = [str(p.process.pid) for p in self._programs if p.process is not None]
        with suppress(BrokenPipeError):  # it was killed itself; it only matters if we are killed too
            cast(IO[bytes], self._reaper.stdin).write(f"{' '.join(pids)}\n".encode())

    def _print(self, name: str, line: str, colour: str = "") -> None:
        message = Message("line", line, datetime.now(), name, colour)  # noqa: DTZ005  # the wall clock's time
        with suppress(OSError, ValueError):  # nobody reads any more; the programs go on
            self._printer.write(message)


def _describe(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was killed by {signal.Signals(-exit_code).name}"
