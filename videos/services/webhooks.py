"""Webhooks of backends: hints to look at a job now, and nothing more.

What the job has become is asked of the backend, as with every other poll. So a webhook that lies, comes twice
or comes too early changes nothing but when that is.
"""

import logging
import secrets
from collections.abc import Mapping
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone

from videos import lifecycle
from videos.backends import webhooks
from videos.backends.webhooks import BadSignatureError
from videos.engine import callbacks, enqueue, safe_cache
from videos.models import Backend, Video, WebhookReceipt
from videos.models.backend import DEFAULT_SERVICE
from videos.validation import is_storable

logger = logging.getLogger(__name__)

HINT_INTERVAL = 10.0  # seconds in which a job is hinted at once, however many webhooks come
REMEMBERED_FOR = 24 * 3600.0  # seconds for which an unsigned webhook is known again


class WebhookRefusedError(Exception):
    """The webhook is not taken: nobody with the right to send it did."""


class RepeatedWebhookError(Exception):
    """The same webhook has come before."""


def receive_signed(backend_id: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Take a webhook about any job of the backend, signed with its secret.

    Returns whether a look at the job was hastened. Raises `WebhookRefusedError`, for a backend that does not
    exist too, which takes as long, or `RepeatedWebhookError`.
    """
    backend = Backend.objects.filter(pk=backend_id).first()
    _take_signed(backend, headers, body)
    job_id = webhooks.find_job_id(body)
    if job_id is None or not is_storable(job_id):
        return False
    return _hasten(Video.objects.filter(backend=backend_id, backend_job_id=job_id).first())


def receive_for_video(
    backend_id: int, public_id: str, ticket: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """Take a webhook about one video, from whoever was told its ticket; it must also be signed where the
    backend's secret is known. Returns and raises as `receive_signed` does.
    """
    if not callbacks.is_ticket(public_id, ticket):
        raise WebhookRefusedError(f"the ticket is not that of {public_id}")
    video = Video.objects.filter(public_id=public_id, backend=backend_id).select_related("backend").first()
    if video is not None and video.backend.webhook_secret_env:
        _take_signed(video.backend, headers, body)
    elif not safe_cache.add(f"webhook:{public_id}:{sha256(body).hexdigest()}", timeout=REMEMBERED_FOR):
        raise RepeatedWebhookError
    return _hasten(video)


def _take_signed(backend: Backend | None, headers: Mapping[str, str], body: bytes) -> None:
    """Verify the webhook and keep its receipt. Raises `WebhookRefusedError` or `RepeatedWebhookError`."""
    secret = backend.webhook_secret if backend is not None else ""
    service = backend.service if backend is not None else DEFAULT_SERVICE
    now = timezone.now().timestamp()
    try:
        identity = webhooks.verify(service, secret or secrets.token_hex(), headers, body, now=now)
    except BadSignatureError as error:
        raise WebhookRefusedError(f"{backend or 'an unknown backend'}: {error}") from error
    if backend is None or not secret:
        raise WebhookRefusedError(f"{backend or 'an unknown backend'} has no secret")
    try:
        with transaction.atomic():
            WebhookReceipt.objects.create(
                backend=backend, digest=sha256(identity.encode(errors="replace")).hexdigest()
            )
    except IntegrityError as error:
        raise RepeatedWebhookError from error


def _hasten(video: Video | None) -> bool:
    """Have the video's job polled now, if it runs. A video whose job is not known yet is found as always."""
    if video is None or not safe_cache.add(f"webhook-hint:{video.pk}", timeout=HINT_INTERVAL):
        return False
    hastened = lifecycle.hasten_poll(video.pk, video.backend_job_id)
    if hastened:
        enqueue.send_after_commit("poll_backend", video.backend_id)
    return hastened
