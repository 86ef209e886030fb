"""The hold: while it is in effect, nothing is submitted. Videos may be queued, and jobs are followed.

Maintenance is the hold that staff set by hand, and end when they like. The studio sets the other one itself,
when its database turns out to be restored from a backup: what was queued in the backup may have been
submitted since, and would be paid for twice. There is one hold at a time. That one is the stronger: it takes
the place of maintenance, and ending a maintenance never ends it.
"""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import ngettext, override

from accounts.models import User
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind
from videos.engine import submission_marks
from videos.engine.submission_marks import MarksUnavailableError
from videos.models import Backend, HoldReason, State, StudioState, Video
from videos.validation import storable_text

logger = logging.getLogger(__name__)

# What a backup has of videos that may have been submitted since.
UNACCOUNTED = (State.QUEUED, State.SUBMITTING, State.UNCERTAIN)


class StillSearchingError(Exception):
    """A restored studio is released only when the search at the backends has ended."""


def may_submit() -> bool:
    """Whether submissions may start: no hold is in effect, and the database has forgotten no submission.

    A database that has forgotten some is put on hold. Raises `MarksUnavailableError` when the storage is
    away, because then nobody can tell.
    """
    state = StudioState.objects.load()
    if state.is_held:
        return False
    return _has_all_submissions(state) if state.marked_at else _begin_marking(state)


def searching() -> int:
    """Return for how many videos the backends are still being searched."""
    return Video.objects.filter(
        Q(state=State.SUBMITTING)
        | Q(state=State.UNCERTAIN, due_at__isnull=False)
        | Q(state__in=UNACCOUNTED, backend__search_due_at__isnull=False)
    ).count()


def hold(*, note: str = "", message: str = "", by: User | None = None, restored: bool = False) -> bool:
    """Submit nothing until `release`. What is being submitted at this moment is finished.

    `note` is for staff; `message` is what everybody is told during maintenance, beside that there is one.
    `restored` also searches the backends, for whatever was queued at any time: this database may have gone on
    for a while since it was restored. It raises `MarksUnavailableError` when the storage cannot be read.
    Returns False when a hold was in effect; one for maintenance becomes one of a restored database.
    """
    reason, changes = HoldReason.MAINTENANCE, dict[str, Any]()
    if restored:
        latest = submission_marks.latest(StudioState.objects.load().installation) or 0
        identity = submission_marks.storage_identity()
        reason = HoldReason.RESTORED
        changes = {"submissions": Greatest("submissions", latest), "storage_identity": identity}
    with transaction.atomic():
        state = _lock()
        if state.is_held and not (restored and state.hold_reason == HoldReason.MAINTENANCE):
            return False
        note, message = storable_text(note, 500), storable_text(message, 500)
        changes |= {"hold_note": note, "hold_message": message, "held_by": by}
        _begin(state, reason, submitted_until=None, **changes)
        record(Action.HELD, Subject(Kind.STUDIO, "", "Submissions"), note=note, by=by)
    return True


def release() -> bool:
    """Let submissions start again. Returns False when no hold was in effect.

    Raises `StillSearchingError`, or `MarksUnavailableError` when the storage cannot be written to.
    """
    state = StudioState.objects.load()
    if state.was_restored:
        # Not after maintenance: a mark written here would hide that the database was restored meanwhile.
        submission_marks.keep(state.installation, state.submissions)
    with transaction.atomic():
        state = _lock()
        if not state.is_held:
            return False
        changes = dict(_NO_HOLD)
        if state.was_restored:
            if count := searching():
                raise StillSearchingError(_still_searching(count))
            changes["marked_at"] = state.marked_at or timezone.now()
        _write(**changes)
        record(Action.RELEASED, Subject(Kind.STUDIO, "", "Submissions"))
    logger.warning("Submissions are released")
    return True


def end_maintenance() -> bool:
    """Let submissions start again after a maintenance. Returns False where none was on, and changes nothing:
    the hold of a restored database is not ended by this.
    """
    with transaction.atomic():
        if not _lock().is_maintenance:
            return False
        _write(**_NO_HOLD)
        record(Action.RELEASED, Subject(Kind.STUDIO, "", "Submissions"))
    logger.warning("The maintenance has ended: submissions are released")
    return True


def _still_searching(count: int) -> str:
    sentence = ngettext(
        "1 video is still being searched for at the backend.",
        "%(count)d videos are still being searched for at the backend.",
        count,
    )
    return sentence % {"count": count}


_NO_HOLD: dict[str, Any] = {
    "held_at": None,
    "hold_reason": "",
    "hold_note": "",
    "hold_message": "",
    "held_by": None,
}


def _has_all_submissions(state: StudioState) -> bool:
    latest = submission_marks.latest(state.installation)
    if latest is None:  # asked twice: it takes only one listing that went wrong to hold the studio up
        latest = submission_marks.latest(state.installation)
    if latest is None:
        _hold_restored(state, HoldReason.MARKS_MISSING, latest=0)
        return False
    # Read after the mark, or a submission made in between would look forgotten.
    known = StudioState.objects.values_list("submissions", flat=True).get(pk=StudioState.ONLY)
    if latest > known:
        _hold_restored(state, HoldReason.RESTORED, latest=latest)
        return False
    # A storage that was put back together with the database has its number, too; the cache would know better.
    if not submission_marks.is_cached(state.installation) and submission_marks.is_copy(
        state.storage_identity
    ):
        _hold_restored(state, HoldReason.RESTORED, latest=latest)
        return False
    return True


def _begin_marking(state: StudioState) -> bool:
    """Write the first mark of a new installation, or of one that an earlier version has run until now.

    Where the storage has marks already, the database is from before the upgrade that brought them.
    """
    in_flight = Video.objects.filter(state__in=UNACCOUNTED)
    if submission_marks.has_others(state.installation) and in_flight.exists():
        _hold_restored(state, HoldReason.RESTORED, latest=0)
        return False
    submission_marks.keep(state.installation, state.submissions)
    identity = submission_marks.storage_identity()
    # After the mark: a crash in between must not leave a database that misses it.
    unmarked = StudioState.objects.filter(pk=state.pk, marked_at=None)
    unmarked.update(marked_at=timezone.now(), storage_identity=identity)
    return True


def _hold_restored(seen: StudioState, reason: HoldReason, *, latest: int) -> None:
    """Hold, and go on counting from `latest`. Does nothing if there was a hold since `seen` was read."""
    identity = submission_marks.storage_identity()
    with transaction.atomic():
        state = _lock()
        if state.epoch != seen.epoch:
            return
        submissions = max(state.submissions, latest)
        now = timezone.now()
        _begin(
            state,
            reason,
            submissions=submissions,
            marked_at=state.marked_at or now,
            storage_identity=identity,
            submitted_until=_last_attempt(now),
        )
    try:
        submission_marks.keep(seen.installation, submissions)
    except MarksUnavailableError as error:
        logger.warning("The mark is written when the hold is released: %s", error)


def _lock() -> StudioState:
    """Lock the state, and before it the backends, in the order in which a claim locks them."""
    StudioState.objects.load()
    list(Backend.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    return StudioState.objects.locked()


def _begin(state: StudioState, reason: HoldReason, **changes: Any) -> None:
    now = timezone.now()
    with override(settings.LANGUAGE_CODE):  # what is logged is English, whoever asked for it
        words = str(reason.label)
    _write(held_at=now, hold_reason=reason, epoch=state.epoch + 1, **changes)
    if reason != HoldReason.MAINTENANCE:
        unaccounted = Video.objects.filter(state__in=UNACCOUNTED).order_by()
        Backend.objects.filter(pk__in=unaccounted.values("backend")).update(search_due_at=now)
        logger.critical("Submissions are held. %s", words)
    else:
        logger.warning("Submissions are held. %s", words)


def _last_attempt(now: datetime) -> datetime | None:
    """The latest submission that the database knows. Only claims move it, and none followed the restore."""
    attempts = Video.objects.filter(attempted_at__lte=now).order_by("-attempted_at")
    return attempts.values_list("attempted_at", flat=True).first()


def _write(**changes: Any) -> None:
    StudioState.objects.filter(pk=StudioState.ONLY).update(**changes)
