"""Batches: kept once every row was checked, then started, paused, gone on with, canceled and retried.

What takes long is done by workers, portion by portion (`videos.services.batch_work`): here a batch is only
told what is to be done. Each of these is a compare-and-set, and returns whether it changed anything.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from billing.money import ZERO, format_money, to_money
from billing.spender import current_spender
from videos import lifecycle, subjects
from videos.capabilities import OfferCatalogue
from videos.engine import enqueue
from videos.models import Batch, BatchRow, BatchState, ReferenceImage, State, Video
from videos.models.batch import NAME_LIMIT
from videos.models.video_queries import VideoQuerySet
from videos.services.batch_check import CheckedBatch
from videos.services.batch_file import Row
from videos.services.storage_errors import storage_errors
from videos.services.videos import Quote
from videos.validation import clean_line, has_visible_text, is_storable, storable_text

TASK = "advance_batch"
_ROWS_SAVED = 1000  # in one transaction, so that nobody waits long for the database

# What a worker may be told to do to a batch that is under way.
_UNDER_WAY = (BatchState.CREATING, BatchState.STOPPED, BatchState.RUNNING, BatchState.RETRYING)


def digest_of(*parts: bytes) -> str:
    """Return the SHA-256 of all that was sent for a batch: the file, and what else decides over its rows."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def save_batch(
    owner: User,
    checked: CheckedBatch,
    *,
    name: str,
    digest: str,
    images: Mapping[str, ReferenceImage] | None = None,
    content: bytes = b"",
    file_name: str = "",
) -> Batch:
    """Keep a batch whose every row is valid, ready to start. Nothing is created or paid for yet.

    `images` are those that its rows name, `content` is the file as it was sent. What is cut off half-way is
    seen by nobody, and removed later. Raises `ValidationError` for an owner who may make nothing, and
    `StorageUnavailableError`.
    """
    roles.require_creator(owner)
    if checked.errors or not checked.rows:
        raise ValueError("A batch is kept once all of its rows are valid.")
    batch = _build_batch(owner, checked, file_name)
    batch.name, batch.digest = batch_name(name, file_name), digest
    with storage_errors("file"):
        if content:
            batch.file.save(file_name or "batch", ContentFile(content), save=False)
    batch.save()
    rows = _build_rows(batch, checked.rows, checked.quotes, images or {})
    while portion := list(islice(rows, _ROWS_SAVED)):
        BatchRow.objects.bulk_create(portion, batch_size=500)
    batch.state = BatchState.READY
    with transaction.atomic():
        batch.save(update_fields=["state"])
        record(Action.CREATED, subjects.batch(batch))
    return batch


def _build_batch(owner: User, checked: CheckedBatch, file_name: str) -> Batch:
    price, unpriced = checked.total
    return Batch(
        owner=owner,
        token=current_spender().token,
        file_name=storable_text(file_name, 255),
        row_count=len(checked.rows),
        estimate=ZERO if price is None else to_money(price.amount),
        unpriced=unpriced,
        # They quote the file, which may hold anything.
        warnings=[storable_text(warning, 2000) for warning in checked.warnings[:20]],
    )


def batch_name(name: str, file_name: str = "") -> str:
    """Return what a batch is called: as was written, else as its file."""
    for text in (name, file_name):
        if is_storable(text) and has_visible_text(text):
            return clean_line(text)[:NAME_LIMIT]
    return f"Batch of {timezone.localtime():%Y-%m-%d %H:%M}"


def _build_rows(
    batch: Batch, rows: Sequence[Row], quotes: Sequence[Quote], images: Mapping[str, ReferenceImage]
) -> Iterator[BatchRow]:
    taken = {row.custom_id for row in rows}
    for number, (row, each) in enumerate(zip(rows, quotes, strict=True), start=1):
        key = row.custom_id or f"#{number}"
        while not row.custom_id and key in taken:
            key = f"#{key}"
        yield BatchRow(
            batch=batch,
            number=number,
            place=row.place.name[:60],
            key=key,
            request=_request_of(row, images),
            price=_reserved_price(each),  # type: ignore[misc]
        )


def _reserved_price(quoted: Quote) -> Decimal | None:
    """Return what will be reserved for a row: nothing where its backend is free, None where nobody knows."""
    if not quoted.offer.backend.is_metered:
        return ZERO
    return None if quoted.price is None else to_money(quoted.price.amount)


def _request_of(row: Row, images: Mapping[str, ReferenceImage]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "prompt": row.prompt,
        "model": row.model,
        "seconds": row.seconds,
        "size": row.size,
        "fit": row.fit,
        "parameters": dict(row.parameters),
        "tags": list(row.tags),
        "references": [images[name].pk for name in row.references],
    }
    frames = {"reference": row.reference, "last_frame": row.last_frame}
    return fields | {column: images[name].pk for column, name in frames.items() if name}


def find_same(owner: User, digest: str) -> Batch | None:
    """Return the owner's latest batch of exactly this that was started; None if there is none."""
    return Batch.objects.owned_by(owner).filter(digest=digest, started_at__isnull=False).first()


# --- What its owner decides --------------------------------------------------------------------------------


def start_batch(batch: Batch, *, partly: bool = False) -> bool:
    """Have the videos of a batch created. Returns False if it was started before.

    Raises `RefusedPaymentError` where all of them together may not be paid for. With `partly`, a budget that
    has too little left stops it only when that is used up; it can go on later.
    """
    roles.require_creator(batch.owner)
    with transaction.atomic():
        if not partly:
            lifecycle.require_payable(batch.owner, list(_list_purchases(batch)))
        started = Batch.objects.filter(pk=batch.pk, state=BatchState.READY).update(
            state=BatchState.CREATING, started_at=timezone.now()
        )
        if started:
            record(Action.STARTED, subjects.batch(batch), note=f"At {format_money(batch.estimate)}.")
            enqueue.send_after_commit(TASK, batch.pk)
    return bool(started)


def pause_batch(batch: Batch) -> bool:
    """Create and start nothing more of it, until its owner goes on. What a backend works on goes on."""
    with transaction.atomic():
        under_way = Batch.objects.filter(pk=batch.pk, state__in=_UNDER_WAY, paused_at=None)
        paused = under_way.update(paused_at=timezone.now())
        if paused:
            record(Action.PAUSED, subjects.batch(batch))
    return bool(paused)


def resume_batch(batch: Batch) -> bool:
    """Go on with a batch that is paused or has stopped. Prices that have risen meanwhile are accepted."""
    with transaction.atomic():
        rows = Batch.objects.filter(pk=batch.pk)
        going_on = rows.filter(state=BatchState.STOPPED).update(
            state=BatchState.CREATING, problem="", takes_new_prices=True, paused_at=None
        )
        going_on += rows.filter(paused_at__isnull=False).update(paused_at=None)
        if going_on:
            record(Action.RESUMED, subjects.batch(batch))
            enqueue.send_after_commit(TASK, batch.pk)
    return bool(going_on)


def cancel_batch(batch: Batch) -> bool:
    """Cancel the rest: what is not created yet, and what no backend has been sent. That is free.

    What a backend works on goes on, because it is paid for. None of the others starts while it is canceled.
    """
    fields = {"paused_at": timezone.now(), "problem": ""}
    return _tell(batch, Action.CANCELED, _UNDER_WAY, BatchState.CANCELING, **fields)


def retry_failed(batch: Batch) -> bool:
    """Submit what has failed so far once more. Each is a new, paid job where its backend costs anything."""
    roles.require_creator(batch.owner)
    if not failed_videos(batch).exists():
        return False
    states = (BatchState.RUNNING, BatchState.COMPLETED)
    fields = {"retry_before": timezone.now(), "problem": "", "finished_at": None}
    return _tell(batch, Action.RETRIED, states, BatchState.RETRYING, **fields)


def discard_batch(batch: Batch) -> bool:
    """Forget a batch that was never started, and its file."""
    with transaction.atomic():
        deleted, _ = Batch.objects.filter(pk=batch.pk, state=BatchState.READY).delete()
        if deleted:
            record(Action.DELETED, subjects.batch(batch), note="It was never started.")
            delete_file_after_commit(batch)
    return bool(deleted)


def delete_file_after_commit(batch: Batch) -> None:
    """Delete the file of a batch that is deleted, once its row is gone."""
    stored = batch.file
    if stored:
        transaction.on_commit(lambda: stored.storage.delete(str(stored.name)), robust=True)


def failed_videos(batch: Batch) -> VideoQuerySet:
    """The videos of the batch that have failed; those in the trash are left alone."""
    return Video.objects.filter(batch=batch, state=State.FAILED, deleted_at=None, trashed_at=None)


def _tell(
    batch: Batch, action: Action, states: Iterable[BatchState], state: BatchState, **fields: Any
) -> bool:
    with transaction.atomic():
        told = Batch.objects.filter(Q(state__in=list(states)), pk=batch.pk).update(state=state, **fields)
        if told:
            record(action, subjects.batch(batch))
            enqueue.send_after_commit(TASK, batch.pk)
    return bool(told)


def _list_purchases(batch: Batch) -> Iterator[tuple[str, str, Decimal | None]]:
    """Yield model, backend and price of each row that costs something."""
    offers = OfferCatalogue()
    rows = batch.rows.order_by("number").exclude(price=ZERO).values_list("request__model", "price")
    for model, price in rows.iterator(chunk_size=2000):
        offer = offers.get(model)
        yield model, offer.backend.name if offer else "", price
