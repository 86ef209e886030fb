"""How a backend stands, and where its key comes from, in words for staff. The key itself is shown nowhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.formats import format_day, format_exact_time, format_moment
from videos.engine import dispatch, read_pauses
from videos.models import Backend
from videos.services.backend_figures import NO_FLIGHT, Flight

SILENT_AFTER = timedelta(minutes=2)  # since the last answer about a running job; polls are seconds apart

_OWN_FAULTS = {  # of a pause by its code, where waiting alone does not help
    "invalid_key": "Key refused",
    "key_withheld": "Key not confirmed",
    "blocked": "Refuses the studio",
    "storage_unavailable": "Waits for the studio's storage",
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
        return BackendState("off", "Switched off", "It is sent nothing more. What it has accepted goes on.")
    if backend.is_paused:
        return _paused(backend)
    if problem := _problem(backend, flight):
        return problem
    if read_pauses.is_paused(backend):
        until = format_exact_time(backend.reads_paused_until)
        words = f"Accepting jobs, but not polled until {until}"
        return BackendState("paused", words, "It asked for fewer requests.")
    if flight.storing >= dispatch.max_to_store(backend):
        words = f"Waiting: {flight.storing} finished videos are still to be stored"
        return BackendState("paused", words, "New jobs start when the studio has stored them.")
    if not takes_jobs:
        return BackendState("off", "On standby", "It is used when no other backend serves a model.")
    return BackendState("ready", "Ready")


def _paused(backend: Backend) -> BackendState:
    until, reason, code = describe_pause_end(backend), backend.pause_reason, backend.pause_code
    if backend.paused_by:
        return BackendState("paused", f"Paused by {backend.paused_by} {until}", reason)
    if code == "rate_limited":
        return BackendState("paused", f"Rests {until} after too many requests (429)", reason)
    if code == "out_of_credit":
        return BackendState(
            "problem", f"Out of credit: tried again at {_clock(backend.paused_until)}", reason
        )
    if words := _OWN_FAULTS.get(code):
        return BackendState("problem", f"{words}: tried again at {_clock(backend.paused_until)}", reason)
    if code:
        return BackendState("problem", f"Does not answer since {_since(backend.paused_since)}", reason)
    return BackendState("paused", f"Paused {until}", reason)


def _problem(backend: Backend, flight: Flight) -> BackendState | None:
    """Return what keeps it from working although it is not paused."""
    now = timezone.now()
    if backend.key_problem:
        return BackendState("problem", "Key not usable", backend.key_problem)
    if flight.unanswered and flight.last_answer and flight.last_answer < now - SILENT_AFTER:
        return BackendState(
            "problem", f"Does not answer since {_since(flight.last_answer)}", "Its jobs are asked for again."
        )
    has_just_failed = backend.paused_until and backend.paused_until > now - dispatch.PAUSES_IN_A_ROW
    if has_just_failed and backend.paused_since and not backend.paused_by:
        return _paused(backend)  # between two pauses of a few seconds
    return None


def _clock(moment: datetime | None) -> str:
    return format_exact_time(moment)


def _since(moment: datetime | None) -> str:
    is_today = moment is not None and timezone.localdate(moment) == timezone.localdate()
    return format_exact_time(moment) if is_today else format_moment(moment)


def describe_pause_end(backend: Backend) -> str:
    """Return when its pause ends, as the end of a sentence."""
    end = backend.paused_until if backend.paused_until and backend.paused_until.year < 9999 else None
    return f"until {_since(end)}" if end else "until somebody resumes it"


def describe_status(backend: Backend) -> str:
    """Return one sentence without a full stop; the models must be prefetched or are queried."""
    if backend.enabled and not backend.is_paused and not backend.models.all():
        return "Serves no model"
    takes_jobs = backend.enabled and not backend.is_paused and backend in Backend.objects.in_use()
    return find_state(backend, takes_jobs=takes_jobs).sentence


def describe_key(backend: Backend) -> str:
    """Return whether there is a key, and what stands against sending it."""
    if backend.is_simulator or not backend.key_source:
        return "not needed"
    if backend.key_problem:
        return backend.key_problem
    if backend.stored_key:
        since = format_day(backend.key_stored_at)
        return f"stored encrypted since {since}"
    return f"{backend.key_env} is {'set' if backend.key else 'not set'}"
