"""The picture a video starts from."""

from django.conf import settings
from django.db import models
from django.utils import timezone


def _path(image: "ReferenceImage", name: str) -> str:
    return f"references/{image.owner_id}/{image.sha256}.{name.rpartition('.')[2]}"


class Fit(models.TextChoices):
    """How a reference image is brought to a video's size, the only one that servers take."""

    CROP = "crop", "Crop"
    PAD = "pad", "Pad"


class ReferenceImage(models.Model):
    """An uploaded image: decoded, turned upright and re-encoded before it is stored."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="references")
    file = models.FileField(upload_to=_path, max_length=255)
    content_type = models.CharField(max_length=50)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "sha256"], name="one_reference_per_content")]

    def __str__(self) -> str:
        return f"{self.width}x{self.height} image"
