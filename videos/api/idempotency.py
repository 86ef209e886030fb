"""Requests that create a video are carried out once, even if they arrive twice."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from billing.spender import spending
from videos.api.auth import Caller
from videos.api.errors import ApiError
from videos.models import ApprovalRequest, ApprovalState, Batch, IdempotencyRecord, Video

Made = TypeVar("Made", Video, Video | ApprovalRequest)

KEY_LIMIT = 255  # characters of an Idempotency-Key
# A client of OpenAI's SDK waits up to 600 s for a reply before it asks again, up to twice (openai 3.54.0).
RETRY_WINDOW = timedelta(minutes=30)
# How much later than its own retry a first request may still arrive: it was on its way all the time.
LATE_WINDOW = timedelta(minutes=2)


def compute_fingerprint(
    action: str, fields: Mapping[str, object], files: Mapping[str, bytes] | None = None
) -> str:
    """Return the SHA-256 that two requests share if they ask for the same: action, fields and files.

    The bytes of a multipart body cannot be compared: its boundary differs each time.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in (files or {}).items()}
    content = json.dumps([action, fields, digests], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def create_once(
    caller: Caller, fingerprint: str, create: Callable[[], Made], *, key: str = "", retry_count: int = 0
) -> tuple[Made, bool]:
    """Return the video that `create` creates, or that of an earlier request that this one repeats; or what
    waits for a manager's approval, where `create` may return that.

    Also returns whether it is new. `key` is the request's Idempotency-Key, `retry_count` how often the
    client says that it has sent the request before (`x-stainless-retry-count`). Requests of one person take
    turns here, so two at the same instant create one video. Raises `ApiError` 409 for a key that was used for
    something else, or whose video was deleted since; and whatever `create` raises, keeping nothing.
    """
    _require_usable(key)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=caller.user.pk)
        if key:
            earlier = _find_by_key(caller, fingerprint, key)
        else:
            earlier = _find_repeated(caller, fingerprint, retry_count)
        if earlier is not None:
            return earlier, False  # type: ignore[return-value]  # what `create` may return
        with spending(token=caller.token, confirmed_price=caller.confirmed_price):
            made = create()
        IdempotencyRecord.objects.create(
            owner=caller.user,
            token=caller.token,
            key=key,
            fingerprint=fingerprint,
            video=made if isinstance(made, Video) else None,
            approval=made if isinstance(made, ApprovalRequest) else None,
            is_original_pending=retry_count > 0 and not key,
        )
    return made, True


def find_batch(caller: Caller, fingerprint: str, key: str) -> Batch | None:
    """Return the batch that an earlier request with this key made; None for a new key.

    Raises `ApiError` 409 for a key that was used for something else.
    """
    _require_usable(key)
    record = _get_record(caller, fingerprint, key)
    return record.batch if record else None


def remember_batch(caller: Caller, fingerprint: str, key: str, batch: Batch) -> None:
    """Note that the request with this key made the batch. Its person's row must be locked."""
    IdempotencyRecord.objects.create(
        owner=caller.user, token=caller.token, key=key, fingerprint=fingerprint, batch=batch
    )


def _require_usable(key: str) -> None:
    if len(key) > KEY_LIMIT or "\x00" in key:
        raise ApiError(
            400,
            "invalid_value",
            f"An Idempotency-Key has at most {KEY_LIMIT} characters, none of them NUL.",
            param="Idempotency-Key",
        )


def _find_by_key(caller: Caller, fingerprint: str, key: str) -> Video | ApprovalRequest | None:
    record = _get_record(caller, fingerprint, key)
    if record is None:
        return None
    if record.approval is not None and record.approval.state != ApprovalState.APPROVED:
        return record.approval
    if record.video is None or record.video.deleted_at is not None:
        raise ApiError(
            409, "video_deleted", "The video of this Idempotency-Key was deleted.", param="Idempotency-Key"
        )
    return record.video


def _get_record(caller: Caller, fingerprint: str, key: str) -> IdempotencyRecord | None:
    record = _records().filter(owner=caller.user, key=key).first()
    if record is not None and record.fingerprint != fingerprint:
        raise ApiError(
            409,
            "idempotency_key_reused",
            "This Idempotency-Key was used for a request that asked for something else.",
            param="Idempotency-Key",
        )
    return record


def _find_repeated(caller: Caller, fingerprint: str, retry_count: int) -> Video | ApprovalRequest | None:
    """Return what came of the request that this one repeats, or overtook; None for a new request."""
    since = timezone.now() - RETRY_WINDOW
    # Someone who deletes a video and asks for the same again wants another.
    is_there = Q(video__isnull=False, video__deleted_at=None) | (
        Q(approval__isnull=False) & ~Q(approval__state=ApprovalState.APPROVED)
    )
    same = _records().filter(
        is_there,
        owner=caller.user,
        token=caller.token,
        fingerprint=fingerprint,
        key="",
        created_at__gte=since,
    )
    if retry_count > 0:
        record = same.first()
        return _result_of(record) if record else None
    # A first request may arrive after its own retry; then it does not ask for another video.
    late = timezone.now() - LATE_WINDOW
    overtaken = same.filter(is_original_pending=True, created_at__gte=late).first()
    if overtaken is None:
        return None
    IdempotencyRecord.objects.filter(pk=overtaken.pk).update(is_original_pending=False)
    return _result_of(overtaken)


def _records() -> QuerySet[IdempotencyRecord]:
    related = IdempotencyRecord.objects.select_related("video", "approval", "batch")
    return related.defer("approval__data")


def _result_of(record: IdempotencyRecord) -> Video | ApprovalRequest | None:
    return record.video or record.approval
