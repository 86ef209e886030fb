"""Endpoints that the studio gives up on: nothing is sent any more, and their owners are told."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import formats, languages
from contentgen.public_url import public_address
from contentgen.stored_texts import translated
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from webhooks.problems import NOT_SENT

logger = logging.getLogger(__name__)

_LEAST_FAILURES = 10  # before an endpoint is given up on: one that hears little fails seldom


def is_given_up(endpoint: Endpoint, now: datetime) -> bool:
    """Whether an endpoint has failed for so long that trying makes no more sense."""
    patience = timedelta(days=settings.WEBHOOK_DISABLE_AFTER_DAYS)
    since = endpoint.failing_since
    return since is not None and now - since >= patience and endpoint.failures >= _LEAST_FAILURES


def disable(endpoint: Endpoint, problem: str) -> None:
    """Stop sending to an endpoint, fail what waits for it, and mail its owner, in one transaction.

    What failed can be sent again once the owner has turned it on.
    """
    with transaction.atomic():
        alive = Endpoint.objects.filter(pk=endpoint.pk).exclude(state=EndpointState.DISABLED)
        if not alive.update(state=EndpointState.DISABLED, problem=problem[:300]):
            return
        fail_pending(endpoint, NOT_SENT)
        _mail_owner(endpoint, problem)
    logger.warning("Webhook %s of %s is disabled: %s", endpoint.public_id, endpoint.owner_id, problem)


def fail_pending(endpoint: Endpoint, error: str) -> int:
    """Fail all that waits for an endpoint, also what a worker is sending. Returns how much it was."""
    pending = Delivery.objects.filter(endpoint=endpoint, due_at__isnull=False)
    return pending.update(
        state=DeliveryState.FAILED, due_at=None, lease_token="", finished_at=timezone.now(), error=error
    )


def _mail_owner(endpoint: Endpoint, problem: str) -> None:
    """Queue a message to the owner. One without an address reads it on the page."""
    if not endpoint.owner.email:
        return
    page = public_address(reverse("webhooks:endpoint", args=[endpoint.public_id]))
    with languages.override_for(endpoint.owner), formats.override(endpoint.owner.date_style):
        context = {"endpoint": endpoint, "problem": translated(problem), "page": page}
        send_mail(
            render_to_string("webhooks/email/disabled_subject.txt", context).strip(),
            render_to_string("webhooks/email/disabled_message.txt", context),
            None,
            [endpoint.owner.email],
        )
