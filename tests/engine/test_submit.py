"""One claim, one request, one written answer: also on the bad days."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import ReferenceImageFactory, VideoFactory
from videos import lifecycle
from videos.backends.errors import RefusedError, UnavailableError, UnknownOutcomeError
from videos.engine import dispatch, sweep
from videos.engine.submit import submit, submit_next
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


def _queued(backend: Backend, **fields) -> Video:
    return VideoFactory(backend=backend, state=State.QUEUED, **fields)


def test_it_submits_once_and_keeps_the_jobs_id(backend: Backend, fake: FakeBackend):
    video = _queued(backend, prompt="A fox", seconds=8, size="720x1280")

    assert submit_next(backend.pk)
    assert not submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert fake.created == [
        {"prompt": "A fox", "model": "sora-2", "seconds": 8, "size": "720x1280", "reference": None}
    ]


def test_a_message_delivered_twice_submits_once(backend: Backend, fake: FakeBackend):
    _queued(backend)
    claim = dispatch.claim_next(backend.pk)

    submit(claim)
    submit(claim)

    assert len(fake.created) == 1


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (RefusedError("No.", code="moderation_blocked", status=400), State.FAILED, "moderation_blocked"),
        (UnavailableError("Away.", code="unreachable"), State.QUEUED, "unreachable"),
        (RefusedError("Wrong key.", code="invalid_key", status=401), State.QUEUED, "invalid_key"),
        (UnknownOutcomeError("No reply.", code="timeout"), State.UNCERTAIN, "timeout"),
    ],
)
def test_each_kind_of_error_leads_where_it_must(
    backend: Backend, fake: FakeBackend, error: Exception, state: State, code: str
):
    video = _queued(backend)
    fake.create_error = error

    submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (state, code)
    assert video.error_message
    assert video.lease_token is None
    assert not submit_next(backend.pk), "nothing may be sent again at once"
    assert len(fake.created) == 1


def test_a_rate_limit_rests_the_whole_backend_for_as_long_as_it_asked(backend: Backend, fake: FakeBackend):
    for _ in range(3):
        _queued(backend)
    fake.create_error = UnavailableError("Slow down.", code="rate_limited", status=429, retry_after=30)

    submit_next(backend.pk)
    submit_next(backend.pk)

    backend.refresh_from_db()
    assert timedelta(seconds=25) < backend.paused_until - timezone.now() <= timedelta(seconds=30)
    assert len(fake.created) == 1
    assert Video.objects.filter(state=State.QUEUED).count() == 3


def test_a_worker_that_was_frozen_since_its_claim_sends_nothing(backend: Backend, fake: FakeBackend):
    video = _queued(backend)
    claim = dispatch.claim_next(backend.pk)
    Video.objects.filter(pk=video.pk).update(lease_expires_at=timezone.now() + timedelta(seconds=1))

    submit(claim)

    assert fake.created == []


def test_an_answer_that_comes_after_the_lease_is_still_kept(backend: Backend, fake: FakeBackend):
    video = _queued(backend)

    def lease_runs_out() -> None:
        Video.objects.filter(pk=video.pk).update(lease_expires_at=timezone.now())
        sweep.sweep()

    fake.during_create = lease_runs_out
    submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert fake.deleted == []


def test_a_late_job_of_a_video_that_went_out_again_is_deleted_at_the_backend(
    backend: Backend, fake: FakeBackend
):
    video = _queued(backend)

    def another_attempt_wins() -> None:
        fake.during_create = None
        Video.objects.filter(pk=video.pk).update(state=State.QUEUED, lease_token=None)
        submit_next(backend.pk)

    fake.during_create = another_attempt_wins
    submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert fake.deleted == ["job_2"]


def test_a_cancellation_on_the_way_is_carried_out_with_the_job_known(backend: Backend, fake: FakeBackend):
    video = _queued(backend)
    fake.during_create = lambda: lifecycle.cancel(video.pk)

    submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.CANCELED, "job_1")
    assert video.delete_job_at is not None


def test_a_reference_that_cannot_be_read_fails_before_anything_is_sent(backend: Backend, fake: FakeBackend):
    video = _queued(backend, reference=ReferenceImageFactory(file="references/gone.png"))

    submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.FAILED, "bad_reference")
    assert fake.created == []


def test_the_lease_is_looked_at_after_everything_that_takes_time(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    video = _queued(backend)

    def frozen_meanwhile(_: Backend, hops: str = "", **__: str) -> FakeBackend:
        Video.objects.filter(pk=video.pk).update(lease_expires_at=timezone.now())
        return fake

    monkeypatch.setattr("videos.engine.clients.client_for", frozen_meanwhile)

    submit_next(backend.pk)

    assert fake.created == []


def test_a_rate_limit_without_a_hint_is_not_asked_again_every_few_seconds(
    backend: Backend, fake: FakeBackend
):
    """In a quarter of an hour: a rate limit that lasts costs a handful of requests, not hundreds."""
    for _ in range(3):
        _queued(backend)
    fake.create_error = UnavailableError("Slow down.", code="rate_limited", status=429)
    waited = 0.0

    while waited < 15 * 60:
        assert submit_next(backend.pk)
        backend.refresh_from_db()
        waited += (backend.paused_until - timezone.now()).total_seconds()
        Backend.objects.filter(pk=backend.pk).update(paused_until=None)
        Video.objects.update(due_at=timezone.now())

    assert len(fake.created) < 12
    assert Video.objects.filter(state=State.QUEUED).count() == 3
