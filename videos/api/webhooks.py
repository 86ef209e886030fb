"""Where services call back. They have no account: a signature, or the ticket in the address, is what counts.

Every refusal reads the same, so that nobody learns which backends there are. The log has the reason.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase

from accounts.client_address import client_network
from videos.api.bodies import receive
from videos.api.contract import Contract
from videos.api.errors import ApiError
from videos.api.http import with_error_shape
from videos.api.rate_limit import enforce_rate_limit
from videos.services import webhooks

logger = logging.getLogger(__name__)

MAX_BODY = 64 * 1024  # bytes

CONTRACT = Contract(
    name="webhooks",
    max_body_size=lambda: MAX_BODY,
    json_may_hold_files=True,
    invalid_status=400,
    wrong_type_code="invalid_value",
    body_param=None,
    too_large_code="too_large",
    unreadable_code="bad_request",
    internal_error_code="internal_error",
    cache_control={"no_store": True},
    field_names={},
)


@with_error_shape(CONTRACT)
def of_backend(request: HttpRequest, backend_id: int) -> HttpResponseBase:
    """POST /webhooks/{backend}: about any job of the backend, signed with its secret."""
    return _take(request, lambda body: webhooks.receive_signed(backend_id, request.headers, body))


@with_error_shape(CONTRACT)
def of_video(request: HttpRequest, backend_id: int, public_id: str, ticket: str) -> HttpResponseBase:
    """POST /webhooks/{backend}/{video}/{ticket}: about one video, from whoever was told the address."""
    return _take(
        request,
        lambda body: webhooks.receive_for_video(backend_id, public_id, ticket, request.headers, body),
    )


def _take(request: HttpRequest, receive_webhook: Callable[[bytes], bool]) -> HttpResponseBase:
    """Answer 202 to a webhook that was taken, whatever it is about: its sender learns nothing of the job."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not settings.PUBLIC_URL:
        raise ApiError(404, "not_found", "This studio takes no webhooks.")
    enforce_rate_limit(f"webhooks:{client_network(request)}")
    receive(request)
    try:
        receive_webhook(request.read(MAX_BODY))
    except webhooks.WebhookRefusedError as error:
        logger.info("A webhook was refused: %s", error)
        raise ApiError(401, "webhook_refused", "This webhook is not taken.") from error
    except webhooks.RepeatedWebhookError as error:
        raise ApiError(409, "webhook_repeated", "This webhook has come before.") from error
    return JsonResponse({"received": True}, status=202)
