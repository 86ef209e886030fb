"""What `make run` forks: which commands, and that such a child is a process like any other."""

import subprocess
import sys

import pytest
from honcho.environ import parse_procfile

from contentgen.run import shared
from tests.studio import PROJECT

SCRIPT = """
import os
from pathlib import Path
from contentgen.run.shared import Fork
fork = Fork(["honcho", *{arguments}], Path("/"), {{"PATH": os.environ["PATH"], "PORT": "1"}})
said = fork.stdout.read().decode()
print(fork.wait(), fork.poll(), os.getsid(0) != fork.pid, said)
"""


@pytest.fixture(autouse=True)
def _on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "CAN_SHARE", True)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (
            "celery -A contentgen worker -n worker-$$@%h --loglevel ${LOG_LEVEL:-INFO}",
            ["celery", "-A", "contentgen", "worker", "-n", "worker-$$@%h", "--loglevel", "DEBUG"],
        ),
        ("gunicorn --bind ${BIND:-0.0.0.0}:${PORT:-8000}", ["gunicorn", "--bind", "0.0.0.0:8000"]),
        ("gunicorn ${METRICS_PORT:+-b 127.0.0.1:$METRICS_PORT} wsgi", ["gunicorn", "wsgi"]),
        ("gunicorn ${PORT_TOO:+-b ${HOST:-127.0.0.1}:$PORT_TOO}", ["gunicorn", "-b", "127.0.0.1:9000"]),
        ("gunicorn contentgen.wsgi && echo ended", None),
        ("gunicorn $(hostname)", None),
        ("valkey-server valkey.conf", None),
    ],
)
def test_it_forks_what_needs_no_shell(command, arguments):
    environment = {"LOG_LEVEL": "DEBUG", "PORT": "", "PORT_TOO": "9000"}
    assert shared.arguments_of(command, environment) == arguments


def test_it_forks_nothing_where_that_is_not_safe(monkeypatch):
    monkeypatch.setattr(shared, "CAN_SHARE", False)

    assert shared.arguments_of("gunicorn contentgen.wsgi", {}) is None


def test_workers_have_threads_instead_of_processes():
    assert shared.in_threads("celery worker -P prefork -c 2") == "celery worker -P threads -c 2"


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
@pytest.mark.parametrize(("arguments", "code"), [(["version"], 0), (["no-such-command"], 2)])
def test_a_fork_says_what_it_has_to_say_and_ends_with_its_code(arguments, code):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.startswith(f"{code} {code} True ")
    assert "honcho" in done.stdout


KILLED = """
import io, os, sys
from pathlib import Path
from contentgen.run import supervisor as module
from contentgen.run.supervisor import Program, Supervisor
module.FIRST_DELAY = 0.05
said, folder = io.StringIO(), Path(sys.argv[1])
with (folder / "lock").open("w") as lock:
    supervisor = Supervisor(os.environ, folder, lock, said)
    supervisor.is_settled = True
    program = Program("thing", "", arguments=["honcho", "start"])
    supervisor.start(program)
    first = program.process.pid
    while "at work" not in said.getvalue():
        supervisor.step()
    os.kill(first, 9)
    while said.getvalue().count("at work") < 2:
        supervisor.step()
    print(program.process.pid != first, "thing was killed by SIGKILL; restarting" in said.getvalue())
    supervisor.stop(20, is_urgent=lambda: False)
    print(program.process)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_one_that_was_killed_is_forked_again(tmp_path):
    (tmp_path / "Procfile").write_text("one: echo at work; exec sleep 5\n")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert done.stdout.splitlines() == ["True True", "None"]


def test_the_programs_of_the_procfile_are_forked():
    commands = parse_procfile((PROJECT / "Procfile").read_text()).processes
    forked = {name for name, command in commands.items() if shared.arguments_of(command, {})}

    assert forked == set(commands) - {"release"}
