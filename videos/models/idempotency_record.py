"""Creating requests of programs and forms, so that a repeated one is answered and not carried out again."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.models.approval_request import ApprovalRequest
from videos.models.batch import Batch
from videos.models.video import Video

RETENTION = timedelta(days=7)  # for which a key is honored, as our /v1 tells its clients


class IdempotencyRecord(models.Model):
    """One creating request, and the first video or the batch it made. Written in their own transaction."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotency_records"
    )
    token = models.ForeignKey(
        "accounts.ApiToken",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="idempotency_records",
    )
    key = models.CharField(max_length=255, blank=True, help_text=_("The request's Idempotency-Key, if any."))
    fingerprint = models.CharField(
        max_length=64, help_text=_("SHA-256 of the request: path, fields and files.")
    )
    video = models.ForeignKey(
        Video,
        on_delete=models.SET_NULL,
        null=True,
        related_name="idempotency_records",
        help_text=_("Empty when it was deleted since; the request is still not carried out again."),
    )
    approval = models.ForeignKey(
        ApprovalRequest,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="idempotency_records",
        help_text=_("Where a manager has to approve it first."),
    )
    batch = models.ForeignKey(
        Batch,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="idempotency_records",
        help_text=_("Where the request made one. A batch that was discarded is forgotten with its key."),
    )
    is_original_pending = models.BooleanField(
        default=False,
        help_text=_(
            "Made by a retry that overtook its original request, which is yet to be answered with it."
        ),
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["owner", "fingerprint", "-created_at"], name="idempotency_recent")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "key"], condition=~models.Q(key=""), name="one_record_per_idempotency_key"
            )
        ]

    def __str__(self) -> str:
        return f"idempotency record of {self.video_id}"
