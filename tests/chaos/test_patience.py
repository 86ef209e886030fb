"""Real processes, a real queue and real silence: no video fails that the backend makes, and no place is given
away while its job runs.
"""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.chaos import conftest
from tests.chaos.faults import UNLIMITED
from tests.chaos.processes import PROJECT, Processes
from tests.factories import VideoFactory
from tests.studio import READY, Studio, free_port, wait_until
from videos import lifecycle
from videos.engine import store
from videos.models import State, Video

LIMIT = 6  # seconds, of the whole studio
MAX_IN_FLIGHT = 6


@dataclass
class Server:
    """The simulator, asked from outside."""

    http: httpx2.Client

    def control(self, path: str, **body: object) -> None:
        self.http.post(f"/_simulator/{path}", json=body).raise_for_status()

    def unfinished(self) -> list[str]:
        jobs = self.http.get("/v1/videos?limit=100").json()["data"]
        return [job["id"] for job in jobs if job["status"] in ("queued", "in_progress")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    processes = Processes(os.environ, folder)
    processes.add_simulator(port, folder / "data", duration=2, rules='{"rules": []}')
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as http:
        control = conftest.ControlClient(port)
        wait_until(control.is_ready)
        control.close()
        yield Server(http)
    processes.kill()


@pytest.fixture(scope="module")
def running(
    server: Server, new_data_dir: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """A whole studio with this server as its only backend, and a short time limit."""
    folder = tmp_path_factory.mktemp("studio")
    settings = {"OPENAI_BASE_URL": str(server.http.base_url.join("/v1")), "MAX_POLL_TIMEOUT": str(LIMIT)}
    studio = Studio(new_data_dir(folder / "data"), free_port(), folder / "log", **settings)
    studio.wait_for(READY)
    changed = studio.manage(
        "shell",
        "-c",
        "from django.utils import timezone; from videos.models import Backend;"
        f"Backend.objects.for_environment(); Backend.objects.update(max_in_flight={MAX_IN_FLIGHT},"
        " probed_at=timezone.now())",
    )
    assert changed.returncode == 0, changed.stderr
    yield studio
    studio.stop(signal.SIGTERM)


def _generate(studio: Studio, folder: Path, *prompts: str) -> subprocess.Popen[str]:
    """Start a command that ends when all have ended, and succeeds when all are completed."""
    file = folder / "batch.csv"
    with file.open("w") as opened:
        csv.writer(opened).writerows([["prompt"], *([prompt] for prompt in prompts)])
    command = [sys.executable, "manage.py", "generate_batch", str(file), "--user", "owner", "--wait"]
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env=studio.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _assert_all_completed(batch: subprocess.Popen[str], count: int) -> None:
    _, said = batch.communicate(timeout=120)
    assert batch.returncode == 0, said
    assert f"{count} completed." in said


@pytest.mark.slow
def test_a_server_that_makes_one_at_a_time_makes_all_eight(running: Studio, server: Server, tmp_path: Path):
    """Seen: it made all of them, and six were failed by us, because their time ran in its queue."""
    server.control("quirks", workers=1)
    server.control("settings", duration=3)
    batch = _generate(running, tmp_path, *(f"A boat number {number}" for number in range(8)))
    most = 0
    while batch.poll() is None:
        most = max(most, len(server.unfinished()))
        time.sleep(0.1)

    _assert_all_completed(batch, 8)
    assert 3 <= most <= MAX_IN_FLIGHT, "its queue is what this is about"


@pytest.mark.slow
def test_silence_for_twice_the_limit_fails_nothing(running: Studio, server: Server, tmp_path: Path):
    server.control("quirks", workers=None)
    server.control("settings", duration=4)
    batch = _generate(running, tmp_path, "A silent fox", "A silent owl")
    wait_until(lambda: len(server.unfinished()) == 2)
    server.control("outage", kind="silent", seconds=2 * LIMIT)

    _assert_all_completed(batch, 2)


def _submit(studio: conftest.Studio) -> Video:
    video = VideoFactory(backend=studio.backend)
    studio.run_task("submit")
    studio.expire_leases()
    video.refresh_from_db()
    return video


def test_a_backlog_that_meets_an_outage_fails_nothing(studio: conftest.Studio):
    """Seen: 131 finished videos failed at once, having waited in our queue for more than 15 minutes."""
    videos = [studio.video]
    studio.run_task("submit")
    videos += [_submit(studio) for _ in range(3)]
    studio.run_task("poll_backend")
    long_ago = studio.video.created_at - conftest.timedelta(hours=2)
    Video.objects.filter(state=State.STORING).update(generated_at=long_ago)
    studio.control.inject_fault(on="content", kind="error_before", status=503, times=UNLIMITED)

    for _ in range(3):
        studio.expire_leases()
        for video in videos:
            store.store(video.pk)
            video.refresh_from_db()
            assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    studio.control.clear_faults()
    studio.recover()

    for video in videos:
        video.refresh_from_db()
        assert video.state == State.COMPLETED


def _set_duration(studio: conftest.Studio, seconds: float) -> None:
    studio.control._http.post("/_simulator/settings", json={"duration": seconds}).raise_for_status()


@pytest.fixture
def slow(studio: conftest.Studio) -> Iterator[conftest.Studio]:
    """A backend with place for one job, whose video takes longer than a second."""
    studio.backend.max_in_flight = 1
    studio.backend.generation_timeout = 1
    studio.backend.save()
    _set_duration(studio, 3)
    studio.run_task("submit")
    _set_duration(studio, 0)
    yield studio
    _set_duration(studio, 0)


def _wait_for_the_job(studio: conftest.Studio, job_id: str, *, status: str = "completed") -> None:
    def is_there() -> bool:
        job = studio.control.job(job_id)
        return job is not None and job["status"] == status

    wait_until(is_there)


def test_a_job_that_timed_out_keeps_its_place_until_it_has_ended_and_completes(slow: conftest.Studio):
    job_id = slow.video.backend_job_id
    _wait_for_the_job(slow, job_id, status="in_progress")  # the time in its queue does not count
    Video.objects.filter(pk=slow.video.pk).update(working_seconds=5)
    slow.expire_leases()
    slow.run_task("poll_backend")
    assert (slow.video.state, slow.video.error_code) == (State.FAILED, "timed_out")
    other = VideoFactory(backend=slow.backend)

    slow.run_task("submit")
    other.refresh_from_db()
    assert other.state == State.QUEUED, "the server still works on the first"
    _wait_for_the_job(slow, job_id)
    slow.recover()

    slow.video.refresh_from_db()
    other.refresh_from_db()
    assert (slow.video.state, other.state) == (State.COMPLETED, State.COMPLETED)
    assert slow.billed_jobs == [job_id]


def test_a_canceled_job_that_the_server_does_not_delete_keeps_its_place_and_goes_when_it_has_ended(
    slow: conftest.Studio,
):
    job_id = slow.video.backend_job_id
    assert lifecycle.cancel(slow.video.pk)
    slow.run_task("clean_up_video")
    assert slow.control.job(job_id) is not None, "the server refused"
    other = VideoFactory(backend=slow.backend)

    slow.run_task("submit")
    other.refresh_from_db()
    assert other.state == State.QUEUED, "the server still works on it"
    _wait_for_the_job(slow, job_id)
    slow.recover()

    other.refresh_from_db()
    assert (slow.video.state, other.state) == (State.CANCELED, State.COMPLETED)
    assert slow.control.job(job_id) is None
