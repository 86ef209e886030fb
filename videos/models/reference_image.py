"""The images that videos start from, end with, or are made after."""

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from videos.models.search_text import SearchTextField, contains_words

if TYPE_CHECKING:
    from accounts.models import User

NAME_LIMIT = 80  # characters


def new_reference_id() -> str:
    """Return an id that cannot be guessed (128 bits)."""
    return f"ref_{secrets.token_hex(16)}"


def _path(image: "ReferenceImage", name: str) -> str:
    """Named by its id, so that an image uploaded again never shares a file with its deleted predecessor."""
    return f"references/{image.owner_id}/{image.public_id}.{name.rpartition('.')[2]}"


class Fit(models.TextChoices):
    """How the first and last frame are fitted to the video's size, the only one that servers accept."""

    CROP = "crop", _("Crop")
    PAD = "pad", _("Pad")


class ReferenceImageQuerySet(models.QuerySet["ReferenceImage"]):
    def owned_by(self, owner: "User") -> "ReferenceImageQuerySet":
        """The owner's images, without deleted ones, which are kept only for the videos made from them."""
        return self.filter(owner=owner, deleted_at=None)

    def search(self, query: str) -> "ReferenceImageQuerySet":
        """The images whose name contains every word of the query."""
        return self.filter(contains_words(query))


class ReferenceImage(models.Model):
    """An uploaded image: decoded, turned upright and re-encoded before it is stored.

    Once its owner has deleted it, the row stays with `deleted_at` while videos made from it exist.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_reference_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="references")
    name = models.CharField(max_length=NAME_LIMIT, blank=True)
    search_text = SearchTextField("name")
    file = models.FileField(upload_to=_path, max_length=255)
    thumbnail = models.FileField(upload_to=_path, max_length=255, blank=True, editable=False)
    content_type = models.CharField(max_length=50)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    byte_count = models.PositiveBigIntegerField(
        null=True, default=0, editable=False, help_text=_("With its thumbnail. Empty: not measured yet.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text=_("When it was last uploaded, or used for a video.")
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReferenceImageQuerySet.as_manager()

    # Set by views that show it.
    video_count: int = 0

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                F("owner"),
                F("used_at").desc(),
                F("public_id").desc(),
                name="reference_newest",
                condition=models.Q(deleted_at=None),
            )
        ]
        constraints = [models.UniqueConstraint(fields=["owner", "sha256"], name="one_reference_per_content")]

    def __str__(self) -> str:
        return self.name or gettext("%(size)s image") % {"size": f"{self.width}x{self.height}"}

    @property
    def is_used(self) -> bool:
        """Whether a video was made with it, in whichever role, or a request with it waits for approval."""
        is_awaited = self.approval_requests.filter(state="waiting").exists()
        return is_awaited or self.videos.exists() or self.ending_videos.exists() or self.uses.exists()
