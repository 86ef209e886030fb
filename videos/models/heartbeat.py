"""Signs of life of what works in the background."""

from django.db import models


class Heartbeat(models.Model):
    """When a part of the studio was last seen at work, by the clock of the database."""

    role = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.role
