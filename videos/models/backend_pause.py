"""When a backend is sent nothing for a while: because it asked for that, or somebody did."""

from datetime import UTC, datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNTIL_RESUMED = datetime(9999, 1, 1, tzinfo=UTC)  # the end of a pause that only a person ends


class BackendPause(models.Model):
    """The columns and properties of `Backend` about its pauses."""

    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=500, blank=True)
    pause_count = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("Pauses since it last accepted a job, each longer than the one before."),
    )
    reads_paused_until = models.DateTimeField(
        null=True, editable=False, help_text=_("Until then it is neither polled nor asked for its list.")
    )
    read_pause_count = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("Such pauses since it last answered, each longer than the one before."),
    )
    paused_by = models.CharField(
        max_length=150,
        blank=True,
        default="",
        editable=False,
        help_text=_("Who paused it; empty where the engine did."),
    )
    paused_since = models.DateTimeField(
        null=True, editable=False, help_text=_("When the first of the pauses in a row began.")
    )
    pause_code = models.CharField(
        max_length=100,
        blank=True,
        default="",
        editable=False,
        help_text=_("The code of the error for which the engine paused it."),
    )

    class Meta:
        abstract = True

    @property
    def is_paused(self) -> bool:
        """Whether it is sent nothing for now, because it asked for that or refused our key."""
        return self.paused_until is not None and self.paused_until > timezone.now()

    @property
    def pause_end(self) -> datetime | None:
        """When the pause ends by itself; None where it is not paused, or until somebody resumes it."""
        return self.paused_until if self.is_paused and self.paused_until != UNTIL_RESUMED else None
