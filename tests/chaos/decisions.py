"""The owners and staff of a run: whoever is asked what became of a submission.

They know it from the simulators' ledgers, and answer truthfully. When all has ended, staff takes back the
charges of which nobody knew, and which no simulator has.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import User
from billing.attempts import attempts_of
from billing.errors import BudgetExceededError
from tests.chaos.claims import find_claim, recorded_claims
from tests.chaos.simulators import LYING_MODEL, Simulators
from tests.chaos.users import REPEATED_PROMPTS
from videos.models import State, Video
from videos.services.charges import release_charge
from videos.services.video_actions import (
    abandon_video,
    adopt_candidate,
    recheck_video,
    resubmit_video,
)

# A suspended simulator accepts what it was sent when it wakes up; only after that does its ledger prove that
# a request never arrived.
CERTAIN_AFTER = timedelta(seconds=60)
ABANDONED_SHARE = 0.2  # of the videos that the backend never accepted: their owners have lost interest
MAX_RECHECKS = 3  # before an owner takes it that the job will not be offered


def undecided() -> int:
    """Count the videos that wait for an answer."""
    return Video.objects.filter(state=State.UNCERTAIN, due_at=None).count()


@dataclass
class Deciders:
    """Those who answer. `asked` are the videos they were asked about, `needless` those with a proof."""

    simulators: Simulators
    rng: random.Random
    asked: set[int] = field(default_factory=set)
    needless: set[int] = field(default_factory=set)
    abandoned: set[int] = field(default_factory=set)
    _rechecks: Counter[int] = field(default_factory=Counter)

    def answer_all(self) -> None:
        """Answer every question that the ledger answers now. Does nothing while a simulator is down."""
        try:
            self._answer_all()
        except OperationalError:
            connection.close()
        except httpx2.HTTPError:
            return

    def _answer_all(self) -> None:
        videos = list(Video.objects.filter(state=State.UNCERTAIN, due_at=None).select_related("backend"))
        if not videos:
            return
        claims = recorded_claims()
        jobs: dict[int, list[str]] = {}
        for job in self.simulators.billed_jobs():
            if (pk := find_claim(claims, job.idempotency_key)) is not None:
                jobs.setdefault(pk, []).append(job.id)
        for video in videos:
            self._note(video)
            self._answer(video, jobs.get(video.pk, []))

    def _note(self, video: Video) -> None:
        """Its words alone prove whose job it is, where lists repeat them and nobody else uses them."""
        self.asked.add(video.pk)
        if video.model != LYING_MODEL and video.prompt not in REPEATED_PROMPTS:
            self.needless.add(video.pk)

    def _answer(self, video: Video, jobs: list[str]) -> None:
        is_certain = timezone.now() - (video.attempted_at or video.created_at) > CERTAIN_AFTER
        if jobs:
            self._choose(video, jobs[-1])
        elif is_certain and self.rng.random() < ABANDONED_SHARE:
            if abandon_video(video):
                self.abandoned.add(video.pk)
        elif is_certain:
            self._resubmit(video)

    def _resubmit(self, video: Video) -> None:
        """Submit it once more, which is paid for anew; without the money, give it up."""
        try:
            resubmit_video(video)
        except BudgetExceededError:
            if abandon_video(video):
                self.abandoned.add(video.pk)

    def release_unbilled(self, jobs: Mapping[int, int], alike: Iterable[Sequence[int]]) -> int:
        """Take back the charges that are unconfirmed and that no simulator has. Returns how many those are.

        `jobs` says how many jobs were billed for each video, `alike` which videos are exchangeable.
        """
        staff, _ = User.objects.get_or_create(username="staff", is_staff=True)
        released = 0
        for pks in alike:
            attempts = [attempt for pk in pks for attempt in attempts_of(pk) if attempt.spent]
            surplus = len(attempts) - sum(jobs.get(pk, 0) for pk in pks)
            for attempt in [each for each in attempts if each.is_unconfirmed][: max(0, surplus)]:
                note = "The simulator's ledger does not have it."
                released += release_charge(staff, attempt.lines[0].video, attempt.number, note)
        return released

    def _choose(self, video: Video, job_id: str) -> None:
        """Take the right candidate; staff does where it may be another's. If it is not there, look again."""
        if adopt_candidate(video, job_id) or adopt_candidate(video, job_id, by_staff=True):
            return
        self._rechecks[video.pk] += 1
        if self._rechecks[video.pk] <= MAX_RECHECKS:
            recheck_video(video)
        elif abandon_video(video):
            self.abandoned.add(video.pk)
