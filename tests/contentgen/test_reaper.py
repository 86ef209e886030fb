"""What a killed `make run` leaves behind is stopped: politely at first, then by force, children included."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contentgen.run import reaper
from tests.studio import wait_until

SCRIPT = Path(reaper.__file__)


def _start(command: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", "-c", command], cwd=folder, start_new_session=True)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_stops_the_groups_of_the_last_line_when_its_input_ends(tmp_path):
    kept, ended = _start("exec sleep 60", tmp_path), _start("exec sleep 60", tmp_path)
    try:
        subprocess.run(
            [sys.executable, "-I", "-S", str(SCRIPT)],
            input=f"{kept.pid}\n{kept.pid} {ended.pid}\n{ended.pid}\n",
            text=True,
            check=True,
            timeout=30,
        )

        assert ended.wait(timeout=5) == -15
        assert kept.poll() is None
    finally:
        kept.kill()
        kept.wait()
        ended.kill()
        ended.wait()


def test_it_does_nothing_without_a_line():
    began = time.monotonic()

    subprocess.run([sys.executable, "-I", "-S", str(SCRIPT)], input="", text=True, check=True, timeout=30)

    assert time.monotonic() - began < reaper.GRACE


@pytest.mark.parametrize(
    "command",
    [
        "trap '' TERM; touch ready; while :; do sleep 0.02; done",
        "sleep 60 & echo $! > child; touch ready",  # the leader ends, its child stays
    ],
)
def test_it_kills_a_group_that_does_not_stop(tmp_path, monkeypatch, command):
    monkeypatch.setattr(reaper, "GRACE", 0.2)
    process = _start(command, tmp_path)
    wait_until((tmp_path / "ready").exists)
    if (tmp_path / "child").exists():
        process.wait()

    reaper.reap([process.pid])

    process.wait(timeout=5)
    wait_until(lambda: not _is_alive(process.pid))
