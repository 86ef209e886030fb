"""What the studio knows of itself: how much it has submitted, and whether submissions are held."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class HoldReason(models.TextChoices):
    """Why nothing is submitted."""

    MAINTENANCE = "maintenance", _("Maintenance.")
    RESTORED = (
        "restored",
        _("The database was restored from a backup: it is older than the latest submissions."),
    )
    MARKS_MISSING = (
        "marks_missing",
        _(
            "The database was restored to another place, or the storage was emptied: the marks of the latest "
            "submissions are missing."
        ),
    )


class StudioStateManager(models.Manager["StudioState"]):
    def load(self) -> "StudioState":
        """Return the one row, created on first use."""
        return self.get_or_create(pk=StudioState.ONLY)[0]

    def locked(self) -> "StudioState":
        """Return the one row, locked until the surrounding transaction ends. Raises `DoesNotExist`."""
        return self.select_for_update().get(pk=StudioState.ONLY)

    def lock_submissions(self) -> "StudioState":
        """Lock the one row, as each claim of a video does: none is under way until the transaction ends."""
        self.load()
        return self.locked()


class StudioState(models.Model):
    """The one row of the studio. `videos.engine.hold` writes it, and `videos.engine.dispatch` when it claims.

    `submissions` is also kept outside the database (`videos.engine.submission_marks`): that is how a database
    that was restored from a backup is recognised.
    """

    ONLY = 1  # the primary key

    installation = models.UUIDField(default=uuid.uuid4, editable=False)
    submissions = models.PositiveBigIntegerField(
        default=0, editable=False, help_text=_("How often a video was claimed for submission.")
    )
    marked_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When the first mark was written outside the database.")
    )
    storage_identity = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text=_("Inodes and change time of files in the storage, which a copy does not have."),
    )
    epoch = models.PositiveIntegerField(default=0, editable=False, help_text=_("Grows with every hold."))

    # The hold in effect, if `held_at` is set.
    held_at = models.DateTimeField(null=True, editable=False)
    hold_reason = models.CharField(max_length=20, choices=HoldReason, blank=True, editable=False)
    hold_note = models.CharField(max_length=500, blank=True, editable=False)
    hold_message = models.CharField(
        max_length=500, blank=True, editable=False, help_text=_("During maintenance, what everybody is told.")
    )
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    submitted_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_(
            "After a restore, the latest submission that the database knows: what was queued then may "
            "have been submitted since."
        ),
    )

    objects = StudioStateManager()

    class Meta:
        verbose_name = _("submissions")
        verbose_name_plural = _("submissions")

    def __str__(self) -> str:
        return "Submissions"

    @property
    def is_held(self) -> bool:
        return self.held_at is not None

    @property
    def why_held(self) -> str:
        """The reason for the hold in effect, with what was said about it; empty without one."""
        if not self.is_held:
            return ""
        note = self.hold_note.strip()
        if note and note[-1] not in ".!?…":
            note += "."
        return f"{self.get_hold_reason_display()} {note}".strip()

    @property
    def is_maintenance(self) -> bool:
        """Whether the hold in effect was set by staff, who end it when they like."""
        return self.is_held and self.hold_reason == HoldReason.MAINTENANCE

    @property
    def was_restored(self) -> bool:
        """Whether the hold in effect waits for the search at the backends."""
        return self.is_held and self.hold_reason != HoldReason.MAINTENANCE
