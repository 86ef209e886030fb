"""Several beats and workers in processes of their own: who leads, and what becomes of work on SIGTERM."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from contentgen.draining import UNWIND_SECONDS
from tests.contentgen.test_frozen_redis import Server
from tests.studio import PROJECT, TIMEOUT, wait_until
from videos.engine.leadership import ASK_EVERY, LEASE

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
DRAIN_SECONDS = 2
SLACK = 60.0  # seconds that a busy machine may take for what needs none


class Host:
    """A database, a broker, and the processes of a test."""

    def __init__(self, data: Path, broker: Server) -> None:
        self.data, self.broker = data, broker
        self.environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "DJANGO_"))
            },
            "ENV_FILE": "",
            "DATABASE_URL": "",
            "DATA_DIR": str(data),
            "REDIS_URL": broker.url,
            "REDIS_PREFIX": "test",
            "WORKER_DRAIN_SECONDS": str(DRAIN_SECONDS),
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.data / f"log-{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--quiet", *arguments, "--loglevel", "INFO"],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def log_of(self, process: subprocess.Popen[bytes]) -> str:
        return (self.data / f"log-{self.processes.index(process)}").read_text()

    def leader(self) -> int:
        """Return the process that holds the lease of beat, 0 if there is none."""
        with sqlite3.connect(self.data / "db.sqlite3", timeout=20) as database:
            query = "SELECT holder_name FROM videos_heartbeat WHERE role = 'beat' AND holder IS NOT NULL"
            row = database.execute(query).fetchone()
        return int(row[0].rpartition(" ")[2]) if row else 0

    def sent(self, task: str) -> int:
        """Return how many messages for the task wait in the queue “short”."""
        with Redis.from_url(self.broker.url) as client:
            waiting = client.lrange("test:short", 0, -1)
        return sum(json.loads(each)["headers"]["task"] == task for each in waiting)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def host(new_data_dir: Callable[[Path], Path], tmp_path: Path) -> Iterator[Host]:
    data = new_data_dir(tmp_path / "data")
    broker = Server(tmp_path / "valkey")
    host = Host(data, broker)
    yield host
    host.close()
    broker.kill()


def test_of_three_beats_one_ticks_and_another_follows_it_when_it_is_killed(host: Host):
    began = time.monotonic()
    beats = [host.start("-A", "contentgen", "beat", "--pidfile=") for _ in range(3)]
    wait_until(lambda: host.leader() != 0)
    wait_until(lambda: sum("another one leads" in host.log_of(beat) for beat in beats) == 2)
    first = next(beat for beat in beats if beat.pid == host.leader())
    wait_until(lambda: host.sent("videos.dispatch") >= 5)
    assert host.sent("videos.dispatch") <= time.monotonic() - began + 1  # one a second, of all three

    first.kill()
    killed = time.monotonic()
    wait_until(lambda: host.leader() not in (0, first.pid))
    assert time.monotonic() - killed < LEASE + ASK_EVERY + SLACK

    second = next(beat for beat in beats if beat.pid == host.leader())
    second.terminate()  # which lets go of the lease itself
    assert second.wait(TIMEOUT) == 0
    wait_until(lambda: host.leader() not in (0, first.pid, second.pid))


@pytest.mark.parametrize(
    ("pool", "outcome", "given_back"), [("prefork", "interrupted", 1), ("threads", "begun", 0)]
)
def test_a_worker_ends_in_time_whatever_is_running(host: Host, pool: str, outcome: str, given_back: int):
    worker, path = _nap(host, pool, seconds=600)

    worker.terminate()
    worker.terminate()  # by a process manager that is as impatient as a terminal
    stopped = time.monotonic()

    assert worker.wait(TIMEOUT) == 0
    assert time.monotonic() - stopped < DRAIN_SECONDS + UNWIND_SECONDS + SLACK
    assert path.read_text() == outcome
    assert host.sent("tests.nap") == given_back


def test_a_worker_finishes_what_takes_less(host: Host):
    host.environment["WORKER_DRAIN_SECONDS"] = "100"
    worker, path = _nap(host, "prefork", seconds=0.5)

    worker.terminate()

    assert worker.wait(TIMEOUT) == 0
    assert path.read_text() == "done"
    assert "handing back" not in host.log_of(worker)


def _nap(host: Host, pool: str, *, seconds: float) -> tuple[subprocess.Popen[bytes], Path]:
    """Start a worker and have it begin a task that takes `seconds`."""
    path = host.data / "nap"
    options = ["-n", "short@%h", "-Q", "short", "-P", pool, "-c", "1", "--without-mingle", "--without-gossip"]
    worker = host.start("-A", "tests.contentgen.naps", "worker", *options)
    arguments = json.dumps([seconds, str(path)])
    subprocess.run(
        [sys.executable, "-m", "celery", "-A", "tests.contentgen.naps", "call", "tests.nap", "-a", arguments],
        cwd=PROJECT,
        env=host.environment,
        check=True,
        timeout=TIMEOUT,
        stdout=subprocess.DEVNULL,
    )
    wait_until(path.exists)
    return worker, path
