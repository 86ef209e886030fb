"""The hold and what waits for its end, as lines for a terminal."""

from datetime import datetime

from django.utils.timesince import timesince

from videos.models import StudioState
from videos.services.submissions import SubmissionStatus


def report(status: SubmissionStatus, *, now: datetime) -> str:
    """Return what staff need to know before they release."""
    lines = [_headline(status.state, now)]
    if status.is_searching:
        lines.append(f"Being searched for at the backends: {status.searching}.")
    if status.needs_decision:
        lines.append(f"Awaiting a decision: {status.needs_decision}. A release leaves them alone.")
    lines.append(f"Waiting to be submitted: {status.total}.")
    return "\n".join([*lines, *(f"  {each}" for each in status.waiting)])


def _headline(state: StudioState, now: datetime) -> str:
    if state.held_at is None:
        return "Submissions are not held."
    return f"Submissions have been held for {timesince(state.held_at, now)}. {state.why_held}"
