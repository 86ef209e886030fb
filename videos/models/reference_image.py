"""The picture a video starts from."""

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

NAME_LIMIT = 80  # characters


def new_reference_id() -> str:
    """Return an id nobody can guess (128 bits)."""
    return f"ref_{secrets.token_hex(16)}"


def _path(image: "ReferenceImage", name: str) -> str:
    """By its id, so that a picture uploaded anew never shares a file with its deleted self."""
    return f"references/{image.owner_id}/{image.public_id}.{name.rpartition('.')[2]}"


class Fit(models.TextChoices):
    """How a reference image is brought to a video's size, the only one that servers take."""

    CROP = "crop", "Crop"
    PAD = "pad", "Pad"


class ReferenceImageQuerySet(models.QuerySet["ReferenceImage"]):
    def visible_to(self, owner: "User") -> "ReferenceImageQuerySet":
        """Those that `owner` keeps: one's own, without those deleted that only videos still need."""
        return self.filter(owner=owner, deleted_at=None)


class ReferenceImage(models.Model):
    """An uploaded image: decoded, turned upright and re-encoded before it is stored.

    Deleted by its owner it stays, with `deleted_at`, as long as a video was made from it.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_reference_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="references")
    name = models.CharField(max_length=NAME_LIMIT, blank=True)
    file = models.FileField(upload_to=_path, max_length=255)
    thumbnail = models.FileField(upload_to=_path, max_length=255, blank=True, editable=False)
    content_type = models.CharField(max_length=50)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="When it was last uploaded, or asked for in a video."
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReferenceImageQuerySet.as_manager()

    # Known where a page asked for it.
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
        return self.name or f"{self.width}x{self.height} image"
