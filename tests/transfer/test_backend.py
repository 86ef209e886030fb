"""What a backend still holds and no video has: shown first, and adopted only by who says for whom."""

from collections.abc import Callable

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from billing.models import LedgerLine
from tests.billing import steps
from tests.commands.conftest import Ran
from tests.factories import BackendFactory
from tests.simulator.conftest import Simulator, StartSimulator
from tests.simulator.conftest import start_simulator as start_simulator
from tests.transition_log import find_gap
from videos.engine import job_retention, ledger_check
from videos.models import Backend, ReleasedJob, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(start_simulator: StartSimulator) -> tuple[Simulator, Backend]:
    simulator = start_simulator()
    return simulator, BackendFactory(name="Box", base_url=f"{simulator.url}/v1", can_list=True)


def test_finished_jobs_that_nobody_has_are_adopted(
    held: tuple[Simulator, Backend], alice: User, bob: User, run: Callable, ran: Ran
):
    simulator, backend = held
    free, his, gone, lost, owned = (
        simulator.create_and_wait(prompt, seconds="4")["id"]
        for prompt in ("A kite", "Seven red tractors", "A deleted boat", "A lost boat", "An owned boat")
    )
    common = {"backend": backend, "model": "sora-2", "size": "720x1280", "seconds": 4}
    Video.objects.create(owner=bob, prompt="Seven red tractors", state=State.FAILED, due_at=None, **common)
    Video.objects.create(
        owner=bob, prompt="An owned boat", backend_job_id=owned, state=State.CANCELED, due_at=None, **common
    )
    ReleasedJob.objects.create(backend=backend, backend_job_id=gone)
    waiting = Video.objects.create(owner=bob, prompt="A lost boat", **common)
    steps.lose(waiting)
    long_ago = "2020-01-01T00:00Z"
    Video.objects.filter(pk=waiting.pk).update(attempted_at=long_ago, unaccounted_since=long_ago)
    before, jobs = Video.objects.count(), len(simulator.http.get("/v1/videos").json()["data"])

    run("import_videos", backend="Box")
    run("import_videos", "--backend", "Box", "--owner", "alice", "--dry-run")
    assert Video.objects.count() == before
    assert "Say whose they become" in ran.err
    assert "bob has asked for the same words" in ran.out
    assert "waits for its job" in ran.out
    assert "retried or deleted here" in ran.out
    assert owned not in ran.out

    run("import_videos", "--backend", "Box", "--owner", "alice")
    video = Video.objects.get(owner=alice)
    assert (video.backend_job_id, video.state, video.prompt) == (free, State.COMPLETED, "A kite")
    assert video.file
    assert video.poster
    assert Entry.objects.filter(action="adopted", object_id=video.public_id).count() == 1
    assert not LedgerLine.objects.filter(video=video.public_id).exists()
    assert not [each for each in ledger_check.find_contradictions() if video.public_id in each]

    assert find_gap(video) == ""
    Backend.objects.update(can_delete=True, job_retention="delete")
    backend.refresh_from_db()
    assert not job_retention.releasable(backend, timezone.now()).exists(), "it may be somebody else's"

    run("import_videos", "--backend", "Box", "--owner", "alice")  # again: nothing more
    with pytest.raises(CommandError, match="no finished job"):
        run("import_videos", "--backend", "Box", "--owner", "alice", "--job", gone)
    run("import_videos", "--backend", "Box", "--owner", "alice", "--job", his)
    assert set(Video.objects.filter(owner=alice).values_list("backend_job_id", flat=True)) == {free, his}
    assert len(simulator.http.get("/v1/videos").json()["data"]) == jobs  # nothing made, nothing deleted
    assert lost
