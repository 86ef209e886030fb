"""How a backend stands, and where its key comes from, in words for staff. The key itself is shown nowhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.formats import format_day, format_exact_time, format_moment
from contentgen.stored_texts import translated
from videos.engine import dispatch, read_pauses
from videos.models import Backend
from videos.services.backend_figures import NO_FLIGHT, Flight

SILENT_AFTER = timedelta(minutes=2)  # since the last answer about a running job; polls are seconds apart

_OWN_FAULTS = {  # of a pause by its code, where waiting alone does not help
    "invalid_key": gettext_lazy("Key refused: tried again at %(time)s"),
    "key_withheld": gettext_lazy("Key not confirmed: tried again at %(time)s"),
    "blocked": gettext_lazy("Refuses the studio: tried again at %(time)s"),
    "storage_unavailable": gettext_lazy("Waits for the studio's storage: tried again at %(time)s"),
}


@dataclass(frozen=True)
class BackendState:
    """How a backend stands: in a few words, and what there is to know about it in a sentence or two.

    `kind` is one word for its colour: `ready`, `paused`, `problem` or `off`.
    """

    kind: str
    words: str
    detail: str = ""

    @property
    def sentence(self) -> str:
        """All of it in one line without a full stop."""
        return f"{self.words}. {self.detail}".rstrip(". ") if self.detail else self.words


def find_state(backend: Backend, *, takes_jobs: bool, flight: Flight = NO_FLIGHT) -> BackendState:
    """Return how the backend stands. `takes_jobs` says whether it is among those in use, `flight` what runs
    there, as far as that is known.
    """
    if not backend.enabled:
        detail = gettext("It is sent nothing more. What it has accepted goes on.")
        return BackendState("off", gettext("Switched off"), detail)
    if backend.is_paused:
        return _paused(backend)
    if problem := _problem(backend, flight):
        return problem
    if read_pauses.is_paused(backend):
        until = format_exact_time(backend.reads_paused_until)
        words = gettext("Accepting jobs, but not polled until %(time)s") % {"time": until}
        return BackendState("paused", words, gettext("It asked for fewer requests."))
    if flight.storing >= dispatch.max_to_store(backend):
        return BackendState(
            "paused", _storing(flight.storing), gettext("New jobs start when the studio has stored them.")
        )
    if not takes_jobs:
        detail = gettext("It is used when no other backend serves a model.")
        return BackendState("off", gettext("On standby"), detail)
    return BackendState("ready", gettext("Ready"))


def _storing(count: int) -> str:
    return ngettext(
        "Waiting: %(count)d finished videos are still to be stored",
        "Waiting: %(count)d finished videos are still to be stored",
        count,
    ) % {"count": count}


def _paused(backend: Backend) -> BackendState:
    until, code = _pause_end(backend), backend.pause_code
    reason = translated(backend.pause_reason)
    if backend.paused_by:
        return BackendState("paused", _paused_by(backend.paused_by, until), reason)
    if code == "rate_limited":
        return BackendState("paused", _rests(until), reason)
    again = {"time": _clock(backend.paused_until)}
    if code == "out_of_credit":
        return BackendState("problem", gettext("Out of credit: tried again at %(time)s") % again, reason)
    if words := _OWN_FAULTS.get(code):
        return BackendState("problem", str(words) % again, reason)
    if code:
        return BackendState("problem", _silent_since(backend.paused_since), reason)
    return BackendState("paused", _paused_until(until), reason)


def _paused_by(person: str, until: str) -> str:
    if not until:
        return gettext("Paused by %(person)s until somebody resumes it") % {"person": person}
    return gettext("Paused by %(person)s until %(time)s") % {"person": person, "time": until}


def _rests(until: str) -> str:
    if not until:
        return gettext("Rests until somebody resumes it after too many requests (429)")
    return gettext("Rests until %(time)s after too many requests (429)") % {"time": until}


def _paused_until(until: str) -> str:
    if not until:
        return gettext("Paused until somebody resumes it")
    return gettext("Paused until %(time)s") % {"time": until}


def _silent_since(moment: datetime | None) -> str:
    return gettext("Does not answer since %(time)s") % {"time": _since(moment)}


def _problem(backend: Backend, flight: Flight) -> BackendState | None:
    """Return what keeps it from working although it is not paused."""
    now = timezone.now()
    if backend.key_problem:
        return BackendState("problem", gettext("Key not usable"), backend.key_problem)
    if flight.unanswered and flight.last_answer and flight.last_answer < now - SILENT_AFTER:
        detail = gettext("Its jobs are asked for again.")
        return BackendState("problem", _silent_since(flight.last_answer), detail)
    has_just_failed = backend.paused_until and backend.paused_until > now - dispatch.PAUSES_IN_A_ROW
    if has_just_failed and backend.paused_since and not backend.paused_by:
        return _paused(backend)  # between two pauses of a few seconds
    return None


def _clock(moment: datetime | None) -> str:
    return format_exact_time(moment)


def _since(moment: datetime | None) -> str:
    is_today = moment is not None and timezone.localdate(moment) == timezone.localdate()
    return format_exact_time(moment) if is_today else format_moment(moment)


def _pause_end(backend: Backend) -> str:
    """Return when its pause ends; "" where it lasts until somebody resumes it."""
    end = backend.paused_until if backend.paused_until and backend.paused_until.year < 9999 else None
    return _since(end) if end else ""


def describe_status(backend: Backend) -> str:
    """Return one sentence without a full stop; the models must be prefetched or are queried."""
    if backend.enabled and not backend.is_paused and not backend.models.all():
        return gettext("Serves no model")
    takes_jobs = backend.enabled and not backend.is_paused and backend in Backend.objects.in_use()
    return find_state(backend, takes_jobs=takes_jobs).sentence


def describe_key(backend: Backend) -> str:
    """Return whether there is a key, and what stands against sending it."""
    if backend.is_simulator or not backend.key_source:
        return gettext("not needed")
    if backend.key_problem:
        return backend.key_problem
    if backend.stored_key:
        since = format_day(backend.key_stored_at)
        return gettext("stored encrypted since %(day)s") % {"day": since}
    words = gettext("%(variable)s is set") if backend.key else gettext("%(variable)s is not set")
    return words % {"variable": backend.key_env}
