"""The life of a video: which transitions there are, and the only code that writes `Video.state`.

Every verb is one compare-and-set: it names the state it expects (and the lease, where a worker holds one)
in the WHERE of a single UPDATE. It returns whether this caller made the change. False is a normal outcome:
somebody else got there first, and the caller stops. No verb saves a loaded object, so a stale one is safe.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from videos.models import IN_FLIGHT, State, Video
from videos.models.video import RECHECK_CODES

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.IN_PROGRESS, State.CANCELED}),
    State.SUBMITTING: frozenset(
        {State.IN_PROGRESS, State.FAILED, State.UNCERTAIN, State.QUEUED, State.CANCELED}
    ),
    State.UNCERTAIN: frozenset({State.IN_PROGRESS, State.QUEUED, State.FAILED, State.CANCELED}),
    State.IN_PROGRESS: frozenset({State.STORING, State.FAILED, State.CANCELED}),
    State.STORING: frozenset({State.COMPLETED, State.FAILED, State.CANCELED}),
    State.FAILED: frozenset({State.QUEUED, State.IN_PROGRESS}),
    State.COMPLETED: frozenset(),
    State.CANCELED: frozenset(),
}
if set(TRANSITIONS) != set(State) or any(not targets <= set(State) for targets in TRANSITIONS.values()):
    raise RuntimeError("TRANSITIONS must name every state, and only states")

DETAIL_LIMIT = 4000  # characters kept for operators


@dataclass(frozen=True)
class Reason:
    """Why something went wrong: a code for programs, a sentence for people, detail for operators."""

    code: str
    message: str
    detail: str = ""

    def as_fields(self) -> dict[str, str]:
        return {
            "error_code": storable(self.code, 100),
            "error_message": storable(self.message, DETAIL_LIMIT),
            "error_detail": storable(self.detail, DETAIL_LIMIT),
        }


def storable(text: str, limit: int) -> str:
    """What PostgreSQL takes of `text`, which may quote anything a server sent: no NUL, no half characters."""
    return text.replace("\x00", "").encode(errors="replace").decode()[:limit]


NO_REASON = Reason("", "")


@dataclass(frozen=True)
class StoredFiles:
    """What storing found and wrote: names in Django storage, and the facts measured in the file."""

    file: str
    byte_count: int
    sha256: str
    width: int
    height: int
    duration: float
    poster: str = ""
    scrub_sheet: str = ""
    scrub_frames: int = 0
    scrub_columns: int = 0


def _move(old: State, new: State, where: Q, **changes: Any) -> bool:
    """Move the one video that `where` names from `old` to `new`. Ends any lease, counts a revision."""
    if new not in TRANSITIONS[old]:
        raise ValueError(f"{old} → {new} is not a legal transition")
    fields = {"lease_token": None, "lease_expires_at": None, "attempts": 0, **changes}
    return Video.objects.filter(where, state=old).update(state=new, revision=F("revision") + 1, **fields) == 1


def _lease(pk: int, token: uuid.UUID) -> Q:
    return Q(pk=pk, lease_token=token)


def _job(pk: int, job_id: str) -> Q:
    """The attempt that owns `job_id`: an answer about an earlier attempt's job changes nothing."""
    return Q(pk=pk, backend_job_id=job_id)


# --- Submission --------------------------------------------------------------------------------------------


def claim(pk: int, *, lease: timedelta, now: datetime) -> uuid.UUID | None:
    """queued → submitting. Returns the lease's token, or None when another worker has it."""
    token = uuid.uuid4()
    claimed = _move(
        State.QUEUED,
        State.SUBMITTING,
        Q(pk=pk, cancel_requested_at=None),
        lease_token=token,
        lease_expires_at=now + lease,
        attempted_at=now,
        attempts=F("attempts") + 1,
    )
    return token if claimed else None


def holds_lease(pk: int, token: uuid.UUID, *, margin: timedelta) -> bool:
    """Whether `token` is still good for at least `margin`: asked right before money is spent."""
    return Video.objects.filter(_lease(pk, token), lease_expires_at__gt=timezone.now() + margin).exists()


def accept(pk: int, token: uuid.UUID, *, job_id: str, progress: int | None, due_at: datetime) -> bool:
    """submitting → in_progress: the backend took the job. Its id is kept from this moment on.

    Returns False also when another video owns `job_id`.
    """
    return _move_to_progress(State.SUBMITTING, _lease(pk, token), job_id, progress=progress, due_at=due_at)


def adopt(pk: int, old: State, *, attempted_at: datetime, job_id: str, due_at: datetime) -> bool:
    """uncertain (or queued again) → in_progress: the job of the attempt made at `attempted_at` was found.

    Returns False also when another video owns `job_id`.
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
                **NO_REASON.as_fields(),
            )
    except IntegrityError:  # one_video_per_backend_job
        return False


def refuse(pk: int, token: uuid.UUID, reason: Reason) -> bool:
    """submitting → failed: the backend said no. Nothing was spent."""
    return _move(State.SUBMITTING, State.FAILED, _lease(pk, token), **_ended(), **reason.as_fields())


def requeue(pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime) -> bool:
    """submitting → queued: the backend surely did not take it, and may later."""
    return _move(
        State.SUBMITTING,
        State.QUEUED,
        _lease(pk, token),
        due_at=due_at,
        attempts=F("attempts"),
        **reason.as_fields(),
    )


def mark_uncertain(pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime) -> bool:
    """submitting → uncertain: nobody can tell yet whether the backend took it."""
    return _move(State.SUBMITTING, State.UNCERTAIN, _lease(pk, token), due_at=due_at, **reason.as_fields())


# --- Uncertain ---------------------------------------------------------------------------------------------


def reschedule_search(pk: int, *, attempted_at: datetime, attempts: int, due_at: datetime) -> bool:
    """Stay uncertain, with `attempts` looks that found nothing so far, and look once more at `due_at`."""
    return _sought(pk, attempted_at).update(attempts=attempts, due_at=due_at) == 1


def await_decision(pk: int, reason: Reason, *, attempted_at: datetime) -> bool:
    """Stay uncertain, and let the owner decide: looking again would tell nothing new."""
    sought = _sought(pk, attempted_at)
    return sought.update(due_at=None, revision=F("revision") + 1, **reason.as_fields()) == 1


def requeue_absent(pk: int, *, attempted_at: datetime, attempts: int) -> bool:
    """uncertain → queued: the backend can list its jobs, and this one is provably not among them.

    Only for the attempt made at `attempted_at`: a listing from before it proves nothing about a later one.
    """
    where = Q(pk=pk, attempted_at=attempted_at, attempts=attempts)
    return _move(State.UNCERTAIN, State.QUEUED, where, due_at=timezone.now(), **NO_REASON.as_fields())


def _sought(pk: int, attempted_at: datetime) -> QuerySet[Video]:
    """The video, if it is still the attempt made at `attempted_at` whose job is being looked for."""
    return Video.objects.filter(pk=pk, state=State.UNCERTAIN, attempted_at=attempted_at, due_at__isnull=False)


def submit_again(pk: int) -> bool:
    """uncertain → queued, because the owner said so, knowing that it may be paid twice."""
    where = Q(pk=pk, due_at=None)
    return _move(State.UNCERTAIN, State.QUEUED, where, due_at=timezone.now(), **NO_REASON.as_fields())


def abandon(pk: int, reason: Reason) -> bool:
    """uncertain → failed, because the owner said so."""
    return _move(State.UNCERTAIN, State.FAILED, Q(pk=pk, due_at=None), **_ended(), **reason.as_fields())


# --- Generation --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PollResult:
    """What a look at a running job showed, or in `reason` why it showed nothing, and when to look again."""

    pk: int
    job_id: str
    due_at: datetime
    progress: int | None = None
    reason: Reason = NO_REASON


# One statement for all looks, in SQL of its own: ten thousand running jobs are looked at many times over, and
# building a query for each costs more than everything else. Progress only grows, and a revision is counted
# only when there is something new to show.
_NOTE = f"""
    UPDATE {Video._meta.db_table} SET
        due_at = %s,
        attempts = attempts + 1,
        revision = revision + CASE WHEN error_code <> %s OR COALESCE(progress, -1) < %s THEN 1 ELSE 0 END,
        progress = CASE WHEN COALESCE(progress, -1) < %s THEN %s ELSE progress END,
        error_code = %s, error_message = %s, error_detail = %s
    WHERE id = %s AND backend_job_id = %s AND state = %s
"""  # noqa: S608  # the table's name is ours


def record_polls(looks: Iterable[PollResult]) -> None:
    """Remember what each look at a running job showed. A video that has moved on is left alone."""
    rows = [_note_parameters(look) for look in looks]
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_NOTE, rows)


def _note_parameters(look: PollResult) -> tuple[Any, ...]:
    reason = look.reason.as_fields()
    progress = -1 if look.progress is None else look.progress
    return (
        connection.ops.adapt_datetimefield_value(look.due_at),
        reason["error_code"],
        progress,
        progress,
        progress,
        *reason.values(),
        look.pk,
        look.job_id,
        State.IN_PROGRESS.value,
    )


def begin_storing(pk: int, job_id: str) -> bool:
    """in_progress → storing: the backend has finished, and now the file must become ours.

    Not for a video whose owner wished to cancel it before its job was known: the sweep cancels it.
    """
    now = timezone.now()
    where = _job(pk, job_id) & Q(cancel_requested_at=None)
    return _move(State.IN_PROGRESS, State.STORING, where, progress=100, generated_at=now, due_at=now)


def fail_generation(pk: int, job_id: str, reason: Reason) -> bool:
    """in_progress → failed: the backend gave up, lost the job, or ran out of time."""
    return _move(State.IN_PROGRESS, State.FAILED, _job(pk, job_id), **_ended(), **reason.as_fields())


# --- Storing -----------------------------------------------------------------------------------------------


def claim_storing(pk: int, *, lease: timedelta) -> uuid.UUID | None:
    """Take the lease on a video to store, unless a worker holds one that has not run out."""
    token, now = uuid.uuid4(), timezone.now()
    free = Video.objects.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lte=now))
    taken = free.filter(pk=pk, state=State.STORING, due_at__lte=now).update(
        lease_token=token, lease_expires_at=now + lease, attempts=F("attempts") + 1
    )
    return token if taken else None


def renew_lease(pk: int, token: uuid.UUID, *, lease: timedelta) -> bool:
    """Keep the lease for another `lease` from now. False: it is another's, so stop."""
    return Video.objects.filter(_lease(pk, token)).update(lease_expires_at=timezone.now() + lease) == 1


def postpone_storing(pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime) -> bool:
    """Stay storing and try the download again at `due_at`. The job itself is never submitted again."""
    held = Video.objects.filter(_lease(pk, token), state=State.STORING)
    fields = reason.as_fields()
    return (
        held.update(
            lease_token=None, lease_expires_at=None, due_at=due_at, revision=F("revision") + 1, **fields
        )
        == 1
    )


def complete(pk: int, token: uuid.UUID, stored: StoredFiles, *, alone: Reason | None = None) -> bool:
    """storing → completed: the file is in storage, checked and measured.

    `alone` says why an extension does not have its source in front, as it should.
    """
    changes: dict[str, Any] = {**_ended(), **(alone or NO_REASON).as_fields(), **vars(stored)}
    if alone:
        changes["source_seconds"] = 0
    return _move(State.STORING, State.COMPLETED, _lease(pk, token), **changes)


def fail_storing(pk: int, token: uuid.UUID, reason: Reason) -> bool:
    """storing → failed: the file could not be had for so long that waiting on makes no sense."""
    return _move(State.STORING, State.FAILED, _lease(pk, token), **_ended(), **reason.as_fields())


def create_imported(video: Video, stored: StoredFiles) -> Video:
    """Write the row of a clip that somebody brought along: it begins completed, and no job ever made it."""
    fields = {"state": State.COMPLETED, "progress": 100, **_ended(), **vars(stored)}
    for name, value in fields.items():
        setattr(video, name, value)
    video.save(force_insert=True)
    return video


# --- What people ask for -----------------------------------------------------------------------------------


def cancel(pk: int) -> bool:
    """Cancel a video that is in flight. Returns whether anything was left to cancel.

    Queued, running and storing videos are canceled at once, and a running job is to be deleted at the
    backend (`delete_job_at`). Where a submission is on its way or its fate unknown, the request is recorded
    and carried out when it is known what to cancel: a job that may be paid for is never lost sight of.
    """
    now = timezone.now()
    wish = Video.objects.filter(pk=pk, cancel_requested_at=None)
    if _move(State.QUEUED, State.CANCELED, Q(pk=pk), **_ended()):
        return True
    for old in (State.IN_PROGRESS, State.STORING):
        if _move(old, State.CANCELED, Q(pk=pk), **_ended(), delete_job_at=now):
            return True
    # The owner's decision on an uncertain video is pending: canceling is the decision to give up.
    if _move(State.UNCERTAIN, State.CANCELED, Q(pk=pk, due_at=None), **_ended()):
        return True
    # In any state: it may have moved on between two of the lines above, and then the sweep cancels it.
    return wish.filter(state__in=IN_FLIGHT).update(cancel_requested_at=now, revision=F("revision") + 1) == 1


def apply_pending_cancellations() -> int:
    """Cancel those whose owner asked for it, or deleted them, when it could not be done. Returns how many."""
    asked = Video.objects.filter(
        Q(cancel_requested_at__isnull=False) | Q(deleted_at__isnull=False), state__in=IN_FLIGHT
    )
    return sum(cancel(pk) for pk in asked.values_list("pk", flat=True))


def retry(pk: int) -> bool:
    """failed → queued: a new submission, with nothing left of the old one."""
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
        **NO_REASON.as_fields(),
    )


def check_again(pk: int) -> bool:
    """failed → in_progress for one more look at the backend's job, without submitting anything.

    The deadline is now: a look that still finds no result fails it again.
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
    """Hide the video from everyone; the sweep removes files, the backend's job and the row.

    One that is in flight is canceled first. Returns False when it was deleted before.
    """
    now = timezone.now()
    if not Video.objects.filter(pk=pk, deleted_at=None).update(deleted_at=now):
        return False
    if not cancel(pk):
        done = Video.objects.filter(pk=pk).exclude(state__in=IN_FLIGHT).exclude(backend_job_id="")
        done.update(delete_job_at=now)
    return True


def _ended() -> dict[str, Any]:
    return {"finished_at": timezone.now(), "due_at": None}
