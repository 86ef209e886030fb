"""What visitors say about a video that they were sent a link to."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from videos.models.share_link import ShareLink
from videos.models.video import Video

COMMENT_NAME_LIMIT = 60  # characters
COMMENT_LIMIT = 2000  # characters


class ShareComment(models.Model):
    """A comment on one video, seen by its owner, the link's owner, and whoever has the same link.

    `author` is the account of somebody who was signed in; `name` is what is shown in either case.
    """

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="comments")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="share_comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="share_comments"
    )
    name = models.CharField(max_length=COMMENT_NAME_LIMIT)
    text = models.TextField(max_length=COMMENT_LIMIT)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Comment of {self.name}"
