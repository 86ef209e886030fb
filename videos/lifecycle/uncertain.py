"""What becomes of a video whose submission may or may not have reached the backend."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing import ledger
from videos.lifecycle import events, payments
from videos.lifecycle.transitions import finished_now, move, move_to_progress
from videos.models import JobCandidate, ReleasedJob, State, Video
from videos.models.values import NO_REASON, Reason
from videos.parameters import SEED


def reschedule_search(pk: int, *, attempted_at: datetime, attempts: int, due_at: datetime) -> bool:
    """Stay uncertain and search again at `due_at`. `attempts` searches have found nothing so far."""
    return _awaiting_search(pk, attempted_at).update(attempts=attempts, due_at=due_at) == 1


def await_decision(
    pk: int, reason: Reason, *, attempted_at: datetime, candidates: Iterable[JobCandidate] = ()
) -> bool:
    """Stay uncertain until the owner decides: another search would tell nothing new.

    `candidates` are the jobs that may be the video's; they replace those of an earlier search.
    """
    with transaction.atomic():
        searched = _awaiting_search(pk, attempted_at)
        changed = searched.update(due_at=None, revision=F("revision") + 1, **reason.as_fields()) == 1
        if changed:
            JobCandidate.objects.filter(video=pk).delete()
            JobCandidate.objects.bulk_create(candidates)
            events.publish_needs_attention(pk)
    return changed


def requeue_absent(
    pk: int,
    *,
    attempted_at: datetime,
    attempts: int,
    due_at: datetime | None = None,
    reason: Reason = NO_REASON,
) -> bool:
    """uncertain → queued: the backend lists its jobs, and this one is provably not among them.

    It is submitted again at `due_at`, at once if not given. Only for the attempt made at `attempted_at`: its
    listings prove nothing about a later attempt.
    """
    where = Q(pk=pk, attempted_at=attempted_at, attempts=attempts)
    return move(State.UNCERTAIN, State.QUEUED, where, due_at=due_at or timezone.now(), **reason.as_fields())


@transaction.atomic
def fail_absent(pk: int, reason: Reason, *, attempted_at: datetime, attempts: int) -> bool:
    """uncertain → failed: provably absent, as in `requeue_absent`, and submitted often enough."""
    where = Q(pk=pk, attempted_at=attempted_at, attempts=attempts)
    failed = move(State.UNCERTAIN, State.FAILED, where, **finished_now(), **reason.as_fields())
    if failed:
        ledger.release(pk, transition="absent")
        events.publish_failed(pk)
    return failed


def _awaiting_search(pk: int, attempted_at: datetime) -> QuerySet[Video]:
    """The video, if the job of its attempt at `attempted_at` is still being searched for."""
    return Video.objects.filter(pk=pk, state=State.UNCERTAIN, attempted_at=attempted_at, due_at__isnull=False)


def search_again(pk: int) -> bool:
    """Stay uncertain, and search once more instead of waiting for the owner's decision."""
    undecided = Video.objects.filter(pk=pk, state=State.UNCERTAIN, due_at=None)
    changed = undecided.update(attempts=0, due_at=timezone.now(), revision=F("revision") + 1)
    return changed == 1


@transaction.atomic
def adopt_candidate(pk: int, job_id: str, *, by_staff: bool) -> bool:
    """uncertain → in_progress, by decision: `job_id`, one of the candidates shown, is the video's job.

    Only staff may choose one that may be another person's. Returns False also when the job belongs to
    another video by now.
    """
    shown = JobCandidate.objects.filter(video=pk, backend_job_id=job_id)
    if not by_staff:
        shown = shown.filter(may_be_anothers=False)
    now = timezone.now()
    where = Q(pk=pk, due_at=None, pk__in=shown.values("video")) & ~is_released(job_id)
    adopted = move_to_progress(State.UNCERTAIN, where, job_id, progress=None, due_at=now)
    if adopted:
        ledger.charge(pk, transition="adopted")
    return adopted


def forget_drawn_seed(pk: int, job_id: str) -> bool:
    """Forget the seed that the studio drew for a video, whose job may be that of another take of it.

    A seed that somebody chose stays: only a job made of the very same request is taken for the video's.
    """
    drawn = Video.objects.filter(pk=pk, backend_job_id=job_id, used_seed=None, seed__isnull=False)
    return drawn.exclude(parameters__has_key=SEED).update(seed=None) == 1


def is_released(job_id: str) -> Q:
    return Q(backend__in=ReleasedJob.objects.filter(backend_job_id=job_id).values("backend"))


def mark_unaccounted(
    backend_id: int, reason: Reason, *, held_at: datetime, submitted_until: datetime | None
) -> int:
    """queued → uncertain, in a database that was restored from a backup: each of this backend's videos may
    have been submitted since. Returns how many are searched for, with those that awaited a decision.

    `submitted_until` is the latest submission that the database knows: theirs came later, if it came. Videos
    that were created since `held_at` are not of the backup and stay queued; one that was created in the
    future is of the backup, from a machine with another clock, and so are all with lower ids.
    """
    now = timezone.now()
    # The lost database may have replaced these keys by those of a later attempt: a request that is repeated
    # with one of them could be a second job.
    before_job = [State.QUEUED, State.SUBMITTING, State.UNCERTAIN]
    Video.objects.filter(backend=backend_id, state__in=before_job).update(idempotency_key="")
    latest = Video.objects.filter(created_at__gt=now).aggregate(pk=Max("pk"))["pk"] or 0
    in_backup = Q(created_at__lt=held_at) | Q(pk__lte=latest)
    queued = Video.objects.filter(in_backup, backend=backend_id, state=State.QUEUED)
    count = 0
    for pk, created_at in queued.values_list("pk", "created_at"):
        since = max(created_at, submitted_until or created_at)
        count += move(
            State.QUEUED,
            State.UNCERTAIN,
            Q(pk=pk),
            attempted_at=since,
            unaccounted_since=Coalesce(F("unaccounted_since"), since),
            due_at=now,
            **reason.as_fields(),
        )
    undecided = Video.objects.filter(backend=backend_id, state=State.UNCERTAIN, due_at=None)
    return count + undecided.update(due_at=now, attempts=0, revision=F("revision") + 1, **reason.as_fields())


def submit_again(pk: int, *, estimate: Decimal | None = None) -> bool:
    """uncertain → queued, by the owner's decision, made knowing that it may be paid for twice.

    So the first reservation is kept, and another one made; raises `RefusedPaymentError` where that is not
    possible. `estimate` is what such videos cost, for one that has no price.
    """
    with transaction.atomic():
        undecided = Video.objects.filter(pk=pk, state=State.UNCERTAIN, due_at=None)
        video = undecided.select_related("owner", "backend").first()
        if video is None or not payments.reserve_again(video, estimate, transition="submitted_again"):
            return False
        queued = move(
            State.UNCERTAIN,
            State.QUEUED,
            Q(pk=pk, due_at=None),
            due_at=timezone.now(),
            failed_submissions=0,
            **NO_REASON.as_fields(),
        )
        if not queued:
            transaction.set_rollback(True)
        return queued


@transaction.atomic
def abandon(pk: int, reason: Reason) -> bool:
    """uncertain → failed, by the owner's decision."""
    where = Q(pk=pk, due_at=None)
    abandoned = move(State.UNCERTAIN, State.FAILED, where, **finished_now(), **reason.as_fields())
    if abandoned:
        ledger.give_up(pk, transition="given_up")
        events.publish_failed(pk)
    return abandoned
