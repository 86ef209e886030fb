"""Webhooks that have been received, so that none is taken twice."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.models.backend import Backend


class WebhookReceipt(models.Model):
    """A signed webhook that a backend sent. Kept for longer than its signature is taken."""

    backend = models.ForeignKey(Backend, on_delete=models.CASCADE, related_name="webhook_receipts")
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of what tells it from every other one."))
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["backend", "digest"], name="one_receipt_per_webhook")]

    def __str__(self) -> str:
        return self.digest
