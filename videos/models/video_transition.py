"""What became of a video's state: a row for each time it changed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.vocabulary import Door
from videos.models.state import State
from videos.models.video import Video


class VideoTransition(models.Model):
    """That a video went from one state to another: when, and by whose or by what doing.

    People and tokens are named by their ids and by words, because the row outlives them. It goes with its
    video. Of videos from before there was this log, there is no row for what happened until then.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="transitions")
    at = models.DateTimeField(default=timezone.now)
    old = models.CharField(max_length=20, choices=State, blank=True, help_text=_("Empty: it was created."))
    new = models.CharField(max_length=20, choices=State)
    error_code = models.CharField(max_length=100, blank=True, help_text=_("The reason, where there is one."))

    door = models.CharField(max_length=10, choices=Door)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150, blank=True)
    token_id = models.BigIntegerField(null=True)
    token_name = models.CharField(max_length=100, blank=True)
    task = models.CharField(max_length=60, blank=True, help_text=_("The part of the engine that did it."))
    worker = models.CharField(max_length=100, blank=True, help_text=_("The worker that it ran in."))

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.old or 'created'} → {self.new}"

    @property
    def by(self) -> str:
        """Who or what did it, in words."""
        if self.username:
            return self.username
        known = {Door.SYSTEM: gettext("The studio"), Door.COMMAND: gettext("A command")}
        return known.get(Door(self.door), gettext("Nobody signed in"))

    @property
    def through(self) -> str:
        """Through which token, part of the engine or door, in words; empty where there is nothing to add."""
        if self.token_name:
            return gettext("token “%(name)s”") % {"name": self.token_name}
        if self.task:
            return f"{self.task}, {self.worker}" if self.worker else self.task
        return "" if self.door in (Door.SYSTEM, Door.COMMAND) else str(self.get_door_display())
