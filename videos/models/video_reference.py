"""The further reference images of a video, in the order in which its prompt may speak of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.models.reference_image import ReferenceImage
from videos.models.video import Video


class VideoReferenceManager(models.Manager["VideoReference"]):
    def get_queryset(self) -> models.QuerySet["VideoReference"]:
        return super().get_queryset().select_related("image")


class VideoReference(models.Model):
    """One image that a video was made after, beside its first and last frame."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="video_references")
    image = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, related_name="uses")
    position = models.PositiveSmallIntegerField(help_text=_("From 1."))

    objects = VideoReferenceManager()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["video", "position"], name="one_image_per_position")]

    def __str__(self) -> str:
        return f"{self.video} {self.position}"
