"""A backend that honors idempotency keys is asked again with the same key, and makes no second job."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError, UnavailableError, UnknownOutcomeError
from videos.engine.reconcile import reconcile
from videos.engine.repeat import REPEAT_FOR
from videos.engine.submit import submit_next
from videos.models import Backend, State, Video
from videos.models.values import NO_REASON

pytestmark = pytest.mark.django_db

LOST = UnknownOutcomeError("No reply.", code="dropped")


@pytest.fixture
def backend(backend: Backend) -> Backend:
    backend.honours_idempotency_key = True
    backend.save()
    return backend


@pytest.fixture
def fake(fake: FakeBackend) -> FakeBackend:
    fake.key_retention = 604_800
    return fake


def _lose(backend: Backend, fake: FakeBackend, *, accepted: bool = True) -> Video:
    video = VideoFactory(backend=backend)
    fake.create_error, fake.accepts_before_failing = LOST, accepted
    assert submit_next(backend.pk)
    fake.create_error = None
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN
    return video


def _look(video: Video) -> Video:
    Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())
    reconcile(video.backend_id)
    video.refresh_from_db()
    return video


@pytest.mark.parametrize("accepted", [True, False])
def test_a_lost_answer_is_asked_for_again_and_is_one_job(backend: Backend, fake: FakeBackend, accepted: bool):
    video = _lose(backend, fake, accepted=accepted)
    attempted_at = video.attempted_at

    video = _look(video)

    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert len(fake.jobs) == 1
    assert len(set(fake.keys)) == 1
    assert fake.keys[0]
    assert video.attempted_at == attempted_at
    assert video.unaccounted_since is None
    assert fake.listed == 0


def test_every_new_attempt_has_a_key_of_its_own(backend: Backend, fake: FakeBackend):
    first, second = VideoFactory(backend=backend), VideoFactory(backend=backend)
    for _ in range(2):
        assert submit_next(backend.pk)
    Video.objects.filter(pk=first.pk).update(state=State.FAILED)
    assert lifecycle.retry(first.pk)
    assert submit_next(backend.pk)

    assert len(set(fake.keys)) == 3
    assert second.pk


def test_a_repeat_whose_answer_is_lost_too_is_repeated(backend: Backend, fake: FakeBackend):
    video = _lose(backend, fake)
    fake.create_error = LOST
    for _ in range(3):
        video = _look(video)
        assert (video.state, video.needs_decision) == (State.UNCERTAIN, False)
    assert video.due_at > timezone.now() + timedelta(seconds=20), "at growing distance"
    fake.create_error = None

    assert _look(video).backend_job_id == "job_1"
    assert len(set(fake.keys)) == 1


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("No.", code="bad_request", status=400),
        RefusedError("Used for something else.", code="idempotency_key_reused", status=409),
    ],
)
def test_a_repeat_that_is_refused_proves_nothing_about_the_first_request(
    backend: Backend, fake: FakeBackend, error: RefusedError
):
    video = _lose(backend, fake)
    fake.create_error, fake.accepts_before_failing = error, False
    video = _look(video)
    assert (video.state, video.idempotency_key) == (State.UNCERTAIN, "")

    assert _look(video).backend_job_id == "job_1", "found in the list"
    assert len(fake.created) == 2


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("Slow down.", code="rate_limited", status=429, retry_after=60),
        UnavailableError("Away.", code="unreachable"),
        RefusedError("Key.", code="invalid_key", status=401),
    ],
)
def test_a_repeat_that_certainly_did_not_arrive_leaves_the_first_in_question(
    backend: Backend, fake: FakeBackend, error: Exception
):
    video = _lose(backend, fake)
    fake.create_error, fake.accepts_before_failing = error, False

    video = _look(video)

    assert video.state == State.UNCERTAIN, "never queued, where it would get a new key"
    assert video.idempotency_key == fake.keys[0]
    backend.refresh_from_db()
    assert backend.paused_until > timezone.now()
    _look(video)
    assert len(fake.created) == 2, "nothing is sent to a paused backend"
    Backend.objects.update(paused_until=None)
    fake.create_error = None
    assert _look(video).backend_job_id == "job_1"


@pytest.mark.parametrize(
    "error",
    [UnavailableError("Away.", code="unreachable"), RefusedError("Key.", code="invalid_key", status=401)],
)
def test_a_backend_that_is_away_is_waited_for(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch, error: BackendError
):
    Backend.objects.update(can_list=False)
    video = _lose(backend, fake)

    def away() -> float:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(fake, "idempotency_key_retention", away)
        video = _look(video)
    assert (video.state, video.needs_decision) == (State.UNCERTAIN, False)
    assert len(fake.created) == 1

    assert _look(video).backend_job_id == "job_1"


def test_a_backend_that_refuses_the_question_is_searched(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    video = _lose(backend, fake)

    def refuse() -> float:
        raise RefusedError("No such page.", code="not_found", status=404)

    monkeypatch.setattr(fake, "idempotency_key_retention", refuse)

    assert _look(video).backend_job_id == "job_1"
    assert len(fake.created) == 1


def test_a_backend_that_no_longer_says_so_is_searched(backend: Backend, fake: FakeBackend):
    video = _lose(backend, fake)
    fake.key_retention = 0

    assert _look(video).backend_job_id == "job_1"
    assert len(fake.created) == 1
    backend.refresh_from_db()
    assert backend.honours_idempotency_key is None


@pytest.mark.parametrize("reason", ["canceled", "disabled", "deactivated", "too old", "no key"])
def test_it_is_searched_for_where_a_repeat_could_start_what_nobody_wants(
    backend: Backend, fake: FakeBackend, reason: str
):
    video = _lose(backend, fake)
    if reason == "canceled":
        lifecycle.cancel(video.pk)
    elif reason == "disabled":
        Backend.objects.update(enabled=False)
    elif reason == "deactivated":
        type(video.owner).objects.filter(pk=video.owner_id).update(is_active=False)
    elif reason == "too old":
        Video.objects.update(attempted_at=timezone.now() - REPEAT_FOR - timedelta(minutes=1))
    else:
        Video.objects.update(idempotency_key="")

    assert _look(video).backend_job_id == "job_1"
    assert len(fake.created) == 1


def test_where_keys_are_not_known_to_be_honoured_nothing_is_sent_again(backend: Backend, fake: FakeBackend):
    Backend.objects.update(honours_idempotency_key=None)
    video = _lose(backend, fake)

    assert _look(video).backend_job_id == "job_1"
    assert len(fake.created) == 1


def test_a_repeat_that_was_interrupted_is_repeated(backend: Backend, fake: FakeBackend):
    video = _lose(backend, fake)
    token = lifecycle.claim_repeat(
        video.pk, attempted_at=video.attempted_at, lease=timedelta(seconds=9), now=video.due_at
    )
    assert token
    assert lifecycle.mark_uncertain(video.pk, token, NO_REASON, due_at=timezone.now())

    assert _look(video).backend_job_id == "job_1"
    assert len(set(fake.keys)) == 1
