"""Where events are sent, what is sent, and what became of it."""

import secrets
import string
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from contentgen import encryption

_ALPHABET = string.ascii_lowercase + string.digits


def _new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(24))


def new_endpoint_id() -> str:
    """Return an id that cannot be guessed (124 bits)."""
    return _new_id("hook_")


def new_message_id() -> str:
    """Return such an id, which the header `webhook-id` has."""
    return _new_id("msg_")


def new_delivery_id() -> str:
    """Return such an id."""
    return _new_id("dlv_")


class EndpointState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")  # by its owner: events are kept, and sent when it goes on
    DISABLED = "disabled", _("Disabled")  # by the studio, because the receiver failed: no events are kept


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def owned_by(self, user: User) -> "EndpointQuerySet":
        return self.filter(owner=user)

    def permitted(self) -> "EndpointQuerySet":
        """Keep those whose owners may still hear what they are sent, by the rules of `accounts.roles`."""
        managers = Q(owner__is_superuser=True) | Q(owner__role=Role.MANAGER)
        creators = Q(owner__role=Role.CREATOR, is_studio_wide=False)
        return self.filter(managers | creators, owner__is_active=True)

    def listening_to(self, user_id: int) -> "EndpointQuerySet":
        """Keep those that are told of what concerns this person."""
        concerned = Q(is_studio_wide=True) | Q(owner_id=user_id)
        return self.permitted().filter(concerned).exclude(state=EndpointState.DISABLED)

    def due(self, now: datetime | Now) -> "EndpointQuerySet":
        """Keep those that have something to be sent now, the ones longest without a turn first."""
        waiting = Delivery.objects.filter(endpoint=OuterRef("pk"), due_at__lte=now)
        is_free = Q(held_until=None) | Q(held_until__lte=now)
        active = self.permitted().filter(is_free, state=EndpointState.ACTIVE)
        return active.filter(Exists(waiting)).order_by(models.F("attempted_at").asc(nulls_first=True), "pk")


class Endpoint(models.Model):
    """An address that somebody wants events sent to, and the secrets that sign them.

    The owner answers for it: it is sent what the owner may see, for as long as that is so.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_endpoint_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    is_studio_wide = models.BooleanField(
        _("studio-wide"), default=False, help_text=_("Told of everybody's events, not of the owner's alone.")
    )
    url = models.CharField(_("address"), max_length=1000)
    description = models.CharField(max_length=200, blank=True)
    kinds = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=EndpointState, default=EndpointState.ACTIVE)
    problem = models.CharField(max_length=300, blank=True, help_text=_("Why the studio disabled it."))
    secret = models.TextField(editable=False, help_text=_("Encrypted with SECRET_KEY."))
    former_secret = models.TextField(blank=True, editable=False, help_text=_("The same, until it expires."))
    former_secret_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempted_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text=_("Since the last success."))
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    held_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Nothing is sent before: the receiver failed.")
    )

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("webhook")

    def __str__(self) -> str:
        return self.description or self.url

    def live_secrets(self, now: datetime) -> list[str]:
        """Return what signs now, the current one first. Raises `encryption.UnreadableSecretError`."""
        expires_at = self.former_secret_expires_at
        is_former_live = bool(self.former_secret) and expires_at is not None and expires_at > now
        tokens = [self.secret, self.former_secret] if is_former_live else [self.secret]
        return [encryption.decrypt(token) for token in tokens]


class Message(models.Model):
    """One event as it is sent, to one endpoint or several: its `public_id` is the header `webhook-id`."""

    public_id = models.CharField(max_length=40, unique=True, default=new_message_id, editable=False)
    kind = models.CharField(max_length=40)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    body = models.TextField(help_text=_("The JSON that is signed and sent, to the byte."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("webhook message")
        indexes = [models.Index(fields=["created_at"], name="webhook_message_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Pending")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class Delivery(models.Model):
    """One message on its way to one endpoint. The row is the queue: `due_at` says when it is tried next.

    `due_at` is set exactly as long as it is pending. Whoever sends it moves `due_at` past the end of the
    lease, so that of a worker that was killed it is due again, and writes a new `lease_token`, so that one
    that comes back late changes nothing.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_delivery_id, editable=False)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    lease_token = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    attempted_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.CharField(max_length=500, blank=True, help_text=_("How the response began."))
    duration_ms = models.PositiveIntegerField(_("duration, ms"), null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(
                fields=["endpoint", "due_at"], name="webhook_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_being_sent(self) -> bool:
        """Whether a worker holds it."""
        return bool(self.lease_token) and self.due_at is not None and self.due_at > timezone.now()
