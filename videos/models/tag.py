"""Labels by which people sort their videos."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

TAG_LIMIT = 40  # characters


class Tag(models.Model):
    """One person's tag. Names that differ only in case are the same tag."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=TAG_LIMIT)

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name
