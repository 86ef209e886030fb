"""The webhooks that the studio sends: where to, of what, and what became of them.

Those that services send it are in `videos/api/webhooks.py`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ninja import Query, Router

from videos.api.errors import ApiError, not_found
from videos.api.rest import parameters
from videos.api.rest.api import Request
from videos.api.rest.schemas import Refusal
from videos.api.rest.webhook_schemas import (
    DeliveriesIn,
    DeliveriesOut,
    DeliveryOut,
    ResendIn,
    ResentOut,
    WebhookChangeIn,
    WebhookDeletedOut,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
    WebhookWithSecretOut,
)
from videos.validation import is_public_id
from webhooks import endpoints as service
from webhooks.log import UnknownDeliveryError, read_page
from webhooks.models import Delivery, Endpoint

Result = TypeVar("Result")

router = Router(tags=["Webhooks"])

_READ_ERRORS = frozenset({400, 401, 404, 405, 422, 429, 500, 503})
_WRITE_ERRORS = _READ_ERRORS | {403, 409, 413}


@router.get("/webhooks", response={200: WebhooksOut, _READ_ERRORS: Refusal})
@parameters.refuse_unknown
def webhooks(request: Request) -> WebhooksOut:
    """List your webhooks: the addresses that the studio tells of events."""
    own = Endpoint.objects.owned_by(request.auth.user)
    return WebhooksOut(data=[WebhookOut(**_fields(each)) for each in own])


@router.post("/webhooks", response={200: WebhookWithSecretOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def create_webhook(request: Request, body: WebhookIn) -> WebhookWithSecretOut:
    """Create a webhook. Its secret is in this answer, and in that of a rotation, and in no other."""
    endpoint, secret = _possible(
        lambda: service.create(
            request.auth.user,
            url=body.url,
            kinds=[kind.value for kind in body.kinds],
            description=body.description,
            is_studio_wide=body.studio_wide,
        )
    )
    return WebhookWithSecretOut(**_fields(endpoint), secret=secret)


@router.get("/webhooks/{slug:webhook_id}", response={200: WebhookOut, _READ_ERRORS: Refusal})
@parameters.refuse_unknown
def webhook(request: Request, webhook_id: str) -> WebhookOut:
    """Return a webhook."""
    return WebhookOut(**_fields(_own(request, webhook_id)))


@router.patch("/webhooks/{slug:webhook_id}", response={200: WebhookOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def change_webhook(request: Request, webhook_id: str, body: WebhookChangeIn) -> WebhookOut:
    """Change a webhook, pause it, or go on with it."""
    endpoint = _own(request, webhook_id)
    changes: dict[str, Any] = body.model_dump(exclude_unset=True, exclude_none=True, exclude={"state"})
    if changes:
        service.update(endpoint, **changes)
    if body.state:
        (service.pause if body.state == "paused" else service.resume)(endpoint)
        endpoint.refresh_from_db()
    return WebhookOut(**_fields(endpoint))


@router.delete("/webhooks/{slug:webhook_id}", response={200: WebhookDeletedOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def delete_webhook(request: Request, webhook_id: str) -> WebhookDeletedOut:
    """Delete a webhook with its log. Nothing more is sent, also of what waits."""
    service.delete(_own(request, webhook_id))
    return WebhookDeletedOut(id=webhook_id)


@router.post(
    "/webhooks/{slug:webhook_id}/rotate-secret", response={200: WebhookWithSecretOut, _WRITE_ERRORS: Refusal}
)
@parameters.refuse_unknown
def rotate_webhook_secret(request: Request, webhook_id: str) -> WebhookWithSecretOut:
    """Make a new secret. For a day, or what the studio's settings say, the former one signs too."""
    endpoint = _own(request, webhook_id)
    return WebhookWithSecretOut(**_fields(endpoint), secret=service.rotate_secret(endpoint))


@router.post("/webhooks/{slug:webhook_id}/test", response={200: DeliveryOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def send_test_event(request: Request, webhook_id: str) -> DeliveryOut:
    """Send a `webhook.test`, whatever kinds the webhook tells of."""
    endpoint = _own(request, webhook_id)
    return _serialize(_possible(lambda: service.send_test(endpoint)))


@router.get("/webhooks/{slug:webhook_id}/deliveries", response={200: DeliveriesOut, _READ_ERRORS: Refusal})
@parameters.refuse_unknown
def webhook_deliveries(request: Request, webhook_id: str, query: Query[DeliveriesIn]) -> DeliveriesOut:
    """List the deliveries of a webhook, a page at a time. They are kept for 30 days by default."""
    endpoint = _own(request, webhook_id)
    try:
        page = read_page(endpoint, after=query.after, state=query.state or "", limit=query.limit)
    except UnknownDeliveryError as error:
        message = f"There is no delivery '{query.after}' to go on from."
        raise ApiError(404, "not_found", message, param="after") from error
    data = [_serialize(each) for each in page.deliveries]
    return DeliveriesOut(data=data, has_more=bool(page.next), next=page.next or None)


@router.post(
    "/webhooks/{slug:webhook_id}/deliveries/{slug:delivery_id}/resend",
    response={200: DeliveryOut, _WRITE_ERRORS: Refusal},
)
@parameters.refuse_unknown
def resend_delivery(request: Request, webhook_id: str, delivery_id: str) -> DeliveryOut:
    """Send a delivery that was delivered, or has failed, once more, with the same `webhook-id`."""
    known = filter(is_public_id, [delivery_id])
    own = Delivery.objects.filter(endpoint=_own(request, webhook_id), public_id__in=list(known))
    delivery = own.select_related("message", "endpoint").first()
    if delivery is None:
        raise not_found("Delivery", delivery_id)
    if not _possible(lambda: service.resend(delivery)):
        raise ApiError(409, "not_possible_now", "This delivery is on its way already.")
    delivery.refresh_from_db(from_queryset=Delivery.objects.select_related("message"))
    return _serialize(delivery)


@router.post("/webhooks/{slug:webhook_id}/resend-failed", response={200: ResentOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def resend_failed_deliveries(request: Request, webhook_id: str, body: ResendIn) -> ResentOut:
    """Send all deliveries that failed since a time once more."""
    endpoint = _own(request, webhook_id)
    since = datetime.fromtimestamp(body.since, UTC)
    return ResentOut(count=_possible(lambda: service.resend_failed(endpoint, since)))


def _own(request: Request, webhook_id: str) -> Endpoint:
    known = filter(is_public_id, [webhook_id])
    own = Endpoint.objects.owned_by(request.auth.user).select_related("owner")
    endpoint = own.filter(public_id__in=list(known)).first()
    if endpoint is None:
        raise not_found("Webhook", webhook_id)
    return endpoint


def _possible(act: Callable[[], Result]) -> Result:
    try:
        return act()
    except service.NotPossibleError as error:
        raise ApiError(409, "not_possible_now", str(error)) from error


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.public_id,
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "description": endpoint.description,
        "studio_wide": endpoint.is_studio_wide,
        "state": endpoint.state,
        "problem": endpoint.problem,
        "failing_since": _unix_time(endpoint.failing_since),
        "delivered_at": _unix_time(endpoint.delivered_at),
        "created_at": _unix_time(endpoint.created_at),
    }


def _serialize(delivery: Delivery) -> DeliveryOut:
    fields: dict[str, Any] = {
        "id": delivery.public_id,
        "message_id": delivery.message.public_id,
        "kind": delivery.message.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "response_status": delivery.response_status,
        "response_body": delivery.response_body,
        "error": delivery.error,
        "duration_ms": delivery.duration_ms,
        "created_at": _unix_time(delivery.created_at),
        "attempted_at": _unix_time(delivery.attempted_at),
        "next_attempt_at": None if delivery.is_being_sent else _unix_time(delivery.due_at),
    }
    return DeliveryOut(**fields)


def _unix_time(moment: datetime | None) -> Any:
    return None if moment is None else int(moment.timestamp())
