"""What is sent next, and what becomes of it. The rows are the queue; several workers may ask at once.

A delivery is sent at least once: that of a worker that is killed right after sending it is sent again, with
the same `webhook-id`.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from contentgen.encryption import UnreadableSecretError
from contentgen.prepared_query import PreparedQuery
from webhooks import signing
from webhooks.disabling import disable, is_given_up
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.network import Outcome
from webhooks.problems import FAILED_FOR_DAYS, GONE
from webhooks.retries import hold_delay, parse_retry_after, retry_delay

logger = logging.getLogger(__name__)

_LEASE_RESERVE = timedelta(seconds=45)  # beyond the time that a request may take
_ASKING_TO_WAIT = (429, 503)
_GONE = 410


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker alone may send now. Without headers it can't be signed."""

    delivery_id: int
    endpoint_id: int
    owner_id: int
    token: str
    attempts: int
    url: str
    body: bytes
    headers: Mapping[str, str] | None


def due_endpoints(limit: int) -> list[Endpoint]:
    """Return the endpoints that something can be sent to now, the ones longest without a turn first."""
    return list(Endpoint.objects.due(timezone.now())[:limit])


def has_due() -> bool:
    """Return whether anything can be sent now. One query."""
    return _DUE.first() is not None


_DUE = PreparedQuery(lambda: Endpoint.objects.due(Now()).values("pk"))


def claim(endpoint: Endpoint, amount: int) -> list[Claim]:
    """Claim at most `amount` of an endpoint's due deliveries, the oldest first; none that others hold."""
    if amount <= 0:
        return []
    now = timezone.now()
    due = Delivery.objects.filter(endpoint=endpoint, due_at__lte=now).order_by("due_at", "pk")
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(attempted_at=now)  # locked first, as `conclude` does
        return [
            _describe(endpoint, delivery, token, now)
            for delivery in due.select_related("message")[:amount]
            if (token := _lease(delivery, now))
        ]


def _lease(delivery: Delivery, now: datetime) -> str:
    """Return the token of a new lease; empty where another worker was faster."""
    token = secrets.token_hex(16)
    until = now + timedelta(seconds=settings.WEBHOOK_TIMEOUT) + _LEASE_RESERVE
    free = Delivery.objects.filter(pk=delivery.pk, due_at__lte=now)
    taken = free.update(due_at=until, lease_token=token, attempts=F("attempts") + 1, attempted_at=now)
    return token if taken else ""


def _describe(endpoint: Endpoint, delivery: Delivery, token: str, now: datetime) -> Claim:
    body = delivery.message.body.encode()
    try:
        keys = endpoint.live_secrets(now)
    except UnreadableSecretError:
        headers = None
    else:
        headers = signing.sign(delivery.message.public_id, int(now.timestamp()), body, keys)
    return Claim(
        delivery_id=delivery.pk,
        endpoint_id=endpoint.pk,
        owner_id=endpoint.owner_id,
        token=token,
        attempts=delivery.attempts + 1,
        url=endpoint.url,
        body=body,
        headers=headers,
    )


def conclude(claimed: Claim, outcome: Outcome) -> bool:
    """Write down what came of an attempt. Returns False for one whose lease somebody else has taken since."""
    now = timezone.now()
    with transaction.atomic():
        # Locked in one order, endpoint and then delivery: several workers may conclude for one endpoint.
        endpoint = _lock(claimed.endpoint_id)
        if endpoint is None:
            return False
        if outcome.is_delivered:
            return _conclude_delivered(endpoint, claimed, outcome, now)
        return _conclude_failed(endpoint, claimed, outcome, now)


def _lock(endpoint_id: int) -> Endpoint | None:
    """Lock an endpoint. The transactions of events, which write deliveries to it, do not wait for that."""
    return Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()


def _conclude_delivered(endpoint: Endpoint, claimed: Claim, outcome: Outcome, now: datetime) -> bool:
    if not _write(claimed, outcome, state=DeliveryState.DELIVERED, due_at=None, finished_at=now):
        return False
    Endpoint.objects.filter(pk=endpoint.pk).update(
        delivered_at=now, failures=0, failing_since=None, held_until=None
    )
    return True


def _conclude_failed(endpoint: Endpoint, claimed: Claim, outcome: Outcome, now: datetime) -> bool:
    asked = parse_retry_after(outcome.retry_after, now) if outcome.status in _ASKING_TO_WAIT else 0.0
    delay = retry_delay(claimed.attempts)
    if delay is None:
        is_ours = _write(claimed, outcome, state=DeliveryState.FAILED, due_at=None, finished_at=now)
    else:
        is_ours = _write(claimed, outcome, due_at=now + timedelta(seconds=max(delay, asked)))
    if is_ours:
        _note_failure(endpoint, max(hold_delay(endpoint.failures + 1), asked), now)
        if outcome.status == _GONE:
            disable(endpoint, GONE)
        elif is_given_up(endpoint, now):
            days = settings.WEBHOOK_DISABLE_AFTER_DAYS
            disable(endpoint, FAILED_FOR_DAYS % {"days": days, "sentence": outcome.error})
    return is_ours


def _note_failure(endpoint: Endpoint, hold: float, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.held_until = now + timedelta(seconds=hold)
    endpoint.save(update_fields=["failures", "failing_since", "held_until"])


def _write(claimed: Claim, outcome: Outcome, **changes: object) -> bool:
    """Write what came of the attempt, if the lease is still the claim's."""
    held = Delivery.objects.filter(pk=claimed.delivery_id, lease_token=claimed.token)
    return bool(
        held.update(
            lease_token="",
            response_status=outcome.status,
            response_body=outcome.body[:500],
            duration_ms=outcome.duration_ms,
            error=outcome.error[:300],
            **changes,
        )
    )
