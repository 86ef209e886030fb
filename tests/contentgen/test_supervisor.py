"""Programs that run side by side, as small real processes."""

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contentgen.run import supervisor as module
from contentgen.run.state import StartError
from contentgen.run.supervisor import Program, RestartLimitError, Supervisor

WITHIN = 20.0  # seconds; far more than it takes


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: io.StringIO) -> Iterator[Supervisor]:
    """A settled supervisor that restarts without much delay, and stops whatever a test left running."""
    monkeypatch.setattr(module, "TICK", 0.02)
    with (tmp_path / "lock").open("w") as lock:
        made = Supervisor(os.environ, tmp_path, lock, output)
        made.is_settled = True
        yield made
        made.stop(0, is_urgent=lambda: True)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Program]:
    monkeypatch.setattr(module, "FIRST_DELAY", 0.05)
    return lambda command, **more: Program("thing", command, **more)


def _step_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        supervisor.step()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_shows_each_line_under_the_name_of_its_program(supervisor, program, output):
    supervisor.start(program("sh -c 'echo one; printf two; sleep 60'"))

    _step_until(supervisor, lambda: "one" in output.getvalue())

    assert "thing     | one\n" in output.getvalue()
    assert "two" not in output.getvalue()  # its line is not finished


def test_it_restarts_a_program_that_was_killed(supervisor, program, output):
    thing = program("sleep 60")
    supervisor.start(thing)
    first = thing.process.pid
    os.kill(first, 9)

    _step_until(supervisor, lambda: thing.process is not None and thing.process.pid != first)

    assert "thing was killed by SIGKILL; restarting it" in output.getvalue()
    assert not _is_alive(first)


def test_it_waits_longer_each_time_for_one_that_keeps_dying():
    thing = Program("thing", "false")

    delays = [thing.plan_restart(age=1.0) for _ in range(module.MAX_RESTARTS + 1)]

    assert delays == [1, 2, 4, 8, 16, None]
    assert thing.plan_restart(age=3600.0) == 1


def test_it_gives_up_on_one_that_keeps_dying_and_says_which_and_why(
    supervisor, program, tmp_path, output, monkeypatch
):
    other, thing = Program("other", "sleep 60"), program("sh -c 'echo run >> runs; echo no queue; exit 3'")
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)
    supervisor.start(other)
    supervisor.start(thing)

    with pytest.raises(RestartLimitError) as raised:
        _step_until(supervisor, lambda: False)

    assert str(raised.value) == (
        "thing ended with exit code 3, and 5 restarts did not help. Its last line: no queue"
    )
    assert (tmp_path / "runs").read_text().split() == ["run"] * 6
    assert output.getvalue().count("thing ended with exit code 3; restarting it") == 5
    assert other.restarts == 0


def test_it_gives_up_when_a_program_dies_while_all_are_starting(supervisor, program):
    supervisor.is_settled = False
    thing = program("sh -c 'exit 3'")
    supervisor.start(thing)

    with pytest.raises(StartError, match="thing ended with exit code 3 while starting"):
        _step_until(supervisor, lambda: False)

    assert thing.process is None
    assert thing.restarts == 0


def test_it_ends_the_children_of_a_program_that_was_killed(supervisor, program, tmp_path):
    thing = program("sh -c 'sleep 60 & echo $! > child; wait'")
    supervisor.start(thing)
    _step_until(supervisor, lambda: (tmp_path / "child").exists() and bool((tmp_path / "child").read_text()))
    child = int((tmp_path / "child").read_text())
    assert _is_alive(child)
    first = thing.process.pid

    os.kill(first, 9)
    _step_until(supervisor, lambda: thing.process is not None and thing.process.pid != first)

    _step_until(supervisor, lambda: not _is_alive(child))


def test_it_stops_services_last(supervisor, program, tmp_path):
    script = "sh -c 'trap \"echo {0} >> order; exit\" TERM; touch {0}; while :; do sleep 0.02; done'"
    supervisor.start(program(script.format("broker"), is_service=True))
    supervisor.start(program(script.format("worker")))
    _step_until(supervisor, lambda: (tmp_path / "broker").exists() and (tmp_path / "worker").exists())

    supervisor.stop(WITHIN, is_urgent=lambda: False)

    assert (tmp_path / "order").read_text().split() == ["worker", "broker"]


@pytest.mark.parametrize(("patience", "hurry"), [(0.1, False), (WITHIN, True)])
def test_it_kills_what_does_not_stop_in_time(supervisor, program, tmp_path, output, patience, hurry):
    thing = program("sh -c 'trap \"\" TERM; touch ready; while :; do sleep 0.02; done'")
    supervisor.start(thing)
    pid = thing.process.pid
    _step_until(supervisor, (tmp_path / "ready").exists)
    began = time.monotonic()

    supervisor.stop(patience, is_urgent=lambda: hurry)

    assert time.monotonic() - began < WITHIN / 2
    assert not _is_alive(pid)
    assert "thing did not stop in time and was killed" in output.getvalue()
