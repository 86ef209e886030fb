"""Pausing a backend and letting it go on, and switching one off, as people do it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, override

from accounts.formats import format_moment
from accounts.models import User
from audit.trail import record, record_all
from audit.vocabulary import Action
from videos import subjects
from videos.engine import enqueue, read_pauses
from videos.models import IN_FLIGHT, Backend, State, Video
from videos.models.backend_pause import UNTIL_RESUMED
from videos.validation import clean_line, storable_text

MAX_REASON = 300  # characters
BY_COMMAND = gettext_noop("a command")  # in place of a person


@dataclass(frozen=True)
class Waiting:
    """What a pause is about: the queued videos that wait, and the jobs in flight that go on."""

    queued: int = 0
    in_flight: int = 0


def waiting_at(backends: Collection[Backend]) -> Waiting:
    """Count what waits at the backends while they are sent nothing, and what goes on."""
    videos = Video.objects.filter(backend__in=backends)
    return Waiting(
        videos.filter(state=State.QUEUED).count(),
        videos.filter(state__in=IN_FLIGHT - {State.QUEUED}).count(),
    )


def pause_backends(
    backends: Sequence[Backend], *, by: User | None, until: datetime | None = None, reason: str = ""
) -> None:
    """Send the backends nothing until `until`, or without it until somebody resumes them.

    What is queued for them waits, jobs in flight go on, and others stand in where they may. Takes the place
    of the engine's own pause. `by` is None for a command. Each claim locks its backend's row, so once this
    has returned nothing more is claimed; what was claimed before is submitted. Raises `ValidationError` by
    field.
    """
    now = timezone.now()
    if until is not None and until <= now:
        raise ValidationError({"until": gettext("Choose a time that is still to come.")})
    words = clean_line(reason)
    if len(words) > MAX_REASON:
        raise ValidationError(
            {"reason": gettext("Write at most %(count)s characters.") % {"count": MAX_REASON}}
        )
    with transaction.atomic():
        Backend.objects.filter(pk__in=[each.pk for each in backends]).update(
            paused_until=until or UNTIL_RESUMED,
            pause_reason=storable_text(words, 500),
            paused_by=by.get_username() if by else BY_COMMAND,
            paused_since=now,
            pause_code="",
        )
        with override("en"):  # the log keeps it
            end = f"Until {format_moment(until)}" if until else "Until somebody resumes it"
        record_all(Action.PAUSED, map(subjects.backend, backends), note=f"{end}. {words}".strip(), by=by)


def resume_backends(backends: Collection[Backend]) -> list[Backend]:
    """End the pauses of the backends, whoever began them. Returns those that were paused."""
    paused = [each for each in backends if each.is_paused or read_pauses.is_paused(each)]
    with transaction.atomic():
        Backend.objects.filter(pk__in=[each.pk for each in paused]).update(
            paused_until=None,
            pause_reason="",
            pause_count=0,
            pause_code="",
            paused_by="",
            paused_since=None,
            reads_paused_until=None,
            read_pause_count=0,
        )
        record_all(Action.RESUMED, map(subjects.backend, paused))
        for backend in paused:
            enqueue.send_after_commit("submit", backend.pk)
    return paused


def switch_backends(backends: Collection[Backend], *, on: bool) -> list[Backend]:
    """Switch the backends on or off. Returns those that were not so before.

    One that is off is sent nothing and offered to nobody; its videos stay, and its jobs in flight go on.
    """
    changed = [each for each in backends if each.enabled is not on]
    with transaction.atomic():
        Backend.objects.filter(pk__in=[each.pk for each in changed]).update(enabled=on)
        for backend in changed:
            record(Action.CHANGED, subjects.backend(backend), changes={"enabled": (not on, on)})
    return changed
