"""The words of the audit log: what is done, to what, and through which door."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Action(models.TextChoices):
    """What somebody did. It is about anything: what it is about is the entry's `Kind`."""

    CREATED = "created", _("Created")
    CHANGED = "changed", _("Changed")
    DELETED = "deleted", _("Deleted")
    VIEWED = "viewed", _("Viewed")
    DOWNLOADED = "downloaded", _("Downloaded")

    SIGNED_IN = "signed_in", _("Signed in")
    SIGNED_OUT = "signed_out", _("Signed out")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_RESET = "password_reset", _("Password reset by email")
    EMAIL_CHANGED = "email_changed", _("Email address changed")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    CODES_REPLACED = "codes_replaced", _("Recovery codes replaced")
    CONNECTED = "connected", _("Connected")
    DISCONNECTED = "disconnected", _("Disconnected")
    SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
    DEACTIVATED = "deactivated", _("Deactivated")
    ACTIVATED = "activated", _("Activated")
    DELETION_SCHEDULED = "deletion_scheduled", _("Deletion scheduled")
    DELETION_CALLED_OFF = "deletion_called_off", _("Deletion called off")

    REQUESTED = "requested", _("Approval requested")
    APPROVED = "approved", _("Approved")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    REVOKED = "revoked", _("Revoked")
    SHARED = "shared", _("Shared")
    UNSHARED = "unshared", _("No longer shared")
    HANDED_OVER = "handed_over", _("Handed over")
    ADDED = "added", _("Added to a collection")
    TAKEN_OUT = "taken_out", _("Taken out of a collection")

    STARTED = "started", _("Started")
    CANCELED = "canceled", _("Canceled")
    RETRIED = "retried", _("Retried")
    SUBMITTED_AGAIN = "submitted_again", _("Submitted again")
    CHECKED_AGAIN = "checked_again", _("Checked again")
    ADOPTED = "adopted", _("Adopted a job")
    GIVEN_UP = "given_up", _("Marked as failed")
    TRASHED = "trashed", _("Moved to the trash")
    RESTORED = "restored", _("Restored")
    MOVED = "moved", _("Moved to another backend")

    KEY_SET = "key_set", _("Key set")
    KEY_CONFIRMED = "key_confirmed", _("Key confirmed")
    PROBED = "probed", _("Probed")
    RESENT = "resent", _("Sent again")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    HELD = "held", _("Held")
    RELEASED = "released", _("Released")
    REMOVED = "removed", _("Old entries removed")


class Kind(models.TextChoices):
    """What an entry is about."""

    VIDEO = "video", _("Video")
    COLLECTION = "collection", _("Collection")
    SHARE_LINK = "share_link", _("Share link")
    COMMENT = "comment", _("Comment")
    BATCH = "batch", _("Batch")
    REFERENCE = "reference", _("Reference image")
    CHARACTER = "character", _("Character")
    TEMPLATE = "template", _("Template")
    BACKEND = "backend", _("Backend")
    MODEL = "model", _("Model")
    BUDGET = "budget", _("Budget")
    CHARGE = "charge", pgettext_lazy("kind", "Charge")
    APPROVAL = "approval", _("Approval")
    USER = "user", _("Person")
    GROUP = "group", _("Group")
    TOKEN = "token", _("API token")  # a choice
    INVITATION = "invitation", _("Invitation")
    WEBHOOK = "webhook", _("Webhook")
    MAIL = "mail", _("Email")
    STUDIO = "studio", _("Studio")
    AUDIT = "audit", _("Audit log")


class Door(models.TextChoices):
    """Through what somebody did it."""

    PAGE = "page", _("Page")
    REST = "rest", _("REST API")
    V1 = "v1", "/v1"
    ADMIN = "admin", _("Administration")
    COMMAND = "command", _("Command")
    SYSTEM = "system", _("The studio itself")


# What people are told of their own accounts.
SECURITY = (
    *(Action.SIGNED_IN, Action.SIGNED_OUT, Action.SIGN_IN_FAILED, Action.PASSWORD_CHANGED),
    *(Action.PASSWORD_RESET, Action.EMAIL_CHANGED, Action.FACTOR_ADDED, Action.FACTOR_REMOVED),
    *(Action.CODES_REPLACED, Action.CONNECTED, Action.DISCONNECTED, Action.SESSIONS_ENDED),
    *(Action.DELETION_SCHEDULED, Action.DELETION_CALLED_OFF),
    *(Action.DEACTIVATED, Action.ACTIVATED),
)
