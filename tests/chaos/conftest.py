"""A simulator process, workers with traps, and a studio that recovers by its sweeps alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from tests.chaos.fleet import PROJECT, Fleet
from tests.chaos.rules import ControlClient
from tests.chaos.verdict import left_in_tmp, unsettled
from tests.chaos.world import free_port
from tests.factories import BackendFactory, VideoFactory
from videos.engine import dispatch, poll, sweep
from videos.engine.cleanup import clean_up_video
from videos.engine.poll import poll_backend
from videos.engine.reconcile import reconcile
from videos.engine.store import store
from videos.engine.submit import submit_next
from videos.models import Backend, State, Video

ROUNDS = 12  # of all ticks; every state needs at most two
TASKS = {
    "submit": submit_next,
    "poll_backend": poll_backend,
    "reconcile": reconcile,
    "store": store,
    "forget": clean_up_video,
}


class Studio:
    """One backend, one video, and what is known of both."""

    def __init__(self, backend: Backend, video: Video, control: ControlClient, hints: list) -> None:
        self.backend = backend
        self.video = video
        self.control = control
        self._hints = hints

    def worker(self, call: str, *, step: str, how: str) -> subprocess.Popen[bytes]:
        """Start a worker process that runs one call into the trap at `step`."""
        pk = self.backend.pk if call in ("submit", "poll_backend") else self.video.pk
        command = [sys.executable, "-m", "tests.chaos.trapped", step, how, call, str(pk)]
        return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **_environment()})

    def killed(self, call: str, *, step: str) -> None:
        """Run a worker process that is killed -9 at `step`."""
        assert self.worker(call, step=step, how="kill").wait(60) == -signal.SIGKILL, "it never got there"
        self.video.refresh_from_db()

    def run(self, call: str) -> None:
        """Let a worker do one thing without trouble."""
        TASKS[call](self.backend.pk if call in ("submit", "poll_backend") else self.video.pk)
        self.video.refresh_from_db()

    def pass_time(self) -> None:
        """Let every lease run out and everything be due."""
        past = timezone.now() - timedelta(seconds=1)
        Video.objects.filter(lease_expires_at__isnull=False).update(lease_expires_at=past)
        Video.objects.filter(due_at__isnull=False).update(due_at=past)
        Video.objects.filter(delete_job_at__isnull=False).update(delete_job_at=past)
        Backend.objects.update(poll_lease_until=None)

    def recover(self) -> None:
        """Let time pass and the ticks of beat hint, and do what they hint at, until all is settled."""
        for _ in range(ROUNDS):
            self.pass_time()
            del self._hints[:]
            for tick in (sweep.sweep, dispatch.tick, poll.tick):
                tick()
            for task, pk in list(self._hints):
                TASKS[task](pk)
            if not unsettled():
                break
        sweep.sweep()
        if Video.objects.filter(pk=self.video.pk).exists():
            self.video.refresh_from_db()

    @property
    def jobs(self) -> list[str]:
        """What the backend has billed for this video."""
        return [job["id"] for job in self.control.ledger() if job["prompt"] == self.video.prompt]

    @property
    def stored(self) -> list[str]:
        """Every file in storage, by its name alone."""
        root = Path(default_storage.path(""))
        return sorted(path.name for path in root.rglob("*") if path.is_file())

    def check_completed(self) -> None:
        """One job was paid for, and its film is ours, once and whole."""
        assert self.video.state == State.COMPLETED
        assert self.jobs == [self.video.backend_job_id]
        assert self.stored == ["poster.webp", "scrub.jpg", "video.mp4"]
        assert Path(self.video.file.path).stat().st_size == self.video.byte_count
        assert left_in_tmp() == []

    def check_canceled(self) -> None:
        """At most one job was paid for, it is known which, and nothing of it was kept."""
        assert self.video.state == State.CANCELED
        assert self.jobs == ([self.video.backend_job_id] if self.video.backend_job_id else [])
        assert not self.video.file
        assert self.stored == []
        assert left_in_tmp() == []


def _environment() -> dict[str, str]:
    """The settings of this test, for a process of its own."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        who = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        url = f"postgres://{who}/{database['NAME']}"
    return {
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "DATABASE_URL": url,
        "DATA_DIR": str(settings.DATA_DIR),
        "VIDEO_STORAGE_PATH": str(settings.MEDIA_ROOT),
        "ENV_FILE": "",
    }


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A simulator whose jobs are done at once, and its port."""
    folder, port = tmp_path_factory.mktemp("simulator"), free_port()
    fleet = Fleet(os.environ, folder)
    fleet.add_simulator(port, folder / "data", duration=0, rules='{"rules": []}')
    try:
        yield port
    finally:
        fleet.kill()


@pytest.fixture
def studio(transactional_db: None, simulator: int, hints: list) -> Iterator[Studio]:
    backend = BackendFactory(base_url=f"http://127.0.0.1:{simulator}/v1", timeout=2)
    video = VideoFactory(backend=backend, prompt=f"A paper boat, {uuid4().hex}")
    control = ControlClient(simulator)
    deadline = time.monotonic() + 30
    while not control.ready():
        assert time.monotonic() < deadline, "the simulator did not start"
    yield Studio(backend, video, control, hints)
    control.clear_faults()
    control.close()
