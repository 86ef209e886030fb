"""What the engine keeps of a video between two steps."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contentgen.monitoring import tracing
from contentgen.monitoring.log_context import current_request_id
from videos.backends.hops import MAX_LENGTH


class VideoProcessing(models.Model):
    """The columns of `Video` that say where its job is, when it is looked at next, and what it has taken."""

    backend_job_id = models.CharField(max_length=512, blank=True, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(
        default=timezone.now,
        null=True,
        editable=False,
        help_text=_(
            "When the engine acts on it next. Of a failed video: when it looks for a late result. Of a "
            "canceled one: the backend may still be working on its job."
        ),
    )
    attempts = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Attempts at the present step, for backing off.")
    )
    failed_submissions = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("Submissions in a row that brought no usable reply, of which the backend made no job."),
    )
    failed_downloads = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Tries to get the finished file that the backend failed.")
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True, editable=False)
    delete_job_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When to ask the backend to delete its job.")
    )
    idempotency_key = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_(
            "Sent with every request of the latest attempt. Empty: it cannot be requested once more."
        ),
    )
    hops = models.CharField(
        max_length=MAX_LENGTH,
        blank=True,
        editable=False,
        help_text=_("The studios that it was asked for through, by their installations."),
    )
    unaccounted_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("The earliest attempt of which the backend may have a job that no video has."),
    )

    # What the time limit counts: the time in which the backend said that it was not ready, never its silence.
    working_seconds = models.FloatField(
        default=0,
        editable=False,
        help_text=_("Seconds for which the backend has answered that it works on the job."),
    )
    waiting_seconds = models.FloatField(
        default=0,
        editable=False,
        help_text=_(
            "Seconds for which it has answered that the job waits in its own queue, or nothing usable."
        ),
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When it last answered about the running job.")
    )
    poll_delay = models.FloatField(
        default=0, editable=False, help_text=_("Seconds from then to the next poll, as planned.")
    )
    queued_at_backend = models.BooleanField(
        default=False, editable=False, help_text=_("The running job waits in the backend's own queue.")
    )
    late_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Since when it is checked for a late result.")
    )

    # What asked for it, so that the log and the traces of all that is done about it can be found by that.
    request_id = models.CharField(
        max_length=64,
        blank=True,
        default=current_request_id,
        db_default="",
        editable=False,
        help_text=_("Of the HTTP request that asked for it; empty for a command."),
    )
    traceparent = models.CharField(
        max_length=tracing.MAX_LENGTH,
        blank=True,
        default=tracing.current_traceparent,
        db_default="",
        editable=False,
        help_text=_("Where its trace begins, as W3C Trace Context writes it; empty without traces."),
    )

    class Meta:
        abstract = True
