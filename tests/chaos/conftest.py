"""A simulator process, workers that are interrupted, and a studio that recovers by its sweeps alone."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from billing.attempts import attempts_of
from billing.models import Kind
from tests.chaos.checker import count_unsettled, leftover_temp_files
from tests.chaos.faults import ControlClient
from tests.chaos.processes import Processes
from tests.factories import BackendFactory, VideoFactory
from tests.preloaded import Forked, Preloaded
from tests.studio import free_port
from tests.transition_log import find_gap
from videos import lifecycle
from videos.engine import dispatch, poll, sweep
from videos.engine.cleanup import clean_up_video
from videos.engine.poll import poll_backend
from videos.engine.reconcile import reconcile
from videos.engine.store import store
from videos.engine.submit import submit_next
from videos.models import Backend, State, Video
from videos.services import batch_work

PRICE = Decimal("0.40")  # of the video; whatever the simulator has in its ledger cost as much
MAX_ROUNDS = 12  # of all periodic tasks; every state needs at most two
TASKS = {
    "submit": submit_next,
    "poll_backend": poll_backend,
    "reconcile": reconcile,
    "store": store,
    "clean_up_video": clean_up_video,
    batch_work.TASK: batch_work.advance,
}


class Studio:
    """One backend with one video, and a client of the simulator's control API."""

    def __init__(
        self, backend: Backend, video: Video, control: ControlClient, hints: list, preloaded: Preloaded
    ) -> None:
        self.backend = backend
        self._paid = video.pk
        self.video = video
        self.control = control
        self._hints = hints
        self._preloaded = preloaded

    def start_worker(self, call: str, *, step: str, how: str, pk: int | None = None) -> Forked:
        """Start a worker process that runs one call and is killed or suspended at `step`.

        The call is about the row `pk`; by default, about the backend or the video.
        """
        if pk is None:
            pk = self.backend.pk if call in ("submit", "poll_backend") else self.video.pk
        folders = {"DATA_DIR": str(settings.DATA_DIR), "MEDIA_ROOT": str(settings.MEDIA_ROOT)}
        arguments = (step, how, call, str(pk))
        return self._preloaded.start("tests.chaos.interrupted_worker", *arguments, settings=folders)

    def kill_worker(self, call: str, *, step: str, pk: int | None = None) -> None:
        """Run a worker process that is killed -9 at `step`."""
        worker = self.start_worker(call, step=step, how="kill", pk=pk)
        assert worker.wait(60) == -signal.SIGKILL, "the worker never reached the step"
        self.video.refresh_from_db()

    def run_task(self, call: str) -> None:
        """Run one task without interruption."""
        TASKS[call](self.backend.pk if call in ("submit", "poll_backend") else self.video.pk)
        self.video.refresh_from_db()

    def expire_leases(self) -> None:
        """Make every lease expired and every row due, by making the rows older."""
        past = timezone.now() - timedelta(seconds=1)
        Video.objects.filter(lease_expires_at__isnull=False).update(lease_expires_at=past)
        Video.objects.filter(due_at__isnull=False).update(due_at=past)
        Video.objects.filter(delete_job_at__isnull=False).update(delete_job_at=past)
        Backend.objects.update(poll_lease_until=None)

    def recover(self) -> None:
        """Expire leases, run the periodic tasks and the tasks they enqueue, until everything is settled."""
        for _ in range(MAX_ROUNDS):
            self.expire_leases()
            del self._hints[:]
            for tick in (sweep.sweep, dispatch.tick, poll.tick, batch_work.tick):
                tick()
            for task, pk in list(self._hints):
                TASKS[task](pk)
            if not count_unsettled():
                break
        sweep.sweep()
        if Video.objects.filter(pk=self.video.pk).exists():
            self.video.refresh_from_db()

    @property
    def billed_jobs(self) -> list[str]:
        """The jobs that the backend has billed for this video."""
        return [job["id"] for job in self.control.ledger() if job["prompt"] == self.video.prompt]

    @property
    def stored_files(self) -> list[str]:
        """The names of all files in storage, without their folders and the marks of submissions."""
        root = Path(default_storage.path(""))
        marks = root / "studio"
        return sorted(path.name for path in root.rglob("*") if path.is_file() and marks not in path.parents)

    def assert_completed(self) -> None:
        """Assert that one job was billed, and its video is stored once and whole."""
        assert self.video.state == State.COMPLETED
        assert self.billed_jobs == [self.video.backend_job_id]
        assert self.stored_files == ["poster.webp", "scrub.jpg", "video.mp4"]
        assert Path(self.video.file.path).stat().st_size == self.video.byte_count
        assert leftover_temp_files() == []
        assert find_gap(self.video) == ""
        self.assert_paid()

    def assert_canceled(self) -> None:
        """Assert that at most one job was billed, its id is known, and nothing of it is stored."""
        assert self.video.state == State.CANCELED
        assert self.billed_jobs == ([self.video.backend_job_id] if self.video.backend_job_id else [])
        assert not self.video.file
        assert self.stored_files == []
        assert leftover_temp_files() == []
        assert find_gap(self.video) == ""
        self.assert_paid()

    def assert_paid(self) -> None:
        """Assert that the ledger has the price of each job that the backend billed, and reserves nothing."""
        if self.video.pk != self._paid:
            return  # a test's own, which no service made
        attempts = attempts_of(self.video.pk)
        assert sum(attempt.reserved for attempt in attempts) == 0
        assert sum(attempt.spent for attempt in attempts) == PRICE * len(self.billed_jobs)
        assert all(sum(line.kind == Kind.CHARGE for line in each.lines) <= 1 for each in attempts)


def _environment() -> dict[str, str]:
    """Return these tests' settings as environment variables for other processes."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        authority = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        url = f"postgres://{authority}/{database['NAME']}"
    return {
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "DATABASE_URL": url,
        "DATA_DIR": str(settings.DATA_DIR),
        "ENV_FILE": "",
    }


@pytest.fixture(scope="session")
def preloaded(django_db_setup: None) -> Iterator[Preloaded]:
    running = Preloaded({**os.environ, **_environment()})
    yield running
    running.close()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A simulator whose jobs complete at once; its port."""
    folder, port = tmp_path_factory.mktemp("simulator"), free_port()
    processes = Processes(os.environ, folder)
    processes.add_simulator(port, folder / "data", duration=0, rules='{"rules": []}')
    try:
        yield port
    finally:
        processes.kill()


@pytest.fixture
def studio(transactional_db: None, simulator: int, hints: list, preloaded: Preloaded) -> Iterator[Studio]:
    backend = BackendFactory(base_url=f"http://127.0.0.1:{simulator}/v1", timeout=2)
    control = ControlClient(simulator)
    deadline = time.monotonic() + 30
    while not control.is_ready():
        assert time.monotonic() < deadline, "the simulator did not start"
    # The jobs of other tests are those of another program here. A job of ours among them shows that the list
    # repeats prompts; without one, each of those jobs could be a lost one.
    known = VideoFactory(backend=backend, prompt=f"Known: {uuid4().hex}")
    assert submit_next(backend.pk)
    Video.objects.filter(pk=known.pk).update(state=State.COMPLETED, due_at=None)
    video = VideoFactory(backend=backend, prompt=f"A paper boat, {uuid4().hex}", price=PRICE)
    with transaction.atomic():
        lifecycle.reserve([video])
    yield Studio(backend, video, control, hints, preloaded)
    control.clear_faults()
    control.set_quirks()
    control.close()
