"""A backend that somebody is about to connect: what they typed, and what its probe has found so far."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from videos.models.backend import Backend

LIFETIME = timedelta(hours=1)


class ConnectionDraftQuerySet(models.QuerySet["ConnectionDraft"]):
    def alive(self) -> "ConnectionDraftQuerySet":
        """Those that are not forgotten yet."""
        return self.filter(created_at__gt=timezone.now() - LIFETIME)

    def expired(self) -> "ConnectionDraftQuerySet":
        """Those whose time is over."""
        return self.filter(created_at__lte=timezone.now() - LIFETIME)


class ConnectionDraft(models.Model):
    """Nobody's but its owner's, and gone after `LIFETIME` or when the backend is saved.

    It is in the database because a worker probes what a page asked for; its key is encrypted, as a backend's.
    `checks` are lists of name, works, found and advice, in the order in which they came;
    `offered_models` are the fields of what the service offers.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    service = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    base_url = models.CharField(max_length=500)
    key_env = models.CharField(max_length=100, blank=True)
    stored_key = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # What the probe has found.
    checks = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    offered_models = models.JSONField(default=list)
    capabilities = models.JSONField(default=dict)
    in_private_network = models.BooleanField(null=True)
    max_in_flight = models.PositiveIntegerField(null=True)

    objects = ConnectionDraftQuerySet.as_manager()

    class Meta:
        default_permissions = ()  # nobody is given any: a draft is its owner's

    def __str__(self) -> str:
        return self.name

    @property
    def is_tested(self) -> bool:
        """Whether the probe is over and nothing keeps the backend from being used."""
        return self.finished_at is not None and not self.problem

    def build_backend(self) -> Backend:
        """Return the backend as it would be saved, its key confirmed for this address, without saving it."""
        backend = Backend(
            name=self.name,
            service=self.service,
            base_url=self.base_url,
            key_env=self.key_env,
            stored_key=self.stored_key,
            key_stored_at=self.created_at if self.stored_key else None,
        )
        backend.key_confirmed_for = backend.key_destination
        return backend
