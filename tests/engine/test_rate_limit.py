from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.engine import dispatch, poll, rate_limit
from videos.models import Backend, State

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def _limited(backend: Backend, per_minute: int | None) -> Backend:
    backend.requests_per_minute = per_minute
    backend.save()
    return backend


def test_no_limit_grants_everything(backend: Backend):
    assert rate_limit.acquire(_limited(backend, None).pk, 1000, now=NOW) == 1000


def test_a_minute_grants_no_more_than_the_limit_and_the_burst(backend: Backend):
    _limited(backend, 60)

    granted = sum(rate_limit.acquire(backend.pk, 10, now=NOW + timedelta(seconds=n / 2)) for n in range(120))

    assert 60 <= granted <= 65


def test_a_tiny_limit_still_lets_one_through_in_the_end(backend: Backend):
    _limited(backend, 1)

    assert rate_limit.acquire(backend.pk, 1, now=NOW) == 1
    assert rate_limit.acquire(backend.pk, 1, now=NOW + timedelta(seconds=30)) == 0
    assert rate_limit.acquire(backend.pk, 1, now=NOW + timedelta(seconds=61)) == 1


def test_submissions_wait_for_their_share(backend: Backend):
    _limited(backend, 1)
    VideoFactory(backend=backend)
    VideoFactory(backend=backend)

    assert dispatch.claim_next(backend.pk)
    assert dispatch.claim_next(backend.pk) is None


def test_looks_that_are_not_granted_stay_due(backend: Backend, fake: FakeBackend):
    _limited(backend, 24)
    for n in range(5):
        VideoFactory(backend=backend, state=State.IN_PROGRESS, backend_job_id=f"job_{n}")

    assert poll.poll_backend(backend.pk) == 2
    assert poll.poll_backend(backend.pk) == 0
    assert fake.looks == 2
