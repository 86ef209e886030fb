"""Which files a move from one storage to another has brought over."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MovedFile(models.Model):
    """A file that was copied to another storage, and read back there as it was at its former place.

    So a move that was cut off goes on where it was, on any host. The row goes with the file at its former
    place.
    """

    move = models.CharField(max_length=64, help_text=_("SHA-256 of the two places."))
    name = models.CharField(max_length=255)
    byte_count = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["move", "name"], name="one_moved_file_per_name")]

    def __str__(self) -> str:
        return self.name
