"""Jobs of backends that belong to no video, or not yet."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.models.backend import Backend
from videos.models.video import Video


class JobCandidate(models.Model):
    """A job that may be that of a video whose submission got no reply, as the backend listed it.

    Replaced by each search that leaves the decision to the owner.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="candidates")
    backend_job_id = models.CharField(max_length=512)
    status = models.CharField(max_length=100, blank=True, help_text=_("In the backend's words."))
    prompt = models.TextField(blank=True, help_text=_("Empty when the backend does not tell it."))
    model = models.CharField(max_length=200, blank=True)
    size = models.CharField(max_length=32, blank=True)
    seconds = models.PositiveIntegerField(null=True)
    seed = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(null=True)
    may_be_anothers = models.BooleanField(
        default=False, help_text=_("Another person's lost submission may have made it as well.")
    )
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["video", "backend_job_id"], name="one_candidate_per_job")
        ]

    def __str__(self) -> str:
        return self.backend_job_id

    @property
    def shown_prompt(self) -> str:
        """The prompt as the owner may read it: not that of another person."""
        return "" if self.may_be_anothers else self.prompt


class ReleasedJob(models.Model):
    """A job whose video was retried or permanently deleted. It is never given to another video."""

    backend = models.ForeignKey(Backend, on_delete=models.CASCADE, related_name="released_jobs")
    backend_job_id = models.CharField(max_length=512)
    released_at = models.DateTimeField(default=timezone.now, db_index=True)
    due_at = models.DateTimeField(
        null=True,
        help_text=_(
            "When to ask the backend to delete it. Until that is done it may be running, and counts as "
            "a job in flight."
        ),
    )
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["backend", "backend_job_id"], name="one_release_per_job")
        ]
        indexes = [
            models.Index(
                fields=["backend", "due_at"],
                name="released_job_due",
                condition=models.Q(due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.backend_job_id


class DeletedRequest(models.Model):
    """A permanently deleted video of which the backend may have a job that no video has.

    Kept so that the job is not taken for another person's; removed after some days.
    """

    backend = models.ForeignKey(Backend, on_delete=models.CASCADE, related_name="deleted_requests")
    # Whose account may be gone: the job is still nobody else's.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    prompt = models.TextField()
    since = models.DateTimeField(help_text=_("The earliest attempt that is unaccounted for."))
    attempted_at = models.DateTimeField(help_text=_("The latest attempt."))
    deleted_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"deleted request of {self.since:%Y-%m-%d %H:%M}"
