"""That somebody's account is to be deleted, and what becomes of what they made."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class WorkChoice(models.TextChoices):
    """What becomes of videos, references, characters and templates."""

    HAND_OVER = "hand_over", _("Hand it over")
    DELETE = "delete", _("Delete it")


class AccountDeletion(models.Model):
    """A request that can be called off until `due_at`, and is then carried out, step by step, by a tick.

    What is handed over is handed to `heir`, who has to accept first. From `started_at` on there is no way
    back. The row goes with the account; the audit log keeps what happened.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deletion")
    work = models.CharField(max_length=10, choices=WorkChoice)
    heir = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="offered_work"
    )
    by_staff = models.BooleanField(default=False)
    requested_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True, help_text=_("What it still waits for."))

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["due_at"], name="deletion_due")]

    def __str__(self) -> str:
        return gettext("Deletion of %(person)s") % {"person": self.user}

    @property
    def needs_answer(self) -> bool:
        """Whether the heir has yet to say whether they take the work."""
        return self.work == WorkChoice.HAND_OVER and self.heir_id is not None and self.accepted_at is None

    @property
    def is_decided(self) -> bool:
        """Whether it is clear what becomes of the work: the heir may have declined, or be gone."""
        return self.work == WorkChoice.DELETE or (self.heir_id is not None and self.accepted_at is not None)
