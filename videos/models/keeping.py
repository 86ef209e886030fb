"""What the studio notes about keeping things: its clock, whom it told what, and files that are to go."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RetentionStateManager(models.Manager["RetentionState"]):
    def locked(self) -> "RetentionState":
        """Return the one row, created on first use, locked until the surrounding transaction ends."""
        return self.select_for_update().get_or_create(pk=RetentionState.ONLY)[0]


class RetentionState(models.Model):
    """The one row by which a clock that jumped, or a database from a backup, is recognised.

    `videos.engine.removal_guard` writes it.
    """

    ONLY = 1  # the primary key

    seen_at = models.DateTimeField(null=True, editable=False, help_text=_("When the studio last looked."))
    wait_seconds = models.FloatField(
        default=0,
        editable=False,
        help_text=_("For which it still has to run before anything goes by its age."),
    )

    objects = RetentionStateManager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return "Retention"


class NoticeKind(models.TextChoices):
    """What somebody was told about what they keep."""

    ALMOST_FULL = "almost_full", _("Storage almost full")
    FULL = "full", _("Storage full")
    EXPIRING = "expiring", _("Videos move to the trash")


class StorageNotice(models.Model):
    """That a person was told: of storage once until there is room again, of expiring videos once a day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="storage_notices", db_index=False
    )
    kind = models.CharField(max_length=20, choices=NoticeKind)
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_storage_notice")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"


class DiscardedFile(models.Model):
    """A file that no row names any more and that is still to be removed from storage.

    Written in the transaction that takes the name out of the row, so that a worker which is killed between
    the two leaves nothing behind.
    """

    name = models.CharField(max_length=255)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
