"""Batches: many videos that were asked for together, row by row of a table."""

import secrets
import string
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.money import MoneyField

if TYPE_CHECKING:
    from accounts.models import User

NAME_LIMIT = 120  # characters
KEY_LIMIT = 512  # characters of a row's key
_ALPHABET = string.ascii_lowercase + string.digits


def new_batch_id() -> str:
    """Return an id that cannot be guessed (124 bits)."""
    return "batch_" + "".join(secrets.choice(_ALPHABET) for _ in range(24))


def _path(batch: "Batch", name: str) -> str:
    return f"batches/{batch.owner_id}/{batch.public_id}{PurePath(name).suffix[:8]}"


class BatchState(models.TextChoices):
    """What is being done about a batch. Whether it is paused is beside that (`Batch.paused_at`)."""

    SAVING = "saving", _("Being saved")  # its rows are on their way into the database
    READY = "ready", _("Ready to start")  # every row was checked, and nothing is created yet
    CREATING = "creating", _("Creating videos")
    STOPPED = "stopped", _("Stopped")  # `problem` says why; it can go on
    RUNNING = "running", _("Running")  # every row has its video, or will have none
    RETRYING = "retrying", _("Retrying")
    CANCELING = "canceling", _("Canceling")
    COMPLETED = "completed", _("Completed")


class BatchQuerySet(models.QuerySet["Batch"]):
    def owned_by(self, owner: "User | int") -> "BatchQuerySet":
        """The batches that `owner`, a user or its key, may see."""
        return self.filter(owner=owner).exclude(state=BatchState.SAVING)

    def with_waiting(self) -> "BatchQuerySet":
        """With `awaits_approval`: whether it starts, goes on or is retried once a manager approves it."""
        requests = apps.get_model("videos", "ApprovalRequest").objects
        waiting = requests.waiting().filter(batch=OuterRef("pk"))
        found = {"awaits_approval": Exists(waiting)}  # which is declared on `Batch`
        return self.annotate(**found)

    def working(self) -> "BatchQuerySet":
        """Those that a worker has something to do for now."""
        creating = Q(state=BatchState.CREATING, paused_at=None)
        return self.filter(creating | Q(state__in=[BatchState.RETRYING, BatchState.CANCELING]))

    def unfinished(self) -> "BatchQuerySet":
        """Those that a worker has something to do for, now or once their last video has ended."""
        return self.working() | self.filter(state=BatchState.RUNNING)


class Batch(models.Model):
    """Rows that were checked and priced together, and become videos of one owner.

    Its counts are those of its rows and their videos; only what cannot be read from them is kept here.
    `token` is the API token that pays, as it does for a video.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_batch_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches")
    token = models.ForeignKey("accounts.ApiToken", on_delete=models.SET_NULL, null=True, editable=False)
    name = models.CharField(max_length=NAME_LIMIT)
    state = models.CharField(max_length=20, choices=BatchState, default=BatchState.SAVING, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(blank=True, editable=False, help_text=_("Why it stopped, in a sentence."))

    file = models.FileField(upload_to=_path, max_length=255, blank=True, help_text=_("As it was sent."))
    file_name = models.CharField(max_length=255, blank=True)
    digest = models.CharField(
        max_length=64,
        editable=False,
        help_text=_("SHA-256 of what was sent: the same again is the same batch."),
    )
    row_count = models.PositiveIntegerField()
    estimate = MoneyField(help_text=_("The sum of the prices that were known when it was checked."))
    unpriced = models.PositiveIntegerField(default=0, help_text=_("Rows whose price nobody knew then."))
    warnings = models.JSONField(default=list, editable=False)
    takes_new_prices = models.BooleanField(
        default=False, editable=False, help_text=_("Its owner went on although prices had risen since.")
    )
    agreed_left = MoneyField(  # type: ignore[misc]  # which cannot say that it may be empty
        null=True,
        editable=False,
        help_text=_("What may still be reserved for it without a manager's approval; empty: anything."),
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    retry_before = models.DateTimeField(
        null=True, editable=False, help_text=_("While retrying: what failed before then is retried.")
    )

    objects = BatchQuerySet.as_manager()

    if TYPE_CHECKING:
        awaits_approval: bool  # where it was read `with_waiting`

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = _("batches")
        indexes = [
            models.Index(fields=["owner", "-id"], name="batch_newest"),
            models.Index(fields=["owner", "digest"], name="batch_digest"),
            models.Index(fields=["state"], name="batch_state"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("videos:batch", args=[self.public_id])

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class RowState(models.TextChoices):
    """Whether a row has become a video."""

    WAITING = "waiting", _("Waiting")
    CREATED = "created", _("Created")
    REFUSED = "refused", _("Refused")  # `error` says why: the catalogue changed meanwhile
    CANCELED = "canceled", _("Canceled")


class BatchRow(models.Model):
    """One row of a batch: what is asked for, in `request`, and the video that it has become.

    `request` holds the fields of a `GenerationRequest`, with keys of images and of the `collection`, if any,
    and `tags`. The video may be
    deleted for good while its batch stays: its key then leads nowhere, and says that there was one.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text=_("From 1, in the order of the file."))
    place = models.CharField(max_length=60, help_text=_("Where it stands in the file, such as “row 4”."))
    key = models.CharField(max_length=KEY_LIMIT, help_text=_("The file's own name for it, or its place."))
    request = models.JSONField()
    price = MoneyField(  # type: ignore[misc]  # which cannot say that it may be empty
        null=True, help_text=_("What it costs, as it was shown; empty where nobody knew.")
    )
    state = models.CharField(max_length=10, choices=RowState, default=RowState.WAITING, editable=False)
    error = models.TextField(blank=True, editable=False)
    video = models.OneToOneField(
        "videos.Video",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        editable=False,
        related_name="batch_row",
    )

    class Meta:
        ordering = ["batch", "number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="one_row_per_number"),
            models.UniqueConstraint(fields=["batch", "key"], name="one_row_per_key"),
        ]
        indexes = [
            models.Index(
                fields=["batch", "state", "number"],
                name="batch_row_waiting",
                condition=Q(video__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def label(self) -> str:
        """Where it stands in the file, with the key that the file gives it."""
        return self.place if self.key.startswith("#") else f"{self.place} ({self.key})"
