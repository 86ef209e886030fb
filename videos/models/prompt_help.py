"""Questions to the chat server that helps with prompts, as far as they are paid for."""

import secrets

from django.db import models
from django.utils import timezone


def new_ledger_name() -> str:
    """Return a name that no other studio gives: a ledger may be taken there."""
    return f"prompt-help-{secrets.token_hex(6)}"


class PromptHelpCall(models.Model):
    """A question that is under way and may have to be paid for. Its row goes when it is known how it ended.

    The ledger names it by `ledger_key`: below zero, where no video's key is.
    """

    ledger_name = models.CharField(max_length=64, default=new_ledger_name)
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.ledger_name

    @property
    def ledger_key(self) -> int:
        return -int(self.pk)
