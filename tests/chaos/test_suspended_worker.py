"""A worker that is suspended for longer than its lease, and resumed after others have done its work."""

import signal

from tests.chaos.conftest import Studio
from tests.preloaded import Forked
from videos.models import State, Video


def _suspended_worker(studio: Studio, call: str, *, step: str) -> Forked:
    """Return a worker process that is suspended at `step`."""
    worker = studio.start_worker(call, step=step, how="stop")
    assert worker.wait_until_stopped(60), "the worker never reached the step"
    return worker


def _resume(worker: Forked) -> None:
    worker.send_signal(signal.SIGCONT)
    assert worker.wait(60) == 0


def _row(studio: Studio) -> dict[str, object]:
    return Video.objects.filter(pk=studio.video.pk).values().get()


def test_it_sends_nothing_when_suspended_before_the_request(studio: Studio):
    worker = _suspended_worker(studio, "submit", step="claimed")
    studio.recover()
    studio.assert_completed()
    before = _row(studio)

    _resume(worker)

    assert _row(studio) == before
    studio.assert_completed()


def test_it_sends_nothing_when_its_lease_expired_before_any_sweep(studio: Studio):
    worker = _suspended_worker(studio, "submit", step="claimed")
    studio.expire_leases()

    _resume(worker)

    assert studio.billed_jobs == []
    studio.recover()
    studio.assert_completed()


def test_it_changes_nothing_when_its_job_was_adopted_meanwhile(studio: Studio):
    worker = _suspended_worker(studio, "submit", step="accepted")
    studio.recover()
    studio.assert_completed()
    before = _row(studio)

    _resume(worker)

    assert _row(studio) == before
    studio.assert_completed()
    assert studio.control.job(studio.video.backend_job_id) is not None, "it deleted the job in use"


def test_it_records_the_job_id_when_resumed_before_any_sweep(studio: Studio):
    worker = _suspended_worker(studio, "submit", step="accepted")
    studio.expire_leases()

    _resume(worker)

    studio.video.refresh_from_db()
    assert studio.billed_jobs == [studio.video.backend_job_id]
    studio.recover()
    studio.assert_completed()


def test_it_changes_nothing_when_suspended_before_the_reply(studio: Studio):
    studio.control.inject_fault(on="create", kind="hang", seconds=2.0, accepted=True, times=1)
    worker = studio.start_worker("submit", step="never", how="stop")
    while not studio.billed_jobs:
        assert worker.poll() is None
    worker.send_signal(signal.SIGSTOP)
    studio.recover()
    studio.assert_completed()
    before = _row(studio)

    _resume(worker)

    assert _row(studio) == before
    studio.assert_completed()


def test_it_stores_nothing_when_another_worker_has_stored_the_video(studio: Studio):
    studio.run_task("submit")
    studio.expire_leases()
    studio.run_task("poll_backend")
    worker = _suspended_worker(studio, "store", step="saved")
    studio.recover()
    studio.assert_completed()
    before = _row(studio)

    _resume(worker)

    assert _row(studio) == before
    studio.assert_completed()


def test_a_duplicate_job_is_deleted_when_suspended_after_the_last_lease_check(studio: Studio):
    """The one window in which a second request is possible: see the README next to this file."""
    worker = _suspended_worker(studio, "submit", step="about to send")
    studio.recover()
    studio.assert_completed()
    before = _row(studio)

    _resume(worker)

    assert _row(studio) == before
    ours, surplus = studio.billed_jobs
    assert (studio.video.state, studio.video.backend_job_id) == (State.COMPLETED, ours)
    assert studio.control.job(ours) is not None
    assert studio.control.job(surplus) is None
    studio.assert_paid()  # for both
