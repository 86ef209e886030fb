"""The states of a video and the transitions between them: the only code that writes `Video.state`.

Every function is one compare-and-set: it names the state it expects (and the lease, where a worker holds
one) in the WHERE of a single UPDATE, and returns whether this caller made the change. False is a normal
outcome: somebody else got there first, and the caller stops. No function saves a loaded object, so a stale
one does no harm.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from videos.models import IN_FLIGHT, DeletedRequest, JobCandidate, ReleasedJob, State, Video
from videos.models.values import NO_REASON, Reason, StoredFiles
from videos.models.video import RECHECK_CODES

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS, State.CANCELED}),
    State.SUBMITTING: frozenset(
        {State.IN_PROGRESS, State.FAILED, State.UNCERTAIN, State.QUEUED, State.CANCELED}
    ),
    State.UNCERTAIN: frozenset(
        {State.SUBMITTING, State.IN_PROGRESS, State.QUEUED, State.FAILED, State.CANCELED}
    ),
    State.IN_PROGRESS: frozenset({State.STORING, State.FAILED, State.CANCELED}),
    State.STORING: frozenset({State.COMPLETED, State.FAILED, State.CANCELED}),
    State.FAILED: frozenset({State.QUEUED, State.IN_PROGRESS}),
    State.COMPLETED: frozenset(),
    State.CANCELED: frozenset(),
}
if set(TRANSITIONS) != set(State) or any(not targets <= set(State) for targets in TRANSITIONS.values()):
    raise RuntimeError("TRANSITIONS must name every state, and only states")


def _move(old: State, new: State, where: Q, **changes: Any) -> bool:
    """Move the one video that matches `where` from `old` to `new`, ending any lease, and return whether it
    was moved. Raises `ValueError` for a transition that is not in `TRANSITIONS`.
    """
    if new not in TRANSITIONS[old]:
        raise ValueError(f"{old} → {new} is not a legal transition")
    fields = {"lease_token": None, "lease_expires_at": None, "attempts": 0, **changes}
    changed = Video.objects.filter(where, state=old).update(state=new, revision=F("revision") + 1, **fields)
    return changed == 1


def _leased(pk: int, token: uuid.UUID) -> Q:
    return Q(pk=pk, lease_token=token)


def _has_job(pk: int, job_id: str) -> Q:
    """The video, if `job_id` is its current job: a reply about an earlier attempt's job changes nothing."""
    return Q(pk=pk, backend_job_id=job_id)


# What has become of the latest attempt is known. An earlier one that is unaccounted for stays so: its job may
# be at the backend all the same.
_LATEST_ACCOUNTED = Case(When(unaccounted_since=F("attempted_at"), then=None), default=F("unaccounted_since"))


# --- Submission --------------------------------------------------------------------------------------------


def claim(pk: int, *, lease: timedelta, now: datetime) -> uuid.UUID | None:
    """queued → submitting, a new attempt. Returns the lease's token, or None when another worker holds it.

    The idempotency key names this attempt: a backend that honors keys makes at most one job of it.
    """
    token = uuid.uuid4()
    claimed = _move(
        State.QUEUED,
        State.SUBMITTING,
        Q(pk=pk, cancel_requested_at=None),
        lease_token=token,
        lease_expires_at=now + lease,
        attempted_at=now,
        attempts=F("attempts") + 1,
        idempotency_key=uuid.uuid4().hex,
        unaccounted_since=Coalesce(F("unaccounted_since"), now),
    )
    return token if claimed else None


def holds_lease(pk: int, token: uuid.UUID, *, margin: timedelta) -> bool:
    """Whether the lease lasts for at least `margin` more. Checked right before money is spent."""
    return Video.objects.filter(_leased(pk, token), lease_expires_at__gt=timezone.now() + margin).exists()


def accept(pk: int, token: uuid.UUID, *, job_id: str, progress: int | None, due_at: datetime) -> bool:
    """submitting → in_progress: the backend accepted the job, whose id is stored with the transition.

    Returns False also when `job_id` belongs to another video.
    """
    return _move_to_progress(State.SUBMITTING, _leased(pk, token), job_id, progress=progress, due_at=due_at)


def adopt(pk: int, old: State, *, attempted_at: datetime, job_id: str, due_at: datetime) -> bool:
    """uncertain (or queued again) → in_progress: the job of the attempt made at `attempted_at` was found.

    Returns False also when `job_id` belongs to another video.
    """
    return _move_to_progress(old, Q(pk=pk, attempted_at=attempted_at), job_id, progress=None, due_at=due_at)


def _move_to_progress(old: State, where: Q, job_id: str, *, progress: int | None, due_at: datetime) -> bool:
    now = timezone.now()
    try:
        with transaction.atomic():
            return _move(
                old,
                State.IN_PROGRESS,
                where,
                backend_job_id=job_id,
                progress=progress,
                accepted_at=now,
                deadline_at=now + timedelta(seconds=settings.MAX_POLL_TIMEOUT),
                due_at=due_at,
                unaccounted_since=_LATEST_ACCOUNTED,
                failed_submissions=0,
                **NO_REASON.as_fields(),
            )
    except IntegrityError:  # one_video_per_backend_job
        return False


def refuse(pk: int, token: uuid.UUID, reason: Reason) -> bool:
    """submitting → failed: the backend refused the request. Nothing was spent."""
    return _move(
        State.SUBMITTING,
        State.FAILED,
        _leased(pk, token),
        unaccounted_since=_LATEST_ACCOUNTED,
        **_finished_now(),
        **reason.as_fields(),
    )


def requeue(pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime) -> bool:
    """submitting → queued: the backend certainly did not accept it, and may do so at `due_at`."""
    return _move(
        State.SUBMITTING,
        State.QUEUED,
        _leased(pk, token),
        due_at=due_at,
        attempts=F("attempts"),
        unaccounted_since=_LATEST_ACCOUNTED,
        **reason.as_fields(),
    )


def mark_uncertain(
    pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime, is_backend_failure: bool = False
) -> bool:
    """submitting → uncertain: the backend may have accepted it. Its job is searched for at `due_at`.

    `is_backend_failure` counts the attempt as one that the backend answered badly or not at all. One that a
    worker of ours did not survive is not counted.
    """
    return _move(
        State.SUBMITTING,
        State.UNCERTAIN,
        _leased(pk, token),
        due_at=due_at,
        failed_submissions=F("failed_submissions") + int(is_backend_failure),
        **reason.as_fields(),
    )


def claim_repeat(pk: int, *, attempted_at: datetime, lease: timedelta, now: datetime) -> uuid.UUID | None:
    """uncertain → submitting, to send the request of the attempt at `attempted_at` once more.

    Only for a backend that honors idempotency keys; the key is that of the attempt. Returns the lease's
    token, or None when the video has moved on, is to be canceled, or cannot be requested once more.
    """
    token = uuid.uuid4()
    claimed = _move(
        State.UNCERTAIN,
        State.SUBMITTING,
        Q(pk=pk, attempted_at=attempted_at, due_at__lte=now, cancel_requested_at=None)
        & ~Q(idempotency_key=""),
        lease_token=token,
        lease_expires_at=now + lease,
        attempts=F("attempts") + 1,
    )
    return token if claimed else None


def mark_still_uncertain(
    pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime, can_repeat: bool
) -> bool:
    """submitting → uncertain: a repeated request has not settled whether the backend accepted the first.

    Without `can_repeat` the key is forgotten, so that the job is searched for in the backend's list.
    """
    changes: dict[str, Any] = {"attempts": F("attempts")} if can_repeat else {"idempotency_key": ""}
    where = _leased(pk, token)
    return _move(State.SUBMITTING, State.UNCERTAIN, where, due_at=due_at, **changes, **reason.as_fields())


# --- Uncertain ---------------------------------------------------------------------------------------------


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
    return _move(State.UNCERTAIN, State.QUEUED, where, due_at=due_at or timezone.now(), **reason.as_fields())


def fail_absent(pk: int, reason: Reason, *, attempted_at: datetime, attempts: int) -> bool:
    """uncertain → failed: provably absent, as in `requeue_absent`, and submitted often enough."""
    where = Q(pk=pk, attempted_at=attempted_at, attempts=attempts)
    return _move(State.UNCERTAIN, State.FAILED, where, **_finished_now(), **reason.as_fields())


def _awaiting_search(pk: int, attempted_at: datetime) -> QuerySet[Video]:
    """The video, if the job of its attempt at `attempted_at` is still being searched for."""
    return Video.objects.filter(pk=pk, state=State.UNCERTAIN, attempted_at=attempted_at, due_at__isnull=False)


def search_again(pk: int) -> bool:
    """Stay uncertain, and search once more instead of waiting for the owner's decision."""
    undecided = Video.objects.filter(pk=pk, state=State.UNCERTAIN, due_at=None)
    changed = undecided.update(attempts=0, due_at=timezone.now(), revision=F("revision") + 1)
    return changed == 1


def adopt_candidate(pk: int, job_id: str, *, by_staff: bool) -> bool:
    """uncertain → in_progress, by decision: `job_id`, one of the candidates shown, is the video's job.

    Only staff may choose one that may be another person's. Returns False also when the job belongs to
    another video by now.
    """
    shown = JobCandidate.objects.filter(video=pk, backend_job_id=job_id)
    if not by_staff:
        shown = shown.filter(may_be_anothers=False)
    now = timezone.now()
    where = Q(pk=pk, due_at=None, pk__in=shown.values("video")) & ~_is_released(job_id)
    return _move_to_progress(State.UNCERTAIN, where, job_id, progress=None, due_at=now)


def _is_released(job_id: str) -> Q:
    return Q(backend__in=ReleasedJob.objects.filter(backend_job_id=job_id).values("backend"))


def mark_unaccounted(
    backend_id: int, reason: Reason, *, held_at: datetime, submitted_until: datetime | None
) -> int:
    """queued → uncertain, in a database that was restored from a backup: each of this backend's videos may
    have been submitted since. Returns how many are searched for, with those that awaited a decision.

    `submitted_until` is the latest submission that the database knows: theirs came later, if it came. Videos
    that were created since `held_at` are not of the backup and stay queued.
    """
    # The lost database may have replaced these keys by those of a later attempt: a request that is repeated
    # with one of them could be a second job.
    before_job = [State.QUEUED, State.SUBMITTING, State.UNCERTAIN]
    Video.objects.filter(backend=backend_id, state__in=before_job).update(idempotency_key="")
    queued = Video.objects.filter(backend=backend_id, state=State.QUEUED, created_at__lt=held_at)
    count = 0
    for pk, created_at in queued.values_list("pk", "created_at"):
        since = max(created_at, submitted_until or created_at)
        count += _move(
            State.QUEUED,
            State.UNCERTAIN,
            Q(pk=pk),
            attempted_at=since,
            unaccounted_since=Coalesce(F("unaccounted_since"), since),
            due_at=timezone.now(),
            **reason.as_fields(),
        )
    undecided = Video.objects.filter(backend=backend_id, state=State.UNCERTAIN, due_at=None)
    return count + undecided.update(
        due_at=timezone.now(), attempts=0, revision=F("revision") + 1, **reason.as_fields()
    )


def submit_again(pk: int) -> bool:
    """uncertain → queued, by the owner's decision, made knowing that it may be paid for twice."""
    where = Q(pk=pk, due_at=None)
    return _move(
        State.UNCERTAIN,
        State.QUEUED,
        where,
        due_at=timezone.now(),
        failed_submissions=0,
        **NO_REASON.as_fields(),
    )


def abandon(pk: int, reason: Reason) -> bool:
    """uncertain → failed, by the owner's decision."""
    return _move(
        State.UNCERTAIN, State.FAILED, Q(pk=pk, due_at=None), **_finished_now(), **reason.as_fields()
    )


# --- Generation --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PollResult:
    """The outcome of one poll of a running job: its progress, or the `reason` why there is none, and when to
    poll again.
    """

    pk: int
    job_id: str
    due_at: datetime
    progress: int | None = None
    reason: Reason = NO_REASON


# One SQL statement for all polls: ten thousand running jobs are polled many times over, and building a query
# for each costs more than everything else. Progress only grows, and the revision only when there is something
# new to show.
_RECORD_POLL = f"""
    UPDATE {Video._meta.db_table} SET
        due_at = %s,
        attempts = attempts + 1,
        revision = revision + CASE WHEN error_code <> %s OR COALESCE(progress, -1) < %s THEN 1 ELSE 0 END,
        progress = CASE WHEN COALESCE(progress, -1) < %s THEN %s ELSE progress END,
        error_code = %s, error_message = %s, error_detail = %s
    WHERE id = %s AND backend_job_id = %s AND state = %s
"""  # noqa: S608  # the table's name is ours


def record_polls(results: Iterable[PollResult]) -> None:
    """Store the outcome of each poll. A video that is no longer running that job is left alone."""
    rows = [_poll_parameters(result) for result in results]
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_RECORD_POLL, rows)


def _poll_parameters(result: PollResult) -> tuple[Any, ...]:
    reason = result.reason.as_fields()
    progress = -1 if result.progress is None else result.progress
    return (
        connection.ops.adapt_datetimefield_value(result.due_at),
        reason["error_code"],
        progress,
        progress,
        progress,
        *reason.values(),
        result.pk,
        result.job_id,
        State.IN_PROGRESS.value,
    )


def begin_storing(pk: int, job_id: str) -> bool:
    """in_progress → storing: the backend has finished, and its file is to be downloaded.

    Not for a video whose owner asked to cancel it before its job was known: the sweep cancels that.
    """
    now = timezone.now()
    where = _has_job(pk, job_id) & Q(cancel_requested_at=None)
    return _move(State.IN_PROGRESS, State.STORING, where, progress=100, generated_at=now, due_at=now)


def fail_generation(pk: int, job_id: str, reason: Reason) -> bool:
    """in_progress → failed: the backend failed, lost the job, or ran out of time."""
    return _move(
        State.IN_PROGRESS, State.FAILED, _has_job(pk, job_id), **_finished_now(), **reason.as_fields()
    )


# --- Storing -----------------------------------------------------------------------------------------------


def claim_storing(pk: int, *, lease: timedelta) -> uuid.UUID | None:
    """Take the lease on a video to be stored. Returns its token, or None while another worker holds one."""
    token, now = uuid.uuid4(), timezone.now()
    free = Video.objects.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lte=now))
    taken = free.filter(pk=pk, state=State.STORING, due_at__lte=now).update(
        # Behind all that waits now: a file that kills every worker must not keep the rest waiting.
        due_at=now + lease,
        lease_token=token,
        lease_expires_at=now + lease,
        attempts=F("attempts") + 1,
    )
    return token if taken else None


def renew_lease(pk: int, token: uuid.UUID, *, lease: timedelta) -> bool:
    """Extend the lease to `lease` from now. Returns False when another worker has it: then stop."""
    return Video.objects.filter(_leased(pk, token)).update(lease_expires_at=timezone.now() + lease) == 1


def postpone_storing(pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime) -> bool:
    """Stay storing and try the download again at `due_at`. The job itself is never submitted again."""
    changed = Video.objects.filter(_leased(pk, token), state=State.STORING).update(
        lease_token=None,
        lease_expires_at=None,
        due_at=due_at,
        revision=F("revision") + 1,
        **reason.as_fields(),
    )
    return changed == 1


def complete(pk: int, token: uuid.UUID, stored: StoredFiles, *, concat_failure: Reason | None = None) -> bool:
    """storing → completed: the file is in storage, checked and measured.

    `concat_failure` says why the file of an extension does not begin with its source, as it should.
    """
    reason = concat_failure or NO_REASON
    changes: dict[str, Any] = {**_finished_now(), **reason.as_fields(), **vars(stored)}
    if concat_failure:
        changes["source_seconds"] = 0
    return _move(State.STORING, State.COMPLETED, _leased(pk, token), **changes)


def fail_storing(pk: int, token: uuid.UUID, reason: Reason) -> bool:
    """storing → failed: the file could not be fetched or stored in the time allowed for it."""
    return _move(State.STORING, State.FAILED, _leased(pk, token), **_finished_now(), **reason.as_fields())


def create_imported(video: Video, stored: StoredFiles) -> Video:
    """Insert the row of an uploaded clip, which is completed from the start and was made by no job."""
    fields = {"state": State.COMPLETED, "progress": 100, **_finished_now(), **vars(stored)}
    for name, value in fields.items():
        setattr(video, name, value)
    video.save(force_insert=True)
    return video


# --- Requests of people -------------------------------------------------------------------------------------


def cancel(pk: int) -> bool:
    """Cancel a video that is in flight. Returns whether anything was left to cancel.

    Queued, running and storing videos are canceled at once, and `delete_job_at` has the backend's job
    deleted. While a submission is under way or its outcome unknown, the request is recorded and carried out
    as soon as it is known what to cancel: a job that may have to be paid for is never lost track of.
    """
    now = timezone.now()
    not_requested = Video.objects.filter(pk=pk, cancel_requested_at=None)
    if _move(State.QUEUED, State.CANCELED, Q(pk=pk), **_finished_now()):
        return True
    for old in (State.IN_PROGRESS, State.STORING):
        if _move(old, State.CANCELED, Q(pk=pk), **_finished_now(), delete_job_at=now):
            return True
    # The owner's decision on an uncertain video is pending, and canceling it is one.
    if _move(State.UNCERTAIN, State.CANCELED, Q(pk=pk, due_at=None), **_finished_now()):
        return True
    # In any state: it may have changed between two of the lines above, and then the sweep cancels it.
    return (
        not_requested.filter(state__in=IN_FLIGHT).update(cancel_requested_at=now, revision=F("revision") + 1)
        == 1
    )


def apply_pending_cancellations() -> int:
    """Carry out the cancellations and deletions that had to wait. Returns how many videos were canceled."""
    pending = Video.objects.filter(
        Q(cancel_requested_at__isnull=False) | Q(deleted_at__isnull=False), state__in=IN_FLIGHT
    )
    return sum(cancel(pk) for pk in pending.values_list("pk", flat=True))


def retry(pk: int) -> bool:
    """failed → queued: a new submission, with nothing left of the old one."""
    with transaction.atomic():
        release_job(pk)
        return _requeue_failed(pk)


def release_job(pk: int) -> None:
    """Note that the video's job, if it has one, is that of no other video: its row will no longer say so."""
    video = Video.objects.filter(pk=pk).exclude(backend_job_id="").values_list("backend", "backend_job_id")
    for backend_id, job_id in video:
        ReleasedJob.objects.bulk_create(
            [ReleasedJob(backend_id=backend_id, backend_job_id=job_id)], ignore_conflicts=True
        )


def remove(video: Video) -> None:
    """Delete the row of a video that is not in flight, and keep what says whose its jobs are."""
    with transaction.atomic():
        release_job(video.pk)
        if since := video.unaccounted_since:
            DeletedRequest.objects.create(
                backend=video.backend,
                owner=video.owner,
                prompt=video.prompt,
                since=since,
                attempted_at=max(since, video.attempted_at or since),
            )
        video.delete()


def _requeue_failed(pk: int) -> bool:
    return _move(
        State.FAILED,
        State.QUEUED,
        Q(pk=pk, deleted_at=None),
        backend_job_id="",
        progress=None,
        due_at=timezone.now(),
        attempted_at=None,
        accepted_at=None,
        generated_at=None,
        deadline_at=None,
        finished_at=None,
        cancel_requested_at=None,
        failed_submissions=0,
        **NO_REASON.as_fields(),
    )


def check_again(pk: int) -> bool:
    """failed → in_progress, to poll the backend's job once more without submitting anything.

    The deadline is now, so a poll that still finds no result fails the video again.
    """
    now = timezone.now()
    where = Q(pk=pk, deleted_at=None, error_code__in=RECHECK_CODES) & ~Q(backend_job_id="")
    return _move(
        State.FAILED,
        State.IN_PROGRESS,
        where,
        due_at=now,
        deadline_at=now,
        finished_at=None,
        **NO_REASON.as_fields(),
    )


def delete(pk: int) -> bool:
    """Hide the video from everyone; the sweep removes its files, the backend's job and the row.

    A video in flight is canceled first. Returns False when it was deleted before.
    """
    now = timezone.now()
    if not Video.objects.filter(pk=pk, deleted_at=None).update(deleted_at=now):
        return False
    if not cancel(pk):
        finished = Video.objects.filter(pk=pk).exclude(state__in=IN_FLIGHT).exclude(backend_job_id="")
        finished.update(delete_job_at=now)
    return True


def _finished_now() -> dict[str, Any]:
    return {"finished_at": timezone.now(), "due_at": None}
