import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import State, values

pytestmark = pytest.mark.django_db


def _claimed(**fields):
    return VideoFactory(
        state=State.SUBMITTING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() + timedelta(seconds=60),
        attempted_at=timezone.now(),
        **fields,
    )


def test_it_keeps_the_jobs_id_and_when_the_backend_answered():
    video = _claimed()
    due_at = timezone.now() + timedelta(seconds=7)

    assert lifecycle.accept(
        video.pk, video.lease_token, job_id="j" * 512, progress=None, due_at=due_at, is_queued=True
    )

    video.refresh_from_db()
    assert video.backend_job_id == "j" * 512
    assert video.answered_at == video.accepted_at
    assert video.poll_delay == pytest.approx(7, abs=2)
    assert video.waits_at_backend


def test_one_job_never_belongs_to_two_videos():
    first = VideoFactory(state=State.IN_PROGRESS, backend_job_id="job_1")
    second = _claimed(backend=first.backend)

    assert not lifecycle.accept(
        second.pk, second.lease_token, job_id="job_1", progress=None, due_at=timezone.now()
    )

    second.refresh_from_db()
    assert second.state == State.SUBMITTING
    assert second.backend_job_id == ""


def test_a_found_job_is_adopted_only_by_the_attempt_that_made_it():
    video = VideoFactory(state=State.UNCERTAIN)
    earlier = video.attempted_at - timedelta(seconds=1)

    assert not lifecycle.adopt(
        video.pk, State.UNCERTAIN, attempted_at=earlier, job_id="job_1", due_at=timezone.now()
    )
    assert lifecycle.adopt(
        video.pk, State.UNCERTAIN, attempted_at=video.attempted_at, job_id="job_1", due_at=timezone.now()
    )

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")


def test_a_reason_may_quote_whatever_a_server_sent():
    video = _claimed()
    reason = values.Reason("odd\x00", "It sent \ud83d.", "\x00\x00ftyp" + "x" * 9000)

    assert lifecycle.refuse(video.pk, video.lease_token, reason)

    video.refresh_from_db()
    assert (video.error_code, video.error_message) == ("odd", "It sent ?.")
    assert video.error_detail.startswith("ftyp")
    assert len(video.error_detail) == values.DETAIL_LIMIT
