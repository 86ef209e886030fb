"""Whether anything may be removed because of its age now: only where clock and database can be believed.

A clock that jumps a year ahead, or a database from an old backup, would make everything old at once. Either
looks like a studio that was away for long. So it then waits until it has run for a day, and tells
superusers, who can set the clock right, or change a rule, before anything goes.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind
from contentgen.events import Event, EventKind, publish
from contentgen.stored_texts import sentence
from videos.models import HoldReason, RetentionState, StudioState

logger = logging.getLogger(__name__)

# Shorter absences, such as nights and weekends, bring nothing forward by more than that.
LONG_ABSENCE = timedelta(days=3)
WAIT = 24 * 3600.0  # seconds for which the studio has to run after a long absence
_LOOK_EVERY = 30.0  # seconds
_MAX_STEP = 120.0  # seconds between two looks that count as having run

_RESTORED = gettext_noop(
    "The database was restored from a backup, and submissions are held until that is cleared up."
)
_WAS_AWAY = gettext_noop(
    "The studio was off for long, its clock jumped, or its database is from a backup: ages are believed once"
    " it has run for a day."
)
_CLOCK_IS_AHEAD = sentence(
    gettext_noop(
        "The studio's clock is %(days)d days ahead of when it last ran: it was off, its clock jumped, or its"
        " database is from a backup. Nothing is removed for its age until it has run for a day."
    )
)


def may_remove() -> bool:
    """Whether what is old may go now. Notes that the studio runs; to be asked every minute or so."""
    if _is_restored():
        return False
    with transaction.atomic():
        return _look(RetentionState.objects.locked()) <= 0


def doubt() -> str:
    """Return why ages cannot be believed now, in a sentence; empty where they can. Notes nothing."""
    if _is_restored():
        return _RESTORED
    state = RetentionState.objects.filter(pk=RetentionState.ONLY, seen_at__isnull=False).first()
    if state is None or state.seen_at is None:
        return ""
    is_away = timezone.now() - state.seen_at > LONG_ABSENCE
    if not is_away and state.wait_seconds <= 0:
        return ""
    return _WAS_AWAY


def _is_restored() -> bool:
    held = StudioState.objects.filter(held_at__isnull=False)
    return held.exclude(hold_reason=HoldReason.MAINTENANCE).exists()


def _look(state: RetentionState) -> float:
    """Bring the state up to date, and return for how many seconds the studio still has to run."""
    now = timezone.now()
    passed = (now - state.seen_at).total_seconds() if state.seen_at else 0.0
    if state.seen_at and 0 <= passed < _LOOK_EVERY:
        return state.wait_seconds
    if passed > LONG_ABSENCE.total_seconds():
        state.wait_seconds = WAIT
        _tell(passed)
    else:
        state.wait_seconds = max(0.0, state.wait_seconds - max(0.0, min(passed, _MAX_STEP)))
    state.seen_at = now
    state.save(update_fields=["seen_at", "wait_seconds"])
    return state.wait_seconds


def _tell(passed: float) -> None:
    """Say that nothing goes for now, to the log, the audit log and those who can do something about it."""
    days = int(passed // 86400)
    message = _CLOCK_IS_AHEAD % {"days": days}
    logger.warning("%s", message)
    record(Action.PAUSED, Subject(Kind.STUDIO, "retention", "Removal by age"), note=message)
    data = {"path": reverse("videos:library"), "message": message}
    for pk in (
        User.objects.filter(is_superuser=True, is_active=True).order_by("pk").values_list("pk", flat=True)
    ):
        publish(Event(EventKind.RETENTION_PAUSED, pk, "retention", data))
