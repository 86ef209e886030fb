"""What becomes of the jobs at a backend once their files are stored here."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class JobRetention(models.TextChoices):
    """What becomes of the jobs at a backend once their files are stored here."""

    STUDIO = "studio", _("As BACKEND_JOB_DAYS says")
    KEEP = "keep", _("Leave them there")
    DELETE = "delete", _("Delete them")


class BackendJobs(models.Model):
    """The columns of `Backend` about its jobs whose files are stored."""

    job_retention = models.CharField(
        _("jobs whose file is stored"),
        max_length=10,
        choices=JobRetention,
        default=JobRetention.STUDIO,
        help_text=_(
            "A remix needs the job: once that is deleted there are none of the video. Edits and "
            "extensions are sent the stored file instead."
        ),
    )
    job_retention_days = models.PositiveIntegerField(
        _("days until then"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(3650)],
        help_text=_("After the video was finished, for remixes. Empty: at once."),
    )

    class Meta:
        abstract = True
