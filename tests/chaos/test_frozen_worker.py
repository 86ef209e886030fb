"""A worker frozen for longer than its lease, and waking when others have done its work."""

import os
import signal
import subprocess

from tests.chaos.conftest import Studio
from videos.models import State, Video


def _frozen(studio: Studio, call: str, *, step: str) -> subprocess.Popen[bytes]:
    """A worker process that has stopped itself at `step`."""
    worker = studio.worker(call, step=step, how="stop")
    _, status = os.waitpid(worker.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "it never got there"
    return worker


def _wake(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGCONT)
    assert worker.wait(60) == 0


def _row(studio: Studio) -> dict[str, object]:
    return Video.objects.filter(pk=studio.video.pk).values().get()


def test_it_sends_nothing_when_it_wakes_before_the_request(studio: Studio):
    worker = _frozen(studio, "submit", step="claimed")
    studio.recover()
    studio.check_completed()
    before = _row(studio)

    _wake(worker)

    assert _row(studio) == before
    studio.check_completed()


def test_it_sends_nothing_when_its_lease_ran_out_and_nobody_has_noticed_yet(studio: Studio):
    worker = _frozen(studio, "submit", step="claimed")
    studio.pass_time()

    _wake(worker)

    assert studio.jobs == []
    studio.recover()
    studio.check_completed()


def test_it_finds_its_job_adopted_when_it_wakes_with_the_reply(studio: Studio):
    worker = _frozen(studio, "submit", step="accepted")
    studio.recover()
    studio.check_completed()
    before = _row(studio)

    _wake(worker)

    assert _row(studio) == before
    studio.check_completed()
    assert studio.control.job(studio.video.backend_job_id) is not None, "it deleted a job that is used"


def test_it_brings_the_jobs_id_when_it_wakes_first(studio: Studio):
    worker = _frozen(studio, "submit", step="accepted")
    studio.pass_time()

    _wake(worker)

    studio.video.refresh_from_db()
    assert studio.jobs == [studio.video.backend_job_id]
    studio.recover()
    studio.check_completed()


def test_it_changes_nothing_when_it_was_frozen_before_the_reply_came(studio: Studio):
    studio.control.inject_fault(on="create", kind="hang", seconds=2.0, accepted=True, times=1)
    worker = studio.worker("submit", step="nowhere", how="stop")
    while not studio.jobs:
        assert worker.poll() is None
    worker.send_signal(signal.SIGSTOP)
    studio.recover()
    studio.check_completed()
    before = _row(studio)

    _wake(worker)

    assert _row(studio) == before
    studio.check_completed()


def test_it_stores_nothing_when_others_have_stored_it(studio: Studio):
    studio.run("submit")
    studio.pass_time()
    studio.run("poll_backend")
    worker = _frozen(studio, "store", step="saved")
    studio.recover()
    studio.check_completed()
    before = _row(studio)

    _wake(worker)

    assert _row(studio) == before
    studio.check_completed()


def test_in_the_one_window_that_is_left_the_second_job_is_deleted(studio: Studio):
    """Frozen between the last look at the lease and the request: see the README next to this file."""
    worker = _frozen(studio, "submit", step="about to send")
    studio.recover()
    studio.check_completed()
    before = _row(studio)

    _wake(worker)

    assert _row(studio) == before
    ours, surplus = studio.jobs
    assert (studio.video.state, studio.video.backend_job_id) == (State.COMPLETED, ours)
    assert studio.control.job(ours) is not None
    assert studio.control.job(surplus) is None
