"""Events become rows in the transaction of what happened, so none is lost, and none is told that was not."""

import logging
from typing import Any

from django.utils import timezone

from accounts.models import User
from contentgen.events import Event
from webhooks.models import Delivery, DeliveryState, Endpoint, Message
from webhooks.payload import build_body, describe
from webhooks.problems import TOO_MANY

logger = logging.getLogger(__name__)

MAX_PENDING = 10_000  # deliveries that wait for one endpoint, as TOO_MANY says


def record(event: Event, **signal: Any) -> None:
    """Write a message, and a delivery for each endpoint that wants to hear of it. Receiver of `publish`."""
    wanted = Endpoint.objects.listening_to(event.user_id).only("pk", "kinds")
    endpoints = [endpoint for endpoint in wanted if event.kind.value in endpoint.kinds]
    if not endpoints:
        return
    username = User.objects.values_list("username", flat=True).get(pk=event.user_id)
    now = timezone.now()
    message = Message.objects.create(
        kind=event.kind.value,
        user_id=event.user_id,
        body=build_body(event.kind.value, now, describe(event, username)),
        created_at=now,
    )
    Delivery.objects.bulk_create(_delivery(endpoint, message) for endpoint in endpoints)


def _delivery(endpoint: Endpoint, message: Message) -> Delivery:
    """Return a delivery that is due; beyond the bound one that has failed, and can be sent again later."""
    now = message.created_at
    if room_for(endpoint) > 0:
        return Delivery(endpoint=endpoint, message=message, created_at=now, due_at=now)
    logger.warning("Webhook %s has too many deliveries waiting; a %s is not sent", endpoint.pk, message.kind)
    return Delivery(
        endpoint=endpoint,
        message=message,
        state=DeliveryState.FAILED,
        created_at=now,
        due_at=None,
        finished_at=now,
        error=TOO_MANY,
    )


def room_for(endpoint: Endpoint) -> int:
    """Return how many more deliveries may wait for an endpoint. May be below zero."""
    return MAX_PENDING - Delivery.objects.filter(endpoint=endpoint, due_at__isnull=False).count()
