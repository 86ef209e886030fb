"""A server that makes videos."""

from itertools import count
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.text import capfirst

from contentgen import encryption
from videos.backends.service_kinds import SERVICES
from videos.key_names import describe_key_names, is_key_name, read_key

DEFAULT_SERVICE = "videos-api"

OPENAI_ADDRESS = "https://api.openai.com/v1"  # served this API until 24 September 2026

_KEY_VARIABLES = {
    "BACKEND_KEY",
    "OPENAI_API_KEY",
}  # of the environment's, now and before
DEFAULT_MAX_IN_FLIGHT = 4

STORED = "(stored)"  # no variable can have this name
UNREADABLE_KEY = (
    "The stored key can't be read with this SECRET_KEY, so nothing is sent. Put the former SECRET_KEY into "
    "SECRET_KEY_FALLBACKS and restart, or paste the key again in the admin under Backends."
)

SIMULATOR_CAPABILITIES = {  # all there are
    "can_list": True,
    "can_delete": True,
    "can_remix": True,
    "can_edit": True,
    "can_extend": True,
    "can_characters": True,
    "takes_reference": True,
}


def service_choices() -> list[tuple[str, str]]:
    """Return the kinds of services that there is a driver for, with their labels."""
    return [(name, service.label) for name, service in SERVICES.items()]


def is_openai(url: str) -> bool:
    """Whether `url` is at OpenAI itself. Any text will do."""
    return url.lower().startswith("https://api.openai.com/")


class BackendManager(models.Manager["Backend"]):
    def for_environment(self) -> "Backend":
        """Return the backend that the settings name: the one at `BACKEND_URL`, OpenAI's own address when
        there is only a key, or the simulator when there is neither.

        It is created on first use, with every model of the catalogue; what staff change about it stays.
        Another address is another backend, so that a video stays with the server it was sent to when the
        settings change.
        """
        if not settings.BACKEND_URL and not settings.BACKEND_KEY:
            return self.simulator()
        url = settings.BACKEND_URL or OPENAI_ADDRESS
        found = self.filter(base_url=url, is_simulator=False).order_by("pk").first()
        if found is not None:
            self._follow_key(found)
        name = (urlsplit(url).netloc or url)[:90]
        if found is None:
            wanted = Backend(base_url=url, from_environment=True, key_env=settings.BACKEND_KEY_VARIABLE)
            found = self._get_or_create(
                name,
                base_url=wanted.base_url,
                from_environment=True,
                key_env=wanted.key_env,
                key_confirmed_for=wanted.key_destination,  # whoever sets both in the environment means it
            )
        return found

    def simulator(self) -> "Backend":
        """Return the studio's simulator, which is created on first use."""
        simulator = self.filter(is_simulator=True).first()
        return simulator or self._get_or_create(
            "Simulator", is_simulator=True, max_in_flight=8, **SIMULATOR_CAPABILITIES
        )

    def paused(self) -> models.QuerySet["Backend"]:
        """Those that are sent nothing for now, because they asked for that or refused our key."""
        return self.filter(enabled=True, paused_until__gt=timezone.now())

    def in_use(self) -> list["Backend"]:
        """Return the backends for new videos, the default first: all enabled ones that serve a model.

        One that an earlier setting named is left out. The simulator, or OpenAI's own address, is used only
        while there is no other.
        """
        url = settings.BACKEND_URL
        if url:
            self.for_environment()
        current = Q(from_environment=False) | Q(base_url=url)
        serving = self.model.models.through._default_manager.filter(
            backend=OuterRef("pk"), videomodel__enabled=True
        )
        # EXISTS, because a join would read each backend once for each of its hundreds of models.
        connected = list(self.filter(current, Exists(serving), is_simulator=False, enabled=True))
        if connected or url:
            return connected
        fallback = self.for_environment()
        return [fallback] if fallback.enabled else []

    def _follow_key(self, backend: "Backend") -> None:
        """Read the key of the environment's backend by the name that the settings have for it now."""
        now = settings.BACKEND_KEY_VARIABLE
        if backend.from_environment and backend.key_env in _KEY_VARIABLES - {now}:
            was, backend.key_env = backend.key_env, now
            # Whoever sets both in the environment means it.
            backend.key_confirmed_for = backend.key_destination
            self.filter(pk=backend.pk, key_env=was).update(
                key_env=now, key_confirmed_for=backend.key_confirmed_for
            )

    def _get_or_create(self, name: str, **fields: Any) -> "Backend":
        """Create the environment's backend under an unused name, or return another process's."""
        unique = {
            key: fields[key] for key in ("base_url", "from_environment", "is_simulator") if key in fields
        }
        try:
            with transaction.atomic():
                backend = self.create(name=self._unused_name(name), **fields)
                backend.models.set(backend.models.model._default_manager.all())
                return backend
        except IntegrityError:
            return self.get(**unique)

    def _unused_name(self, name: str) -> str:
        candidates = (name if number == 1 else f"{name} ({number})" for number in count(1))
        return next(candidate for candidate in candidates if not self.filter(name=candidate).exists())


class Backend(models.Model):
    """A server that makes videos: how to call it, what it can do, and its limits."""

    name = models.CharField(max_length=100, unique=True)
    enabled = models.BooleanField(
        default=True,
        help_text="Switched off, it is sent nothing more: what is queued for it waits. Jobs that it has "
        "accepted are followed to their end either way.",
    )
    position = models.PositiveIntegerField(
        default=0,
        help_text="Of several that serve a model, a new video goes to the one with the lowest position.",
    )
    stands_in = models.BooleanField(
        "stands in",
        null=True,
        blank=True,
        help_text="Yes: while a backend before it is paused, new videos of the models that both serve "
        "come here, at what this one charges. Unknown: only where neither charges anything.",
    )
    is_simulator = models.BooleanField(default=False, editable=False)
    service = models.CharField(
        max_length=40,
        choices=service_choices,
        default=DEFAULT_SERVICE,
        help_text="Which kind of service this is: how it is spoken to.",
    )
    from_environment = models.BooleanField(
        default=False,
        editable=False,
        help_text="Created because BACKEND_URL names it, and used while it does.",
    )
    base_url = models.CharField(  # not a URLField, which refuses http://vllm:8000 inside a private network
        "base URL",
        max_length=500,
        blank=True,
        help_text="Ends in the API's version, mostly /v1. Empty for the simulator, whose address may change.",
    )
    key_env = models.CharField(
        "variable with the key",
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"\A[A-Za-z_][A-Za-z0-9_]*\Z",
                "Give the name of an environment variable, such as BACKEND_KEY_BOX, never the key itself.",
            )
        ],
        help_text="The name of the environment variable that holds the key, never the key itself. "
        "Empty: the server wants none.",
    )
    stored_key = models.TextField(
        blank=True, default="", editable=False, help_text="A key that was pasted, encrypted with SECRET_KEY."
    )
    key_stored_at = models.DateTimeField(null=True, editable=False)
    key_confirmed_for = models.CharField(
        max_length=700,
        blank=True,
        default="",
        editable=False,
        help_text="The key and the address that were confirmed together: the key goes nowhere else.",
    )
    webhook_secret_env = models.CharField(
        "variable with the webhook secret",
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"\A[A-Za-z_][A-Za-z0-9_]*\Z",
                "Give the name of an environment variable, such as BACKEND_KEY_HOOKS, never the secret.",
            )
        ],
        help_text="The name of the environment variable that holds the secret with which the service signs "
        "its webhooks, never the secret itself. Empty: no signed webhooks are taken.",
    )
    in_private_network = models.BooleanField(
        "inside a private network",
        null=True,
        blank=True,
        help_text="Yes: it, and the files that it names, may be at private addresses. No: it must be on the "
        "internet and may name nothing else. Unknown: the first probe finds out.",
    )
    timeout = models.PositiveIntegerField(default=60, help_text="Seconds to wait for a reply.")
    generation_timeout = models.PositiveIntegerField(
        "time limit",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Seconds that it may work on a video; its own queue and its silence do not count. A limit "
        "of the model goes before this one. Empty: MAX_POLL_TIMEOUT.",
    )
    max_in_flight = models.PositiveIntegerField(
        default=DEFAULT_MAX_IN_FLIGHT,
        help_text="Jobs that may run here at once: for a server of your own, as many as it makes at a time.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Requests of any kind that it may be sent in a minute. Empty: no limit.",
    )

    costs_nothing = models.BooleanField(
        "free of charge",
        default=False,
        help_text="Videos made here cost nothing, whatever the catalogue says: a server of your own. "
        "They use up no budget.",
    )
    charges_failures = models.BooleanField(
        "charges for failures",
        default=False,
        help_text="It charges also for jobs that it accepted and that failed. Most do not, and then "
        "nothing is spent on them.",
    )

    # Capabilities. None: not known yet. `probe_backend` finds out what can be found out for free.
    can_list = models.BooleanField("lists its jobs", null=True, blank=True)
    can_delete = models.BooleanField("deletes jobs", null=True, blank=True)
    can_remix = models.BooleanField("remixes", null=True, blank=True)
    can_edit = models.BooleanField("edits", null=True, blank=True)
    can_extend = models.BooleanField("extends", null=True, blank=True)
    can_characters = models.BooleanField("has characters", null=True, blank=True)
    takes_reference = models.BooleanField("takes a reference image", null=True, blank=True)
    honours_idempotency_key = models.BooleanField(
        "honors Idempotency-Key",
        null=True,
        blank=True,
        help_text="A request that is repeated with the same key is answered with the first one's job.",
    )
    sends_json = models.BooleanField(
        "is sent JSON",
        default=False,
        help_text="For servers that take no multipart form, such as NVIDIA Dynamo.",
    )
    probed_at = models.DateTimeField(null=True, editable=False)

    # State of the engine.
    request_allowance = models.FloatField(default=0, editable=False)
    request_allowance_at = models.DateTimeField(null=True, editable=False)
    poll_lease_until = models.DateTimeField(
        null=True, editable=False, help_text="Until then only one worker polls this backend's jobs."
    )
    search_due_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="After a restore, when it is next asked for its list, to find what was submitted since.",
    )
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=500, blank=True)
    pause_count = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Pauses since it last accepted a job, each longer than the one before.",
    )
    reads_paused_until = models.DateTimeField(
        null=True, editable=False, help_text="Until then it is neither polled nor asked for its list."
    )
    read_pause_count = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Such pauses since it last answered, each longer than the one before.",
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
    def describes_models(self) -> bool:
        """Whether its kind of service has a catalogue, from which its models can be updated."""
        service = SERVICES.get(self.service)
        return service is not None and service.describes_models

    @property
    def is_paused(self) -> bool:
        """Whether it is sent nothing for now, because it asked for that or refused our key."""
        return self.paused_until is not None and self.paused_until > timezone.now()

    def stands_in_for(self, paused: "Backend") -> bool:
        """Whether new videos of `paused`, a backend before this one, come here now."""
        if self.is_paused:
            return False
        return self.is_free and paused.is_free if self.stands_in is None else self.stands_in

    @property
    def is_retired(self) -> bool:
        """Whether this is OpenAI's own address, which no longer serves this API."""
        return is_openai(self.base_url)

    @property
    def address(self) -> str:
        """The base URL to call. The simulator's is read from the settings, because its port may change."""
        url: str = settings.SIMULATOR_URL if self.is_simulator else self.base_url
        return url

    @property
    def key_source(self) -> str:
        """Where the key comes from: a variable's name, or `STORED`; empty where none is wanted."""
        return STORED if self.stored_key else self.key_env

    @property
    def key_destination(self) -> str:
        """Where the key comes from and the address it goes to: what is confirmed, and only together."""
        return f"{self.key_source} {self.base_url}" if self.key_source else ""

    @property
    def key_label(self) -> str:
        """What to call the key within a sentence."""
        return "the stored key" if self.stored_key else f"the key in {self.key_env}"

    @property
    def key_problem(self) -> str:
        """Why the key must not be sent, and what to do about it; empty where nothing stands against it."""
        if self.is_simulator or not self.key_source:
            return ""
        if not self.stored_key and not is_key_name(self.key_env):
            names = describe_key_names()
            return f"{self.key_env} is no variable for a backend's key, so nothing is sent. {names}"
        if self.key_confirmed_for != self.key_destination:
            return (
                f"{capfirst(self.key_label)} has not been confirmed for {self.base_url}, so nothing is sent. "
                "A superuser confirms it in the admin under Backends."
            )
        return UNREADABLE_KEY if self.stored_key and not encryption.is_readable(self.stored_key) else ""

    @property
    def webhook_secret(self) -> str:
        """The secret with which its webhooks are signed, read from the environment now; else empty."""
        return read_key(self.webhook_secret_env)

    @property
    def key(self) -> str:
        """The key to send, read now; empty where there is none, or it must not be sent.

        One that was pasted is decrypted, any other is read from the environment.
        """
        if self.is_simulator:
            key: str = settings.SIMULATOR_API_KEY
            return key
        if self.key_problem:
            return ""
        return encryption.decrypt(self.stored_key) if self.stored_key else read_key(self.key_env)

    def store_key(self, key: str) -> None:
        """Keep a key encrypted, in place of a variable's. An empty one takes away what is stored.

        It goes nowhere unless it is confirmed for the address. The row is not saved.
        """
        self.stored_key = encryption.encrypt(key) if key else ""
        self.key_stored_at = timezone.now() if key else None
        if key:
            self.key_env = ""
