"""Batches: made from rows or a file, followed, and acted on."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from accounts.models import User
from billing.money import plain_amount
from billing.spender import spending
from videos.api import idempotency
from videos.api.auth import Caller
from videos.api.bodies import FORM_TYPES, read_form, read_json_object
from videos.api.errors import ApiError, not_found
from videos.api.rest import parameters
from videos.api.rest.api import CONTRACT, Request
from videos.api.rest.approvals import serialize_approval
from videos.api.rest.batch_schemas import (
    BatchDeletedOut,
    BatchIn,
    BatchListIn,
    BatchOut,
    BatchPageOut,
    BatchSummaryOut,
    CountsOut,
    RowOut,
    RowPageOut,
    RowsIn,
    RowStatus,
    StartIn,
)
from videos.api.rest.create import refuse_fields
from videos.api.rest.document import BATCH_BODY
from videos.api.rest.schemas import KeyIn, Refusal
from videos.models import ApprovalRequest, Batch, BatchRow, BatchState
from videos.models.keyset import KeysetOrder, take_page
from videos.services import batches as service
from videos.services.batch_approvals import approval_of, resume_or_ask, retry_or_ask, start_or_ask
from videos.services.batch_input import BatchInput, check_input, save_input
from videos.services.batch_progress import KINDS, kind_of, read_progress
from videos.services.batch_record import RowError
from videos.validation import is_public_id

MAX_FAULTS = 100  # in one answer

router = Router()
_ERRORS = frozenset({400, 401, 404, 405, 422, 429, 500, 503})
_WRITE_ERRORS = _ERRORS | {402, 403, 409, 413}
_ASKING: dict[Any, Any] = {200: BatchOut, 202: BatchOut, _WRITE_ERRORS: Refusal}

Answer = BatchOut | Status[BatchOut]  # a batch that waits for approval is answered with 202


@router.post(
    "/batches",
    response=_ASKING,
    openapi_extra={"requestBody": BATCH_BODY},
)
@parameters.refuse_unknown
def create_batch(request: Request, response: HttpResponse, keyed: Header[KeyIn]) -> Answer:
    """Make a batch of rows or of a file. Every row is checked before anything is created: where one is wrong,
    the answer is 422 with `faults`, and nothing is kept. It starts at once unless `start` is false; where its
    price needs a manager's approval, the answer is 202, and it starts once that is given.
    """
    fields, sent = _parse(request)
    caller, asked = request.auth, _fingerprint(fields, sent)
    if keyed.key and (same := idempotency.find_batch(caller, asked, keyed.key)):
        response["Idempotent-Replayed"] = "true"
        return _answer(request, same)
    checked, images = check_input(caller.user, sent)
    if checked.errors:
        raise _invalid_rows(checked.errors)
    with spending(token=caller.token, confirmed_price=caller.confirmed_price):
        batch = save_input(caller.user, sent, checked, images)
        return _answer(request, _begin(caller, batch, fields, asked, keyed.key))


def _fingerprint(fields: BatchIn, sent: BatchInput) -> str:
    """Return what two requests share that ask for the same batch."""
    archive = ""
    if sent.archive:
        archive = _sha256_of(sent.archive)
    asked = {"file": sent.file_name, "images": archive, **fields.model_dump()}
    return idempotency.compute_fingerprint("batch", asked, {"content": sent.content})


def _sha256_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := file.read(1 << 20):
        digest.update(part)
    file.seek(0)
    return digest.hexdigest()


def _begin(caller: Caller, batch: Batch, fields: BatchIn, asked: str, key: str) -> Batch:
    """Start the batch where that was asked for, or raise and forget it. Of two requests with the same key at
    once, the second returns the batch of the first.
    """
    try:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=caller.user.pk)
            same = idempotency.find_batch(caller, asked, key) if key else None
            if same is None and fields.start:
                start_or_ask(batch, partly=fields.partly)
            if same is None and key:
                idempotency.remember_batch(caller, asked, key, batch)
    except Exception:
        service.discard_batch(batch)
        raise
    if same is not None:
        service.discard_batch(batch)
        return same
    batch.refresh_from_db()
    return batch


@router.get("/batches", response={200: BatchPageOut, _ERRORS: Refusal})
@parameters.refuse_unknown
def list_batches(request: Request, query: Query[BatchListIn]) -> BatchPageOut:
    """List your batches, the newest first, a page at a time."""
    order, rows = KeysetOrder(), Batch.objects.owned_by(request.auth.user).with_waiting()
    if query.after:
        position = order.position_of(rows.filter(public_id=query.after))
        if position is None:
            raise ApiError(404, "not_found", "There is no such batch to go on from.", param="after")
        rows = order.after(rows, position)
    found, has_more = take_page(order.sort(rows), query.limit)
    return BatchPageOut(
        data=[BatchSummaryOut(**_summary_of(batch, awaits=batch.awaits_approval)) for batch in found],
        has_more=has_more,
        next=found[-1].public_id if has_more else None,
    )


@router.get("/batches/{slug:batch_id}", response={200: BatchOut, _ERRORS: Refusal})
@parameters.refuse_unknown
def retrieve_batch(request: Request, batch_id: str) -> BatchOut:
    """Return a batch: how far it is, what is spent, and how long it will take."""
    return _batch_out(request, _get_batch(request, batch_id))


@router.get("/batches/{slug:batch_id}/rows", response={200: RowPageOut, _ERRORS: Refusal})
@parameters.refuse_unknown
def batch_rows(request: Request, batch_id: str, query: Query[RowsIn]) -> RowPageOut:
    """List the rows of a batch in the order of the file, a page at a time, with the videos that they are."""
    rows = _get_batch(request, batch_id).rows.order_by("number").select_related("video")
    found, has_more = take_page(rows.filter(number__gt=query.after), query.limit)
    return RowPageOut(
        data=[_row_out(row) for row in found],
        has_more=has_more,
        next=found[-1].number if has_more else None,
    )


# --- Acting ------------------------------------------------------------------------------------------------


@router.post("/batches/{slug:batch_id}/start", response=_ASKING)
@parameters.refuse_unknown
def start_batch(request: Request, batch_id: str, query: Query[StartIn]) -> Answer:
    """Start a batch that was made with `start` false. Where its price needs a manager's approval, the answer
    is 202, and it starts once that is given.
    """
    return _act(request, batch_id, lambda batch: start_or_ask(batch, partly=query.partly))


@router.post("/batches/{slug:batch_id}/pause", response={200: BatchOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def pause_batch(request: Request, batch_id: str) -> Answer:
    """Start nothing more of a batch. What backends work on goes on."""
    return _act(request, batch_id, service.pause_batch)


@router.post("/batches/{slug:batch_id}/resume", response=_ASKING)
@parameters.refuse_unknown
def resume_batch(request: Request, batch_id: str) -> Answer:
    """Go on with a batch that is paused, or that has stopped for the reason in `problem`."""
    return _act(request, batch_id, resume_or_ask)


@router.post("/batches/{slug:batch_id}/cancel", response={200: BatchOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def cancel_batch(request: Request, batch_id: str) -> Answer:
    """Cancel what no backend has been sent, which is free. What backends work on goes on."""
    return _act(request, batch_id, service.cancel_batch)


@router.post("/batches/{slug:batch_id}/retry", response=_ASKING)
@parameters.refuse_unknown
def retry_batch(request: Request, batch_id: str) -> Answer:
    """Submit what has failed as new jobs, each charged at its price. What fails later is left alone."""
    return _act(request, batch_id, retry_or_ask)


@router.delete("/batches/{slug:batch_id}", response={200: BatchDeletedOut, _WRITE_ERRORS: Refusal})
@parameters.refuse_unknown
def discard_batch(request: Request, batch_id: str) -> BatchDeletedOut:
    """Forget a batch that was never started."""
    batch = _get_batch(request, batch_id)
    if not service.discard_batch(batch):
        raise _not_possible(batch)
    return BatchDeletedOut(id=batch_id)


def _act(request: Request, batch_id: str, act: Callable[[Batch], bool | ApprovalRequest]) -> Answer:
    refuse_fields(request)
    batch = _get_batch(request, batch_id)
    with spending(token=batch.token, confirmed_price=request.auth.confirmed_price):
        done = act(batch)
    if done is False:
        raise _not_possible(batch)
    batch.refresh_from_db()
    if isinstance(done, ApprovalRequest):
        return Status(202, _batch_out(request, batch))
    return _batch_out(request, batch)


def _not_possible(batch: Batch) -> ApiError:
    return ApiError(409, "not_possible_now", f"This is not possible for a batch that is {batch.state}.")


def _get_batch(request: Request, batch_id: str) -> Batch:
    own = Batch.objects.owned_by(request.auth.user).select_related("owner", "token")
    batch = own.filter(public_id=batch_id).first() if is_public_id(batch_id) else None
    if batch is None:
        raise not_found("Batch", batch_id)
    return batch


# --- Reading and writing JSON ------------------------------------------------------------------------------


def _parse(request: HttpRequest) -> tuple[BatchIn, BatchInput]:
    """Read a JSON object with `rows`, or a form with a `file`. Raises `ApiError` or pydantic's error."""
    files: dict[str, UploadedFile[bytes]] = {}
    if request.content_type in FORM_TYPES:
        texts, uploads = read_form(request, CONTRACT)
        given: dict[str, Any] = {name: values[-1] for name, values in texts.items()}
        files = {name: uploads[name][0] for name in ("file", "images") if uploads.get(name)}
        given |= {name: each for name, each in uploads.items() if name not in files}
    else:
        given = read_json_object(request, CONTRACT)
    fields = BatchIn.model_validate(given)
    file, archive = files.get("file"), files.get("images")
    _require_bounded(file, settings.MAX_BATCH_FILE_SIZE, "file")
    _require_bounded(archive, settings.MAX_BATCH_ZIP_SIZE, "images")
    sent = BatchInput(
        name=fields.name,
        content=file.read() if file else b"",
        file_name=(file.name or "batch.csv") if file else "",
        table=json.dumps(fields.rows) if fields.rows else "",
        template=fields.template,
        archive=cast(BinaryIO, archive.file) if archive else None,
        defaults={"collection": fields.collection} if fields.collection else {},
    )
    return fields, sent


def _require_bounded(file: "UploadedFile[bytes] | None", limit: int, name: str) -> None:
    if file and (file.size or 0) > limit:
        raise ApiError(413, "too_large", f"The {name} has more than {limit / 1048576:.3g} MB.", param=name)


def _invalid_rows(errors: list[RowError]) -> ApiError:
    faults = [
        {"place": each.place.name, "column": each.column, "message": each.message}
        for each in errors[:MAX_FAULTS]
    ]
    message = f"{len(errors):,} fault{'' if len(errors) == 1 else 's'}: {errors[0]} Nothing was created."
    return ApiError(422, "invalid_rows", message, param="rows", details={"faults": faults})


def _summary_of(batch: Batch, *, awaits: bool) -> dict[str, Any]:
    is_waiting = awaits and batch.state == BatchState.READY
    return {
        "id": batch.public_id,
        "name": batch.name,
        "status": "awaiting_approval" if is_waiting else batch.state,
        "paused": batch.is_paused,
        "problem": batch.problem or None,
        "rows": batch.row_count,
        "estimate": plain_amount(batch.estimate),
        "without_price": batch.unpriced,
        "warnings": list(batch.warnings),
        "created_at": int(batch.created_at.timestamp()),
        "started_at": int(batch.started_at.timestamp()) if batch.started_at else None,
        "finished_at": int(batch.finished_at.timestamp()) if batch.finished_at else None,
    }


def _answer(request: Request, batch: Batch) -> Answer:
    """Return the batch as it was made; with 202 where it waits."""
    out = _batch_out(request, batch)
    return Status(202, out) if out.status == "awaiting_approval" else out


def _batch_out(request: Request, batch: Batch) -> BatchOut:
    progress, approval = read_progress(batch), approval_of(batch)
    seconds = progress.seconds_left
    return BatchOut(
        **_summary_of(batch, awaits=bool(approval and approval.is_waiting)),
        approval=serialize_approval(request, approval) if approval else None,
        counts=CountsOut(**{kind: progress.counts.get(kind, 0) for kind in KINDS}),
        needs_decision=progress.undecided,
        spent=plain_amount(progress.spent),
        reserved=plain_amount(progress.reserved),
        seconds_left=None if seconds is None else round(seconds),
    )


def _row_out(row: BatchRow) -> RowOut:
    video, fields = row.video, row.request
    price: Decimal | None = row.price
    is_gone = video is not None and video.deleted_at is not None
    return RowOut(
        number=row.number,
        key=row.key,
        status=cast(RowStatus, kind_of(row.state, video.state if video else None, is_gone=is_gone)),
        video=video.public_id if video and not is_gone else None,
        prompt=fields["prompt"],
        model=fields["model"],
        seconds=fields["seconds"],
        size=fields["size"],
        price=None if price is None else plain_amount(price),
        error=row.error or (video.error_message if video and not is_gone else "") or None,
    )
