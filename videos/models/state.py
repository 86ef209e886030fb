"""Where in its life a video is, and how it is made."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """The state of a video. Only `videos.lifecycle` writes it."""

    QUEUED = "queued", _("Queued")
    SUBMITTING = "submitting", _("Submitting")
    UNCERTAIN = "uncertain", _("Checking with the backend")
    IN_PROGRESS = "in_progress", _("In progress")
    STORING = "storing", _("Storing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")


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

    CREATE = "create", _("Created")
    REMIX = "remix", _("Remix")
    EDIT = "edit", pgettext_lazy("kind", "Edit")
    EXTEND = "extend", _("Extension")
