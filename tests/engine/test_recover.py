import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import VideoFactory
from videos import lifecycle
from videos.engine import recover
from videos.models import Backend, State

pytestmark = pytest.mark.django_db


def test_a_submission_whose_worker_died_becomes_uncertain(backend: Backend):
    dead = VideoFactory(
        backend=backend,
        state=State.SUBMITTING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )
    alive = VideoFactory(
        backend=backend,
        state=State.SUBMITTING,
        lease_token=uuid.uuid4(),
        lease_expires_at=timezone.now() + timedelta(seconds=30),
    )

    recover.sweep()
    recover.sweep()

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert dead.state == State.UNCERTAIN
    assert alive.state == State.SUBMITTING


def test_it_hints_at_uncertain_videos_that_are_due(backend: Backend, hints: list):
    VideoFactory(backend=backend, state=State.UNCERTAIN)
    VideoFactory(backend=backend, state=State.UNCERTAIN)
    VideoFactory(state=State.UNCERTAIN, due_at=None)

    recover.sweep()

    assert hints == [("reconcile", backend.pk)]


def test_it_hints_at_what_is_to_be_forgotten(backend: Backend, hints: list):
    canceled = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    lifecycle.cancel(canceled.pk)
    deleted = VideoFactory(backend=backend, state=State.FAILED, backend_job_id="")
    lifecycle.delete(deleted.pk)
    VideoFactory(backend=backend, state=State.COMPLETED)

    recover.sweep()

    assert sorted(hints) == [("forget", canceled.pk), ("forget", deleted.pk)]
