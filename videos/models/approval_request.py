"""Requests whose price a manager has to approve, from the asking to the decision."""

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.money import MoneyField
from videos.models.batch import Batch
from videos.models.reference_image import ReferenceImage
from videos.models.video import Video

if TYPE_CHECKING:
    from accounts.models import User

NOTE_LIMIT = 500  # characters


def new_approval_id() -> str:
    """Return an id that cannot be guessed (128 bits)."""
    return f"approval_{secrets.token_hex(16)}"


class ApprovalState(models.TextChoices):
    """Where a request stands. It waits, and ends once."""

    WAITING = "waiting", pgettext_lazy("state", "Waiting for approval")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Could not be made")


class RequestKind(models.TextChoices):
    """What is asked for."""

    CREATE = "create", _("New video")
    REMIX = "remix", _("Remix")
    EDIT = "edit", pgettext_lazy("kind", "Edit")
    EXTEND = "extend", _("Extension")
    RETRY = "retry", pgettext_lazy("kind", "Retry")
    SUBMIT_AGAIN = "submit_again", _("Submission again")
    BATCH = "batch", _("Batch")


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def waiting(self) -> "ApprovalRequestQuerySet":
        """Those that can be decided now."""
        return self.filter(state=ApprovalState.WAITING, expires_at__gt=timezone.now())

    def owned_by(self, owner: "User") -> "ApprovalRequestQuerySet":
        return self.filter(owner=owner)

    def for_lists(self) -> "ApprovalRequestQuerySet":
        """With what lists show, and without the request itself, which may be that of a whole batch."""
        return self.select_related("owner", "decided_by", "video", "batch").defer("data")


class ApprovalRequest(models.Model):
    """What somebody asked for at a price that is not theirs to decide. Nothing is reserved while it waits.

    `data` is the validated request, as `services.paid_requests` reads it. `price` is that of everything
    together, and the most that may be paid once it is approved.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_approval_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="approval_requests"
    )
    token = models.ForeignKey(
        "accounts.ApiToken",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="approval_requests",
        help_text=_("Through which it was asked for, and whose budgets count."),
    )
    kind = models.CharField(max_length=20, choices=RequestKind)
    data = models.JSONField()
    prompt = models.TextField(help_text=_("Of the first video."))
    model = models.CharField(max_length=100)
    count = models.PositiveIntegerField(help_text=_("How many videos it is."))
    price = MoneyField()
    is_priced = models.BooleanField(default=True, help_text=_("No: part of it has no known price."))
    images = models.ManyToManyField(ReferenceImage, blank=True, related_name="approval_requests")

    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.WAITING)
    requested_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=NOTE_LIMIT, blank=True, help_text=_("The word of whoever decided."))
    problem = models.TextField(blank=True, help_text=_("Why it could not be made though it was approved."))
    video = models.ForeignKey(
        Video,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="approval_requests",
        help_text=_("The first that was made."),
    )
    batch = models.ForeignKey(
        Batch,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="approval_requests",
        help_text=_("What starts, goes on or is retried once it is approved."),
    )

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "expires_at"], name="approval_state"),
            models.Index(fields=["owner", "-requested_at"], name="approval_owner"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at=None) | ~Q(state="waiting"),
                name="a_waiting_request_is_undecided",
            ),
            models.UniqueConstraint(
                fields=["batch"], condition=Q(state="waiting"), name="a_batch_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def get_absolute_url(self) -> str:
        return reverse("videos:approval", args=[self.public_id])

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be decided: not once its time is over, even if no sweep has ended it yet."""
        return self.state == ApprovalState.WAITING and self.expires_at > timezone.now()

    @property
    def may_be_asked_again(self) -> bool:
        """Whether it ended without a video."""
        return not self.is_waiting and self.state != ApprovalState.APPROVED

    @property
    def status(self) -> str:
        """Its state in words."""
        if self.state == ApprovalState.WAITING and not self.is_waiting:
            return str(ApprovalState.EXPIRED.label)
        return str(ApprovalState(self.state).label)
