"""What came of a video: its files, and what was measured of them."""

from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

_PLAYS_EVERYWHERE = ("H.264", "MP4")  # codec and container, as the columns name them


class VideoResult(models.Model):
    """The columns and properties of `Video` that are empty until its file is here."""

    file = models.FileField(max_length=255, blank=True, editable=False)
    poster = models.FileField(max_length=255, blank=True, editable=False)
    scrub_sheet = models.FileField(max_length=255, blank=True, editable=False)
    scrub_frames = models.PositiveSmallIntegerField(default=0, editable=False)
    scrub_columns = models.PositiveSmallIntegerField(default=0, editable=False)
    width = models.PositiveIntegerField(null=True, blank=True, editable=False)
    height = models.PositiveIntegerField(null=True, blank=True, editable=False)
    duration = models.FloatField(null=True, blank=True, editable=False, help_text=_("Seconds, as measured."))
    byte_count = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    container = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
        help_text=_("Of the file; empty where it was not looked at."),
    )
    codec = models.CharField(
        max_length=40,
        blank=True,
        editable=False,
        help_text=_("Of the file; empty where it was not looked at."),
    )
    browser_file = models.FileField(
        max_length=255,
        blank=True,
        editable=False,
        help_text=_("A copy for the player, where not every browser plays the file itself."),
    )
    browser_byte_count = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    browser_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    browser_copied_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When the copy was made again, on demand.")
    )
    copy_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When a worker makes a copy for browsers next.")
    )
    picture_bytes = models.PositiveBigIntegerField(
        null=True,
        default=0,
        editable=False,
        help_text=_("Of poster and scrub sheet together. Empty: not measured yet."),
    )
    original_dropped_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the original was removed: since then the file is the copy for browsers."),
    )
    original_codec = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def playable_file(self) -> FieldFile:
        """The file for players, and for servers that take nothing but an ordinary MP4."""
        return self.browser_file or self.file

    @property
    def may_not_play(self) -> bool:
        """Not every browser plays the file, and there is no copy of it for them."""
        known = self.codec and self.container
        return bool(known and not self.browser_file and (self.codec, self.container) != _PLAYS_EVERYWHERE)
