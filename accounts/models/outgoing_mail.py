"""A message to one address: kept until it is sent, tried again when the mail server refuses."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class OutgoingMail(models.Model):
    """One message. The row is the queue: `due_at` says when it is tried next.

    The text may hold a link that lets somebody in, so nobody is shown it, and it is removed once it is sent.
    """

    sender = models.CharField(max_length=320)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=998)
    body = models.TextField(blank=True, editable=False)
    state = models.CharField(max_length=10, choices=MailState, default=MailState.QUEUED, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error = models.CharField(max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    due_at = models.DateTimeField(null=True, default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("email")
        indexes = [
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state="queued")),
            models.Index(fields=["finished_at"], name="mail_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"
