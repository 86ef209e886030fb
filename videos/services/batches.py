"""Batches: kept once every row was checked, then started, paused, gone on with, canceled and retried.

What takes long is done by workers, portion by portion (`videos.services.batch_work`): here a batch is only
told what is to be done. Each of these is a compare-and-set, and returns whether it changed anything.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from billing.approval import approved_most
from billing.money import ZERO, format_money, to_money
from billing.spender import current_spender
from videos import lifecycle, subjects
from videos.capabilities import OfferCatalogue
from videos.engine import enqueue, waiting_requests
from videos.lifecycle import Wanted
from videos.models import (
    ApprovalRequest,
    ApprovalState,
    Batch,
    BatchRow,
    BatchState,
    Collection,
    ReferenceImage,
    RowState,
    State,
    StudioState,
    Video,
)
from videos.models.batch import NAME_LIMIT
from videos.models.video_queries import VideoQuerySet
from videos.services.batch_check import CheckedBatch
from videos.services.batch_file import Row
from videos.services.generation_requests import GenerationRequest, Quote, fitting_offer
from videos.services.prices import price_for, price_of_another
from videos.services.storage_errors import storage_errors
from videos.validation import clean_line, has_visible_text, is_storable, storable_text

TASK = "advance_batch"
# Of maybe thousands of videos whose prices are summed up.
LONG_FIELDS = ("prompt", "search_text", "error_message", "error_detail", "note", "parameters")
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
    rows = _build_rows(batch, checked, images or {})
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
    return gettext("Batch of %(time)s") % {"time": f"{timezone.localtime():%Y-%m-%d %H:%M}"}


def _build_rows(
    batch: Batch, checked: CheckedBatch, images: Mapping[str, ReferenceImage]
) -> Iterator[BatchRow]:
    taken = {row.custom_id for row in checked.rows}
    for number, (row, each) in enumerate(zip(checked.rows, checked.quotes, strict=True), start=1):
        key = row.custom_id or f"#{number}"
        while not row.custom_id and key in taken:
            key = f"#{key}"
        yield BatchRow(
            batch=batch,
            number=number,
            place=row.place.name[:60],
            key=key,
            request=_request_of(row, images, checked.collections),
            price=_reserved_price(each),  # type: ignore[misc]
        )


def _reserved_price(quoted: Quote) -> Decimal | None:
    """Return what will be reserved for a row: nothing where its backend is free, None where nobody knows."""
    if not quoted.offer.backend.is_metered:
        return ZERO
    return None if quoted.price is None else to_money(quoted.price.amount)


def _request_of(
    row: Row, images: Mapping[str, ReferenceImage], collections: Mapping[str, Collection]
) -> dict[str, Any]:
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
    fields |= {column: images[name].pk for column, name in frames.items() if name}
    return fields | ({"collection": collections[row.collection].pk} if row.collection else {})


def find_same(owner: User, digest: str) -> Batch | None:
    """Return the owner's latest batch of exactly this that was started, or waits for approval to be; None if
    there is none.
    """
    same = Batch.objects.owned_by(owner).filter(digest=digest)
    return same.with_waiting().filter(Q(started_at__isnull=False) | Q(awaits_approval=True)).first()


# --- What its owner decides --------------------------------------------------------------------------------


def start_batch(batch: Batch, *, partly: bool = False) -> bool:
    """Have the videos of a batch created. Returns False if it was started before.

    Its price is that of one request: raises `RefusedPaymentError` where all of it may not be paid for, or a
    manager has to approve it. With `partly`, a budget that has too little left stops it only when that is
    used up; it can go on later.
    """
    roles.require_creator(batch.owner)
    with transaction.atomic():
        if not _is_in(batch, BatchState.READY):
            return False
        require_startable(batch, partly=partly)
        return _tell(
            batch,
            Action.STARTED,
            [BatchState.READY],
            BatchState.CREATING,
            note=f"At {format_money(batch.estimate)}.",
            started_at=timezone.now(),
            agreed_left=approved_most(batch.owner, current_spender()),
        )


def require_startable(batch: Batch, *, partly: bool = False) -> None:
    """Raise `RefusedPaymentError` where `start_batch` would for what the batch costs. In a transaction."""
    wanted = list(_list_wanted(batch))
    if partly:
        lifecycle.require_agreed(batch.owner, wanted)
    else:
        lifecycle.require_payable(batch.owner, wanted)


def pause_batch(batch: Batch) -> bool:
    """Create and start nothing more of it, until its owner goes on. What a backend works on goes on."""
    with transaction.atomic():
        StudioState.objects.lock_submissions()
        under_way = Batch.objects.filter(pk=batch.pk, state__in=_UNDER_WAY, paused_at=None)
        paused = under_way.update(paused_at=timezone.now())
        if paused:
            record(Action.PAUSED, subjects.batch(batch))
    return bool(paused)


def resume_batch(batch: Batch) -> bool:
    """Go on with a batch that is paused or has stopped. Prices that have risen meanwhile are accepted.

    Raises `RefusedPaymentError` where what is left of it costs more by now than was agreed to, so that a
    manager has to approve it.
    """
    with transaction.atomic():
        rows = Batch.objects.filter(pk=batch.pk)
        stopped = rows.select_for_update().filter(state=BatchState.STOPPED).first()
        changes = {"agreed_left": _agree_to_rest(stopped)} if stopped else {}
        going_on = rows.filter(state=BatchState.STOPPED).update(
            state=BatchState.CREATING, problem="", takes_new_prices=True, paused_at=None, **changes
        )
        going_on += rows.filter(paused_at__isnull=False).update(paused_at=None)
        if going_on:
            record(Action.RESUMED, subjects.batch(batch))
            enqueue.send_after_commit(TASK, batch.pk)
    return bool(going_on)


def _agree_to_rest(batch: Batch) -> Decimal | None:
    """Return what may be reserved for what is left of it. Raises `RefusedPaymentError` as `resume_batch`."""
    agreed: Decimal | None = batch.agreed_left
    rest = [] if agreed is None else list(_list_rest(batch))
    if agreed is None or sum((each.price or ZERO for each in rest), ZERO) <= agreed:
        return agreed
    lifecycle.require_agreed(batch.owner, rest, limit=agreed)
    return approved_most(batch.owner, current_spender())


def cancel_batch(batch: Batch) -> bool:
    """Cancel the rest: what is not created yet, and what no backend has been sent. That is free.

    What a backend works on goes on, because it is paid for. None of the others starts while it is canceled.
    """
    _withdraw_requests(batch)
    fields: dict[str, Any] = {"paused_at": timezone.now(), "problem": ""}
    return _tell(batch, Action.CANCELED, _UNDER_WAY, BatchState.CANCELING, **fields)


def retry_failed(batch: Batch) -> bool:
    """Submit what has failed so far once more. Each is a new, paid job where its backend costs anything.

    Together they are one request. Raises `RefusedPaymentError` for a price that nobody agreed to, or that a
    manager has to approve; a budget that has too little left stops it only when that is used up.
    """
    roles.require_creator(batch.owner)
    states = (BatchState.RUNNING, BatchState.COMPLETED)
    with transaction.atomic():
        failed = list(failed_videos(batch).select_related("backend").defer(*LONG_FIELDS))
        if not failed or not _is_in(batch, *states):
            return False
        lifecycle.require_agreed(batch.owner, [_wanted_again(video) for video in failed if is_paid(video)])
        return _tell(
            batch,
            Action.RETRIED,
            states,
            BatchState.RETRYING,
            retry_before=timezone.now(),
            problem="",
            finished_at=None,
            agreed_left=approved_most(batch.owner, current_spender()),
        )


def discard_batch(batch: Batch) -> bool:
    """Forget a batch that was never started, and its file. What it waits for is withdrawn."""
    with transaction.atomic():
        _withdraw_requests(batch)
        deleted, _ = Batch.objects.filter(pk=batch.pk, state=BatchState.READY).delete()
        if deleted:
            record(Action.DELETED, subjects.batch(batch), note=gettext_noop("It was never started."))
            delete_file_after_commit(batch)
    return bool(deleted)


def delete_file_after_commit(batch: Batch) -> None:
    """Delete the file of a batch that is deleted, once its row is gone."""
    stored = batch.file
    if stored:
        transaction.on_commit(lambda: stored.storage.delete(str(stored.name)), robust=True)


def _withdraw_requests(batch: Batch) -> None:
    waiting = ApprovalRequest.objects.filter(batch=batch, state=ApprovalState.WAITING)
    for pk in list(waiting.values_list("pk", flat=True)):
        waiting_requests.end(pk, ApprovalState.WITHDRAWN, now=timezone.now())


def failed_videos(batch: Batch) -> VideoQuerySet:
    """The videos of the batch that have failed; those in the trash are left alone."""
    return Video.objects.filter(batch=batch, state=State.FAILED, deleted_at=None, trashed_at=None)


def is_paid(video: Video) -> bool:
    """Whether submitting the video costs anything."""
    return video.backend.is_metered


def price_again(video: Video) -> Decimal:
    """Return what is reserved where the video is submitted once more; nothing where nobody knows a price."""
    price = price_of_another(video) if is_paid(video) else None
    return ZERO if price is None else to_money(price.amount)


def _wanted_again(video: Video) -> Wanted:
    price = price_of_another(video)
    return Wanted(video.model, video.backend.name, None if price is None else price.amount, video.made_in_id)


def _is_in(batch: Batch, *states: BatchState) -> bool:
    """Whether the batch is in one of these states, in which it stays until the transaction ends."""
    return Batch.objects.select_for_update().filter(pk=batch.pk, state__in=states).first() is not None


def _tell(
    batch: Batch,
    action: Action,
    states: Iterable[BatchState],
    state: BatchState,
    *,
    note: str = "",
    **fields: Any,
) -> bool:
    with transaction.atomic():
        told = Batch.objects.filter(Q(state__in=list(states)), pk=batch.pk).update(state=state, **fields)
        if told:
            record(action, subjects.batch(batch), note=note)
            enqueue.send_after_commit(TASK, batch.pk)
    return bool(told)


def _list_wanted(batch: Batch) -> Iterator[Wanted]:
    """Yield what is to be paid for each row that costs something, at the prices that were shown."""
    offers = OfferCatalogue()
    rows = batch.rows.order_by("number").exclude(price=ZERO)
    columns = rows.values_list("request__model", "request__collection", "price")
    for model, collection, price in columns.iterator(chunk_size=2000):
        offer = offers.get(model)
        yield Wanted(model, offer.backend.name if offer else "", price, collection)


def _list_rest(batch: Batch) -> Iterator[Wanted]:
    """Yield what is to be paid for each row that is no video yet, at the prices of now."""
    offers = OfferCatalogue()
    waiting = batch.rows.filter(state=RowState.WAITING, video=None).order_by("number")
    for fields in waiting.values_list("request", flat=True).iterator(chunk_size=2000):
        if (offer := offers.get(fields["model"])) is None:
            continue  # its row will be refused
        request = GenerationRequest(
            fields["prompt"],
            fields["model"],
            fields["seconds"],
            fields["size"],
            parameters=fields["parameters"],
        )
        offer = fitting_offer(request, offer, count_images(fields))
        if offer.backend.is_metered:
            price = price_for(offer, request.seconds, request.size)
            amount = None if price is None else price.amount
            yield Wanted(request.model, offer.backend.name, amount, fields.get("collection"))


def count_images(fields: Mapping[str, Any]) -> dict[str, int]:
    """Return how many images the request of a row has, by field."""
    counts = {name: 1 for name in ("reference", "last_frame") if name in fields}
    return counts | ({"references": len(fields["references"])} if fields["references"] else {})
