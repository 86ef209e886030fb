"""The table itself: every verb moves only from the state it names, and a stale caller changes nothing."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from tests.factories import VideoFactory
from videos import lifecycle
from videos.lifecycle.transitions import TRANSITIONS, move
from videos.models import IN_FLIGHT, State, Video
from videos.models.values import Reason, StoredFiles

pytestmark = pytest.mark.django_db

TOKEN = uuid.uuid4()
WHY = Reason("why", "A sentence.", "detail")
FILES = StoredFiles("videos/a.mp4", 10, "0" * 64, 1280, 720, 4.0)


def _soon():
    return timezone.now() + timedelta(seconds=5)


# Each verb with the states it may start from and the state it leads to, called as its worker would.
VERBS: dict[str, tuple[set[State], State, Callable[[Video], object]]] = {
    "claim": (
        {State.QUEUED},
        State.SUBMITTING,
        lambda v: lifecycle.claim(v.pk, lease=timedelta(seconds=9), now=timezone.now()),
    ),
    "accept": (
        {State.SUBMITTING},
        State.IN_PROGRESS,
        lambda v: lifecycle.accept(v.pk, TOKEN, job_id="new_job", progress=0, due_at=_soon()),
    ),
    "refuse": ({State.SUBMITTING}, State.FAILED, lambda v: lifecycle.refuse(v.pk, TOKEN, WHY)),
    "requeue": (
        {State.SUBMITTING},
        State.QUEUED,
        lambda v: lifecycle.requeue(v.pk, TOKEN, WHY, due_at=_soon()),
    ),
    "mark_uncertain": (
        {State.SUBMITTING},
        State.UNCERTAIN,
        lambda v: lifecycle.mark_uncertain(v.pk, TOKEN, WHY, due_at=_soon()),
    ),
    "requeue_absent": (
        {State.UNCERTAIN},
        State.QUEUED,
        lambda v: lifecycle.requeue_absent(v.pk, attempted_at=v.attempted_at or _soon(), attempts=v.attempts),
    ),
    "claim_repeat": (
        {State.UNCERTAIN},
        State.SUBMITTING,
        lambda v: lifecycle.claim_repeat(
            v.pk,
            attempted_at=v.attempted_at or _soon(),
            lease=timedelta(seconds=9),
            now=timezone.now(),
        ),
    ),
    "mark_still_uncertain": (
        {State.SUBMITTING},
        State.UNCERTAIN,
        lambda v: lifecycle.mark_still_uncertain(v.pk, TOKEN, WHY, due_at=_soon(), can_repeat=True),
    ),
    "begin_storing": (
        {State.IN_PROGRESS},
        State.STORING,
        lambda v: lifecycle.begin_storing(v.pk, v.backend_job_id),
    ),
    "fail_generation": (
        {State.IN_PROGRESS},
        State.FAILED,
        lambda v: lifecycle.fail_generation(v.pk, v.backend_job_id, WHY),
    ),
    "time_out": (
        {State.IN_PROGRESS},
        State.FAILED,
        lambda v: lifecycle.time_out(v.pk, v.backend_job_id, WHY, due_at=_soon(), working=700, waiting=0),
    ),
    "complete": ({State.STORING}, State.COMPLETED, lambda v: lifecycle.complete(v.pk, TOKEN, FILES)),
    "fail_storing": ({State.STORING}, State.FAILED, lambda v: lifecycle.fail_storing(v.pk, TOKEN, WHY)),
    "retry": ({State.FAILED}, State.QUEUED, lambda v: lifecycle.retry(v.pk)),
}


def _video(state: State) -> Video:
    return VideoFactory(
        state=state,
        lease_token=TOKEN,
        lease_expires_at=timezone.now() + timedelta(seconds=60),
        idempotency_key="key",
    )


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", State)
def test_a_verb_moves_only_from_its_own_state(verb: str, state: State):
    allowed, target, act = VERBS[verb]
    video = _video(state)

    done = act(video)

    video.refresh_from_db()
    if state in allowed:
        assert done
        assert video.state == target
        assert video.revision == 1
        assert (video.lease_token is not None) == (verb in {"claim", "claim_repeat"})
    else:
        assert not done
        assert video.state == state
        assert video.revision == 0


@pytest.mark.parametrize(
    "verb",
    ["accept", "refuse", "requeue", "mark_uncertain", "mark_still_uncertain", "complete", "fail_storing"],
)
def test_a_worker_whose_lease_was_taken_changes_nothing(verb: str):
    allowed, _, act = VERBS[verb]
    (state,) = allowed
    video = _video(state)
    Video.objects.filter(pk=video.pk).update(lease_token=uuid.uuid4())
    before = Video.objects.filter(pk=video.pk).values().get()

    assert not act(video)

    assert Video.objects.filter(pk=video.pk).values().get() == before


@pytest.mark.parametrize("verb", ["begin_storing", "fail_generation"])
def test_an_answer_about_an_earlier_job_changes_nothing(verb: str):
    video = _video(State.IN_PROGRESS)
    Video.objects.filter(pk=video.pk).update(backend_job_id="the_next_attempts_job")

    assert not VERBS[verb][2](video)

    video.refresh_from_db()
    assert video.state == State.IN_PROGRESS


def test_only_legal_transitions_can_be_written():
    with pytest.raises(ValueError, match="not a legal transition"):
        move(State.COMPLETED, State.QUEUED, Q(pk=1))


def test_what_has_ended_for_good_stays_so():
    assert TRANSITIONS[State.COMPLETED] == TRANSITIONS[State.CANCELED] == frozenset()
    assert all(TRANSITIONS[state] for state in IN_FLIGHT)
