"""Whoever is asked in a chaos run answers from the ledger alone, and only when it is certain."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.chaos import decisions
from tests.chaos.decisions import CERTAIN_AFTER, Deciders
from tests.chaos.simulators import HONEST_MODEL, LYING_MODEL, BilledJob, Simulators
from tests.chaos.users import REPEATED_PROMPTS
from tests.factories import VideoFactory
from videos.models import JobCandidate, State, Video

pytestmark = pytest.mark.django_db


class Ledger(Simulators):
    """Simulators whose ledgers hold `jobs`."""

    def __init__(self, jobs: list[BilledJob]) -> None:
        super().__init__([])
        self.jobs = jobs

    def billed_jobs(self) -> list[BilledJob]:
        return self.jobs


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    drawn: dict[str, int] = {}
    monkeypatch.setattr(decisions, "recorded_claims", lambda: drawn)
    return drawn


def _question(*, ago: timedelta = timedelta(0), **fields: object) -> Video:
    attempt = timezone.now() - ago
    return VideoFactory(state=State.UNCERTAIN, due_at=None, attempted_at=attempt, **fields)


def _job(key: str) -> BilledJob:
    return BilledJob(f"video_{key}", key, "A lantern", None, Path("none"))


def _answer(*jobs: BilledJob) -> Deciders:
    deciders = Deciders(Ledger(list(jobs)), random.Random(3))
    deciders.answer_all()
    return deciders


def test_the_job_of_the_own_key_is_taken_though_another_is_offered_too(claims: dict[str, int]):
    video = _question()
    claims["ours"] = video.pk
    for key in ("theirs", "ours"):
        JobCandidate.objects.create(video=video, backend_job_id=f"video_{key}", may_be_anothers=True)

    _answer(_job("theirs"), _job("ours"))

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "video_ours")


def test_what_the_backend_never_accepted_is_submitted_again_once_that_is_certain(claims: dict[str, int]):
    early, late = _question(), _question(ago=CERTAIN_AFTER + timedelta(seconds=1))

    _answer(_job("somebody's"))

    assert Video.objects.get(pk=early.pk).needs_decision
    assert Video.objects.get(pk=late.pk).state == State.QUEUED


def test_a_job_that_is_not_offered_is_looked_for_again(claims: dict[str, int]):
    video = _question(ago=CERTAIN_AFTER * 2)
    claims["ours"] = video.pk

    _answer(_job("ours"))

    video.refresh_from_db()
    assert (video.state, video.needs_decision) == (State.UNCERTAIN, False)


def test_a_question_is_needless_where_words_of_ones_own_are_told_truly(claims: dict[str, int]):
    needless = _question(model=HONEST_MODEL, prompt="A prompt of its own")
    _question(model=HONEST_MODEL, prompt=REPEATED_PROMPTS[0])
    _question(model=LYING_MODEL, prompt="Another prompt of its own")

    deciders = _answer()

    assert len(deciders.asked) == 3
    assert deciders.needless == {needless.pk}
