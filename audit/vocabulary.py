"""The words of the audit log: what is done, to what, and through which door."""

from django.db import models


class Action(models.TextChoices):
    """What somebody did. It is about anything: what it is about is the entry's `Kind`."""

    CREATED = "created", "Created"
    CHANGED = "changed", "Changed"
    DELETED = "deleted", "Deleted"
    VIEWED = "viewed", "Viewed"
    DOWNLOADED = "downloaded", "Downloaded"

    SIGNED_IN = "signed_in", "Signed in"
    SIGNED_OUT = "signed_out", "Signed out"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    PASSWORD_RESET = "password_reset", "Password reset by email"
    EMAIL_CHANGED = "email_changed", "Email address changed"
    FACTOR_ADDED = "factor_added", "Second factor added"
    FACTOR_REMOVED = "factor_removed", "Second factor removed"
    CODES_REPLACED = "codes_replaced", "Recovery codes replaced"
    CONNECTED = "connected", "Connected"
    DISCONNECTED = "disconnected", "Disconnected"
    SESSIONS_ENDED = "sessions_ended", "Sessions ended"
    DEACTIVATED = "deactivated", "Deactivated"
    ACTIVATED = "activated", "Activated"
    DELETION_SCHEDULED = "deletion_scheduled", "Deletion scheduled"
    DELETION_CALLED_OFF = "deletion_called_off", "Deletion called off"

    REQUESTED = "requested", "Approval requested"
    APPROVED = "approved", "Approved"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    REVOKED = "revoked", "Revoked"
    SHARED = "shared", "Shared"
    UNSHARED = "unshared", "No longer shared"
    HANDED_OVER = "handed_over", "Handed over"
    ADDED = "added", "Added to a collection"
    TAKEN_OUT = "taken_out", "Taken out of a collection"

    STARTED = "started", "Started"
    CANCELED = "canceled", "Canceled"
    RETRIED = "retried", "Retried"
    SUBMITTED_AGAIN = "submitted_again", "Submitted again"
    CHECKED_AGAIN = "checked_again", "Checked again"
    ADOPTED = "adopted", "Adopted a job"
    GIVEN_UP = "given_up", "Marked as failed"
    TRASHED = "trashed", "Moved to the trash"
    RESTORED = "restored", "Restored"
    MOVED = "moved", "Moved to another backend"

    KEY_SET = "key_set", "Key set"
    KEY_CONFIRMED = "key_confirmed", "Key confirmed"
    PROBED = "probed", "Probed"
    RESENT = "resent", "Sent again"
    PAUSED = "paused", "Paused"
    RESUMED = "resumed", "Resumed"
    HELD = "held", "Held"
    RELEASED = "released", "Released"
    REMOVED = "removed", "Old entries removed"


class Kind(models.TextChoices):
    """What an entry is about."""

    VIDEO = "video", "Video"
    COLLECTION = "collection", "Collection"
    SHARE_LINK = "share_link", "Share link"
    COMMENT = "comment", "Comment"
    BATCH = "batch", "Batch"
    REFERENCE = "reference", "Reference image"
    CHARACTER = "character", "Character"
    TEMPLATE = "template", "Template"
    BACKEND = "backend", "Backend"
    MODEL = "model", "Model"
    BUDGET = "budget", "Budget"
    CHARGE = "charge", "Charge"
    APPROVAL = "approval", "Approval"
    USER = "user", "Person"
    GROUP = "group", "Group"
    TOKEN = "token", "API token"  # a choice
    INVITATION = "invitation", "Invitation"
    WEBHOOK = "webhook", "Webhook"
    MAIL = "mail", "Email"
    STUDIO = "studio", "Studio"
    AUDIT = "audit", "Audit log"


class Door(models.TextChoices):
    """Through what somebody did it."""

    PAGE = "page", "Page"
    REST = "rest", "REST API"
    V1 = "v1", "/v1"
    ADMIN = "admin", "Administration"
    COMMAND = "command", "Command"
    SYSTEM = "system", "The studio itself"


# What people are told of their own accounts.
SECURITY = (
    *(Action.SIGNED_IN, Action.SIGNED_OUT, Action.SIGN_IN_FAILED, Action.PASSWORD_CHANGED),
    *(Action.PASSWORD_RESET, Action.EMAIL_CHANGED, Action.FACTOR_ADDED, Action.FACTOR_REMOVED),
    *(Action.CODES_REPLACED, Action.CONNECTED, Action.DISCONNECTED, Action.SESSIONS_ENDED),
    *(Action.DELETION_SCHEDULED, Action.DELETION_CALLED_OFF),
    *(Action.DEACTIVATED, Action.ACTIVATED),
)
