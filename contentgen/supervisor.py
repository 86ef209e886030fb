"""Runs several programs as one: their output side by side, restarted when they die, stopped together."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TextIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from contentgen.local_state import StartError

FIRST_DELAY = 1.0  # seconds before a program that died starts again; doubles while it keeps dying
LONGEST_DELAY = 30.0
STABLE_AFTER = 60.0  # seconds a program must run for its next death to count as its first
TICK = 0.2  # seconds between two looks at the programs and at a request to stop
NAME_WIDTH = len("simulator")


class _Run:
    """One process, the leader of a session of its own, so that Ctrl-C reaches only the supervisor."""

    def __init__(self, command: str, environment: Mapping[str, str], folder: Path) -> None:
        self.started_at = time.monotonic()
        self._unfinished_line = b""
        self._process = subprocess.Popen(  # noqa: S602  # the Procfile's lines are shell lines
            f"exec {command}",  # exec: a signal must reach the program, not a shell around it
            shell=True,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self._process.stdout is None:
            raise RuntimeError("a process started with a pipe has no pipe")
        self.output: IO[bytes] = self._process.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._process.poll()

    @property
    def age(self) -> float:
        return time.monotonic() - self.started_at

    def lines(self) -> tuple[list[str], bool]:
        """Return the lines that are there to read now, and whether more can come."""
        content = self.output.read(65536)
        *lines, self._unfinished_line = (self._unfinished_line + (content or b"")).split(b"\n")
        if content == b"" and self._unfinished_line:
            lines.append(self._unfinished_line)
            self._unfinished_line = b""
        return [line.decode(errors="replace") for line in lines], content != b""

    def terminate(self) -> None:
        """Ask the leader alone to end: its children must outlive the signal to finish their task."""
        self._process.terminate()

    def kill_group(self) -> None:
        """End the process and all its children now."""
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only a zombie is left
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Program:
    """A shell command to keep running. `essential` ones stop last: the others need them to end well."""

    def __init__(self, name: str, command: str, *, essential: bool = False) -> None:
        self.name = name
        self.command = command
        self.essential = essential
        self.colour = ""
        self.run: _Run | None = None
        self.restart_at: float | None = None
        self._delay = FIRST_DELAY

    def plan_restart(self, age: float) -> float:
        """Set the time of the next start after a run of `age` seconds, and return the seconds until then."""
        delay = FIRST_DELAY if age > STABLE_AFTER else self._delay
        self._delay = min(delay * 2, LONGEST_DELAY)
        self.restart_at = time.monotonic() + delay
        return delay


class Supervisor:
    """Owns its programs from `start` to `stop`. Single-threaded: everything happens inside `step`.

    `folder` is where commands run, `lock` the file whose lock the guardian shares, `output` where lines go.
    Until `settled` is set, the death of a program raises `StartError`. Then it is started again: after
    a second at first, later and later while it keeps dying, at last every half minute.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, lock: IO[str], output: TextIO) -> None:
        self.settled = False
        self._environment = environment
        self._folder = folder
        self._programs: list[Program] = []
        self._selector = selectors.DefaultSelector()
        self._colours = get_colours()
        self._printer = Printer(output, width=NAME_WIDTH)
        self._guardian = _Guardian(lock)

    def start(self, program: Program) -> None:
        """Start `program` and keep it running until `stop`."""
        program.colour = next(self._colours)
        self._programs.append(program)
        self._launch(program)

    def step(self) -> None:
        """Relay what the programs write within `TICK` seconds; bury and restart the dead."""
        self._relay()
        for program in self._programs:
            run = program.run
            if run is not None and run.exit_code is not None:
                self._bury(program, run)
                self._after_death(program, run)
            if program.restart_at is not None and time.monotonic() >= program.restart_at:
                self._launch(program)

    def say(self, line: str) -> None:
        """Print a line of the supervisor's own among those of the programs."""
        self._print("studio", line, colour="")

    def stop(self, patience: float, in_a_hurry: Callable[[], bool]) -> None:
        """Stop every program: politely, the essential ones last, and after `patience` seconds by force.

        A worker finishes its task in that time or leaves it to be done again. As soon as `in_a_hurry` is
        true, nothing is waited for. Returns when all are gone.
        """
        deadline = time.monotonic() + patience
        self._stop([p for p in self._programs if not p.essential], deadline, in_a_hurry)
        # The essential ones have nothing to finish, and always get a moment to close their files.
        deadline = max(deadline, time.monotonic() + 1)
        self._stop([p for p in self._programs if p.essential], deadline, in_a_hurry)
        self._guardian.dismiss()
        self._selector.close()

    def _launch(self, program: Program) -> None:
        program.restart_at = None
        program.run = _Run(program.command, self._environment, self._folder)
        self._guardian.note_start(program.run.pid)
        self._selector.register(program.run.output, selectors.EVENT_READ, program)

    def _relay(self) -> None:
        for key, _ in self._selector.select(TICK):
            program: Program = key.data
            if program.run is not None and not self._print_lines(program, program.run):
                self._selector.unregister(key.fileobj)

    def _print_lines(self, program: Program, run: _Run) -> bool:
        lines, more = run.lines()
        for line in lines:
            self._print(program.name, line, program.colour)
        return more

    def _bury(self, program: Program, run: _Run) -> None:
        """Clean up after a program that ended: its children, its last words, its entry at the guardian."""
        program.run = None
        run.kill_group()
        self._guardian.note_end(run.pid)
        self._print_lines(program, run)
        if run.output in self._selector.get_map():
            self._selector.unregister(run.output)
        run.output.close()

    def _after_death(self, program: Program, run: _Run) -> None:
        ending = _ending(run.exit_code or 0)
        if not self.settled:
            raise StartError(f"{program.name} {ending} while starting.")
        delay = program.plan_restart(run.age)
        self.say(f"{program.name} {ending}; starting it again in {delay:.0f} s")

    def _stop(self, programs: list[Program], deadline: float, in_a_hurry: Callable[[], bool]) -> None:
        for program in programs:
            program.restart_at = None
            if program.run is not None:
                program.run.terminate()
        while running := [(p, p.run) for p in programs if p.run is not None]:
            self._relay()
            too_late = in_a_hurry() or time.monotonic() >= deadline
            for program, run in running:
                if too_late and run.exit_code is None:
                    self.say(f"{program.name} did not stop in time and was killed")
                    run.kill_group()
                if run.exit_code is not None:
                    self._bury(program, run)

    def _print(self, name: str, line: str, colour: str) -> None:
        message = Message("line", line, datetime.now(), name, colour)  # noqa: DTZ005  # the wall clock's time
        with suppress(OSError, ValueError):  # nobody reads any more; the programs still need looking after
            self._printer.write(message)


class _Guardian:
    """The process that cleans up after this one was killed. Started with the first program."""

    def __init__(self, lock: IO[str]) -> None:
        self._lock = lock
        self._process: subprocess.Popen[str] | None = None

    def note_start(self, pid: int) -> None:
        self._process = self._process or subprocess.Popen(  # noqa: S603  # our own file
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guardian.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            start_new_session=True,
            pass_fds=[self._lock.fileno()],
        )
        self._tell(f"+{pid}")

    def note_end(self, pid: int) -> None:
        self._tell(f"-{pid}")

    def dismiss(self) -> None:
        """Let it go, and wait until it has let go of the lock."""
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._process.communicate()

    def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it was killed itself; it only matters if we are killed too
                self._process.stdin.write(f"{line}\n")


def _ending(exit_code: int) -> str:
    """How a process ended, in words."""
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was killed by {signal.Signals(-exit_code).name}"
