"""Where in its life a video is, and how it is made."""

from django.db import models


class State(models.TextChoices):
    """The state of a video. Only `videos.lifecycle` writes it."""

    QUEUED = "queued", "Queued"
    SUBMITTING = "submitting", "Submitting"
    UNCERTAIN = "uncertain", "Checking with the backend"
    IN_PROGRESS = "in_progress", "In progress"
    STORING = "storing", "Storing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


IN_FLIGHT = frozenset({State.QUEUED, State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS, State.STORING})

NEEDS_DECISION = "needs_decision"  # what filters call it, and both APIs

# The protocol's word for each state that has another one; `canceled` appears on our own pages only.
_PUBLIC_STATUS = {
    State.SUBMITTING.value: "queued",
    State.UNCERTAIN.value: "queued",
    State.STORING.value: "in_progress",
}


def public_status(state: str) -> str:
    """Return the protocol's word for a state: queued, in_progress, completed or failed (and our canceled)."""
    return _PUBLIC_STATUS.get(state, state)


class Kind(models.TextChoices):
    """How a video is made: from a prompt alone, or from a prompt and another video, its source."""

    CREATE = "create", "Created"
    REMIX = "remix", "Remix"
    EDIT = "edit", "Edit"
    EXTEND = "extend", "Extension"
