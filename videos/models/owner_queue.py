"""The queue of one person: whether it is paused, by them or by staff."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

NOTE_LIMIT = 500  # characters that staff can say about a pause


class OwnerQueueManager(models.Manager["OwnerQueue"]):
    def of(self, owner: Any) -> "OwnerQueue":
        """Return the queue of a user, created on first use."""
        return self.get_or_create(owner=owner)[0]

    def locked(self, owner: Any) -> "OwnerQueue":
        """Return the queue of a user, locked until the surrounding transaction ends."""
        self.of(owner)
        return self.select_for_update().get(owner=owner)

    def touch(self, owner: Any) -> None:
        """Note that the queue of a user has changed, for whoever has read it before."""
        self.of(owner)
        self.filter(owner=owner).update(revision=F("revision") + 1)


class OwnerQueue(models.Model):
    """What is decided about all that one person has in the queue. Without a row, nothing is.

    `videos.services.queue` and `videos.services.queue_pauses` write it.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="video_queue"
    )
    revision = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Grows with every pause and every change of the order.")
    )
    paused_at = models.DateTimeField(null=True, editable=False, help_text=_("Paused by its owner."))
    staff_paused_at = models.DateTimeField(null=True, editable=False, help_text=_("Paused by staff."))
    staff_pause_note = models.CharField(
        max_length=NOTE_LIMIT, blank=True, editable=False, help_text=_("What its owner is told about that.")
    )

    objects = OwnerQueueManager()

    def __str__(self) -> str:
        return f"Queue of {self.owner}"
