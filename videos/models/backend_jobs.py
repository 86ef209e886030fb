"""What becomes of the jobs at a backend once their files are stored here."""

from django.core.validators import MaxValueValidator
from django.db import models


class JobRetention(models.TextChoices):
    """What becomes of the jobs at a backend once their files are stored here."""

    STUDIO = "studio", "As BACKEND_JOB_DAYS says"
    KEEP = "keep", "Leave them there"
    DELETE = "delete", "Delete them"


class BackendJobs(models.Model):
    """The columns of `Backend` about its jobs whose files are stored."""

    job_retention = models.CharField(
        "jobs whose file is stored",
        max_length=10,
        choices=JobRetention,
        default=JobRetention.STUDIO,
        help_text="A remix needs the job: once that is deleted there are none of the video. Edits and "
        "extensions are sent the stored file instead.",
    )
    job_retention_days = models.PositiveIntegerField(
        "days until then",
        null=True,
        blank=True,
        validators=[MaxValueValidator(3650)],
        help_text="After the video was finished, for remixes. Empty: at once.",
    )

    class Meta:
        abstract = True
