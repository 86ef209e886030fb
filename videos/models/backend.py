"""A server that makes videos."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.backends.service_kinds import SERVICES
from videos.models.backend_capabilities import BackendCapabilities
from videos.models.backend_jobs import BackendJobs, JobRetention
from videos.models.backend_key import BackendKey
from videos.models.backend_manager import BackendManager
from videos.models.backend_pause import BackendPause

DEFAULT_SERVICE = "videos-api"
DEFAULT_MAX_IN_FLIGHT = 4


def service_choices() -> list[tuple[str, str]]:
    """Return the kinds of services that there is a driver for, with their labels."""
    return [(name, service.label) for name, service in SERVICES.items()]


def is_openai(url: str) -> bool:
    """Whether `url` is at OpenAI itself. Any text will do."""
    return url.lower().startswith("https://api.openai.com/")


class Backend(BackendKey, BackendCapabilities, BackendPause, BackendJobs):
    """A server that makes videos: how to call it, what it can do, and its limits."""

    name = models.CharField(max_length=100, unique=True)
    enabled = models.BooleanField(
        default=True,
        help_text=_(
            "Switched off, it is sent nothing more: what is queued for it waits. Jobs that it has "
            "accepted are followed to their end either way."
        ),
    )
    position = models.PositiveIntegerField(
        default=0,
        help_text=_("Of several that serve a model, a new video goes to the one with the lowest position."),
    )
    stands_in = models.BooleanField(
        _("stands in"),
        null=True,
        blank=True,
        help_text=_(
            "Yes: while a backend before it is paused, new videos of the models that both serve "
            "come here, at what this one charges. Unknown: only where neither charges anything."
        ),
    )
    service = models.CharField(
        max_length=40,
        choices=service_choices,
        default=DEFAULT_SERVICE,
        help_text=_("Which kind of service this is: how it is spoken to."),
    )
    from_environment = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("Created because BACKEND_URL names it, and used while it does."),
    )
    timeout = models.PositiveIntegerField(default=60, help_text=_("Seconds to wait for a reply."))
    generation_timeout = models.PositiveIntegerField(
        _("time limit"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Seconds that it may work on a video; its own queue and its silence do not count. A limit "
            "of the model goes before this one. Empty: MAX_POLL_TIMEOUT."
        ),
    )
    max_in_flight = models.PositiveIntegerField(
        default=DEFAULT_MAX_IN_FLIGHT,
        help_text=_(
            "Jobs that may run here at once: for a server of your own, as many as it makes at a time."
        ),
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Requests of any kind that it may be sent in a minute. Empty: no limit."),
    )

    costs_nothing = models.BooleanField(
        _("free of charge"),
        default=False,
        help_text=_(
            "Videos made here cost nothing, whatever the catalogue says: a server of your own. "
            "They use up no budget."
        ),
    )
    charges_failures = models.BooleanField(
        _("charges for failures"),
        default=False,
        help_text=_(
            "It charges also for jobs that it accepted and that failed. Most do not, and then "
            "nothing is spent on them."
        ),
    )

    sends_json = models.BooleanField(
        _("is sent JSON"),
        default=False,
        help_text=_("For servers that take no multipart form, such as NVIDIA Dynamo."),
    )
    models_synced_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When its models were last taken from its service's catalogue."),
    )

    # State of the engine.
    request_allowance = models.FloatField(default=0, editable=False)
    request_allowance_at = models.DateTimeField(null=True, editable=False)
    poll_lease_until = models.DateTimeField(
        null=True, editable=False, help_text=_("Until then only one worker polls this backend's jobs.")
    )
    search_due_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("After a restore, when it is next asked for its list, to find what was submitted since."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BackendManager()

    class Meta:
        ordering = ["position", "pk"]
        permissions = [("connect_backend", "Can connect a backend, with its key")]
        constraints = [
            models.UniqueConstraint(
                fields=["base_url"],
                condition=models.Q(from_environment=True),
                name="one_backend_per_environment",
            ),
            models.UniqueConstraint(
                fields=["is_simulator"], condition=models.Q(is_simulator=True), name="one_simulator"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_free(self) -> bool:
        """Whether it is known to charge nothing: a simulator."""
        return self.is_simulator or self.service == "simulator"

    @property
    def is_metered(self) -> bool:
        """Whether what it makes is paid for: reserved, charged, and counted in budgets."""
        return not self.is_free and not self.costs_nothing

    @property
    def days_until_job_goes(self) -> int | None:
        """Days after which a job whose file is stored is deleted; None where it stays, or has to."""
        if self.can_delete is not True or self.job_retention == JobRetention.KEEP:
            return None
        if self.job_retention == JobRetention.DELETE:
            return self.job_retention_days or 0
        days: int | None = settings.BACKEND_JOB_DAYS
        return days

    @property
    def describes_models(self) -> bool:
        """Whether its kind of service has a catalogue, from which its models can be updated."""
        service = SERVICES.get(self.service)
        return service is not None and service.describes_models

    def stands_in_for(self, paused: "Backend") -> bool:
        """Whether new videos of `paused`, a backend before this one, come here now."""
        if self.is_paused:
            return False
        return self.is_free and paused.is_free if self.stands_in is None else self.stands_in

    @property
    def is_retired(self) -> bool:
        """Whether this is OpenAI's own address, which no longer serves this API."""
        return is_openai(self.base_url)
