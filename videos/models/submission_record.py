"""What was sent to ask a backend for a video, and what it answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.models.video import Video


class SubmissionRecord(models.Model):
    """One request for a video, as it was sent, and the answer, as it came; no secret is in either.

    For operators alone, because services put into their answers what is not the owner's business. It goes
    with its video.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="submission_records")
    sent_at = models.DateTimeField()
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    request = models.TextField(
        help_text=_("Its fields. Of files the name, the type, the size and the checksum.")
    )
    byte_count = models.BigIntegerField(null=True, help_text=_("The size of its body."))
    status = models.PositiveIntegerField(
        null=True, help_text=_("The HTTP status; empty where no answer came.")
    )
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status or 'no answer'}"

    @property
    def result(self) -> str:
        """How it went, as states are coloured: nobody knows what became of what got no answer."""
        if self.status is None:
            return "needs-decision"
        return "completed" if 200 <= self.status < 300 else "failed"
