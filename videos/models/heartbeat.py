"""Signs of life of what works in the background."""

from django.db import models


class Heartbeat(models.Model):
    """When a part of the studio was last seen at work, by the clock of the database.

    Where only one process may do the work, `holder` is that process, and the row is its lease.
    """

    role = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField()
    holder = models.UUIDField(null=True)
    holder_name = models.CharField(max_length=200, default="", db_default="")  # host and process, for people

    def __str__(self) -> str:
        return self.role
