"""What workers do for batches, in portions: each is one short transaction, so whoever is killed between any
two lines leaves a batch that the next one goes on with, and no row becomes two videos.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.origin import Origin, coming_from, current_origin
from audit.trail import record
from audit.vocabulary import Action
from billing.errors import PriceRisenError, RefusedPaymentError
from billing.money import ZERO, plain_amount, to_money
from billing.spender import ANY_PRICE, spending
from contentgen.events import Event, EventKind, publish
from videos import lifecycle, subjects
from videos.engine import enqueue
from videos.models import (
    Batch,
    BatchRow,
    BatchState,
    Collection,
    Fit,
    HoldReason,
    ReferenceImage,
    RowState,
    State,
    StudioState,
    Video,
)
from videos.models.state import IN_FLIGHT
from videos.services import batch_stops
from videos.services.batches import TASK, delete_file_after_commit, failed_videos, is_paid, price_again
from videos.services.generation_requests import GenerationRequest
from videos.services.library import add_tag
from videos.services.video_actions import retry_video
from videos.services.videos import create_videos

logger = logging.getLogger(__name__)

PORTION = 100  # rows in one transaction: others wait for the database no longer than that takes
_RETRIED, _CANCELED = 20, 100  # videos in one portion
SLICE = 5.0  # seconds for which one message keeps a worker; others have their turn then
KEEP_UNSTARTED = timedelta(days=7)


class PricesRoseError(Exception):
    """The catalogue asks more for a portion than was shown when the batch was checked."""


def advance(pk: int, *, seconds: float = SLICE) -> bool:
    """Do the next portions of what the batch is told to do, for about so long. Returns whether more is left.

    Two workers at once take turns, portion by portion. May run twice, late or never: `tick` finds the rest.
    """
    until = time.monotonic() + seconds
    while step(pk):
        if time.monotonic() >= until:
            enqueue.send(TASK, pk)
            return True
    finish(pk)
    return False


def step(pk: int) -> bool:
    """Do one portion of what the batch is told to do. Returns whether there may be more."""
    _stop_restored()
    state = (
        Batch.objects.working().filter(pk=pk, owner__is_active=True).values_list("state", flat=True).first()
    )
    match state:
        case BatchState.CREATING:
            return create_portion(pk)
        case BatchState.CANCELING:
            return _cancel_portion(pk)
        case BatchState.RETRYING:
            return _retry_portion(pk)
    return False


def tick() -> None:
    """Find the batches that something is left to do for, and those whose last video has ended."""
    for pk in Batch.objects.working().filter(owner__is_active=True).values_list("pk", flat=True):
        enqueue.send(TASK, pk)
    for pk in Batch.objects.filter(state=BatchState.RUNNING).values_list("pk", flat=True):
        finish(pk)
    old = timezone.now() - KEEP_UNSTARTED
    unstarted = Batch.objects.with_waiting().filter(
        Q(awaits_approval=False),
        state__in=[BatchState.SAVING, BatchState.READY],
        started_at=None,
        created_at__lt=old,
    )
    for batch in unstarted[:10]:
        _forget(batch)


@transaction.atomic
def _forget(batch: Batch) -> None:
    if batch.state == BatchState.READY:  # one that was cut off while it was saved was seen by nobody
        record(Action.DELETED, subjects.batch(batch), note=gettext_noop("It was not started in time."))
    delete_file_after_commit(batch)
    batch.delete()


def _stop_restored() -> None:
    """Stop what was being created when the database was restored from a backup: rows that were created after
    it would become videos a second time, and be paid for twice. A batch that was started since is not at
    risk.
    """
    reasons = [HoldReason.RESTORED, HoldReason.MARKS_MISSING]
    held = StudioState.objects.filter(held_at__isnull=False, hold_reason__in=reasons)
    for held_at in held.values_list("held_at", flat=True):
        creating = Batch.objects.filter(state=BatchState.CREATING, started_at__lt=held_at)
        creating.update(state=BatchState.STOPPED, problem=batch_stops.RESTORED)


# --- Creating ----------------------------------------------------------------------------------------------


@transaction.atomic
def create_portion(pk: int) -> bool:
    """Create the videos of the next rows, with what they cost reserved, or stop the batch and say why.

    Returns whether there may be more to do. Does nothing while somebody else creates a portion of it.
    """
    batch = _lock(pk, BatchState.CREATING)
    if batch is None or batch.is_paused:
        return False
    rows = list(batch.rows.filter(state=RowState.WAITING, video=None).order_by("number")[:PORTION])
    if not rows:
        _end(batch)
        return False
    try:
        return _create_fitting(batch, rows)
    except RefusedPaymentError as error:
        return _stop(batch, _explain_refusal(batch, error))
    except PricesRoseError as error:
        return _stop(batch, str(error))


def _create_fitting(batch: Batch, rows: Sequence[BatchRow]) -> bool:
    """Create the videos of as many of the first rows as may be paid for. Returns whether there may be more.

    Raises `RefusedPaymentError` where the first may not, and `PricesRoseError`.
    """
    try:
        _create(batch, rows)
    except (RefusedPaymentError, PricesRoseError):
        if len(rows) == 1:
            raise
        return _create_fitting(batch, rows[: len(rows) // 2])
    except ValidationError as error:
        # One of them is at fault. The others are created all the same.
        if len(rows) > 1:
            return all(_create_fitting(batch, half) for half in _halves(rows))
        (row,) = rows
        row.state, row.error = RowState.REFUSED, " ".join(error.messages)
        row.save(update_fields=["state", "error"])
    return True


def _halves(rows: Sequence[BatchRow]) -> tuple[Sequence[BatchRow], Sequence[BatchRow]]:
    middle = len(rows) // 2
    return rows[:middle], rows[middle:]


def _create(batch: Batch, rows: Sequence[BatchRow]) -> None:
    """Create the videos of the rows, all or none, and raise what `create_videos` does."""
    images = ReferenceImage.objects.in_bulk({key for row in rows for key in _image_keys(row.request)})
    collections = _find_collections(rows)
    with transaction.atomic(), _paying(batch), coming_from(_origin_of(batch)):
        requests = [_request(row.request, images, collections) for row in rows]
        videos = create_videos(batch.owner, requests, batch=batch)
        if not batch.takes_new_prices:
            _require_prices(rows, videos)
        _link(rows, videos)
        _tag(batch, rows, videos)
        _use_up(batch, sum((_reserved(video) for video in videos), ZERO))


def _paying(batch: Batch) -> AbstractContextManager[None]:
    """Pay for a part of what was agreed to as a whole: up to what is left of that, without asking anew."""
    left = ANY_PRICE if batch.agreed_left is None else batch.agreed_left
    return spending(token=batch.token, confirmed_price=ANY_PRICE, approved_price=left, approves_unpriced=True)


def _use_up(batch: Batch, amount: Decimal) -> None:
    """Note what was reserved for the batch, which is locked."""
    if batch.agreed_left is not None and amount:
        batch.agreed_left -= amount
        batch.save(update_fields=["agreed_left"])


def _reserved(video: Video) -> Decimal:
    return ZERO if video.price is None or not is_paid(video) else to_money(video.price)


def _explain_refusal(batch: Batch, error: RefusedPaymentError) -> str:
    if not isinstance(error, PriceRisenError):
        return error.sentence
    return batch_stops.explain_used_up(batch.agreed_left or ZERO)


def _origin_of(batch: Batch) -> Origin:
    """Return who makes the videos of a batch, for the audit log: its owner, by a worker."""
    return Origin(current_origin().door, find_person=lambda: batch.owner, token=batch.token)


def _link(rows: Sequence[BatchRow], videos: Sequence[Video]) -> None:
    """Note which video each row has become.

    One prepared statement: `bulk_update` spells every row out in SQL, a third of the time of a portion.
    """
    sql = f"UPDATE {BatchRow._meta.db_table} SET video_id = %s, state = %s WHERE id = %s"  # noqa: S608
    linked = [(video.pk, RowState.CREATED.value, row.pk) for row, video in zip(rows, videos, strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(sql, linked)


def _find_collections(rows: Sequence[BatchRow]) -> Mapping[int, Collection]:
    keys = {row.request["collection"] for row in rows if "collection" in row.request}
    return Collection.objects.existing().in_bulk(keys) if keys else {}


def _request(
    fields: Mapping[str, Any],
    images: Mapping[int, ReferenceImage],
    collections: Mapping[int, Collection],
) -> GenerationRequest:
    if any(key not in images for key in _image_keys(fields)):
        raise ValidationError(gettext_noop("An image of this row was deleted since it was checked."))
    if "collection" in fields and fields["collection"] not in collections:
        raise ValidationError(gettext_noop("The collection of this row was deleted since it was checked."))
    return GenerationRequest(
        fields["prompt"],
        fields["model"],
        fields["seconds"],
        fields["size"],
        fit=Fit(fields["fit"]),
        parameters=fields["parameters"],
        reference=images.get(fields.get("reference", 0)),
        last_frame=images.get(fields.get("last_frame", 0)),
        references=tuple(images[key] for key in fields["references"]),
        collections=(collections[fields["collection"]],) if "collection" in fields else (),
    )


def _image_keys(fields: Mapping[str, Any]) -> list[int]:
    return [*fields["references"], *(fields[name] for name in ("reference", "last_frame") if name in fields)]


def _require_prices(rows: Sequence[BatchRow], videos: Sequence[Video]) -> None:
    """Raise `PricesRoseError` for a price of the catalogue that is higher than what was shown, or gone.

    An estimate that was learned from charges changes with each video, and was shown as one.
    """
    for row, video in zip(rows, videos, strict=True):
        if row.price is not None and video.price is None and is_paid(video):
            raise PricesRoseError(batch_stops.explain_lost_price(row.place, video.model))
        is_metered = video.backend.is_metered and not video.price_samples
        if is_metered and video.price is not None and row.price is not None and video.price > row.price:
            sentence = batch_stops.explain_risen_price(row.place, video.model, video.price, row.price)
            raise PricesRoseError(sentence)


def _tag(batch: Batch, rows: Sequence[BatchRow], videos: Sequence[Video]) -> None:
    by_tag: dict[str, list[Video]] = defaultdict(list)
    for row, video in zip(rows, videos, strict=True):
        for tag in row.request["tags"]:
            by_tag[tag].append(video)
    for tag, tagged in by_tag.items():
        add_tag(batch.owner, tagged, tag)


# --- Canceling and retrying --------------------------------------------------------------------------------


@transaction.atomic
def _cancel_portion(pk: int) -> bool:
    batch = _lock(pk, BatchState.CANCELING)
    if batch is None:
        return False
    batch.rows.filter(state=RowState.WAITING).update(state=RowState.CANCELED)
    queued = Video.objects.filter(batch=batch, state=State.QUEUED).order_by(
        "-pk"
    )  # those that start last first
    canceled = [lifecycle.cancel_queued(each) for each in queued.values_list("pk", flat=True)[:_CANCELED]]
    if not any(canceled):
        _end(batch, paused_at=None)
    return any(canceled)


@transaction.atomic
def _retry_portion(pk: int) -> bool:
    """Retry the next ones that had failed when it was asked for, up to the first that may not be paid for."""
    batch = _lock(pk, BatchState.RETRYING)
    if batch is None:
        return False
    failed = failed_videos(batch).filter(finished_at__lte=batch.retry_before).order_by("pk")
    retried, problem = 0, ""
    for video in failed.select_related("backend")[:_RETRIED]:
        try:
            retried += _retry(batch, video)
        except RefusedPaymentError as error:
            problem = _explain_refusal(batch, error)
            break
    if problem or not retried:
        Batch.objects.filter(pk=pk).update(state=BatchState.RUNNING, problem=problem)
    return bool(retried) and not problem


def _retry(batch: Batch, video: Video) -> bool:
    price = price_again(video)
    with transaction.atomic(), _paying(batch), coming_from(_origin_of(batch)):
        is_queued = retry_video(video)
        if is_queued:
            _use_up(batch, price)
    return is_queued


# --- Ending ------------------------------------------------------------------------------------------------


@transaction.atomic
def finish(pk: int) -> bool:
    """Complete a batch whose last video has ended, and tell of it: once, whoever else tries at the same time.

    One UPDATE both finds that nothing is in flight and takes the batch, so two never take it both.
    """
    in_flight = Video.objects.filter(batch=OuterRef("pk"), state__in=IN_FLIGHT)
    done = Batch.objects.filter(~Exists(in_flight), pk=pk, state=BatchState.RUNNING)
    if not done.update(state=BatchState.COMPLETED, finished_at=timezone.now(), paused_at=None):
        return False
    batch = Batch.objects.get(pk=pk)
    publish(Event(EventKind.BATCH_COMPLETED, batch.owner_id, batch.public_id, _describe(batch)))
    return True


def _describe(batch: Batch) -> dict[str, Any]:
    """Return what is told of a batch that has ended, as JSON values."""
    by_state = dict(Video.objects.filter(batch=batch).order_by().values_list("state").annotate(Count("pk")))
    return {
        "path": batch.get_absolute_url(),
        "name": batch.name,
        "total": batch.row_count,
        "completed": by_state.get(State.COMPLETED, 0),
        "failed": by_state.get(State.FAILED, 0) + batch.rows.filter(state=RowState.REFUSED).count(),
        "canceled": by_state.get(State.CANCELED, 0) + batch.rows.filter(state=RowState.CANCELED).count(),
        "estimate": plain_amount(batch.estimate),
        "took_seconds": _seconds_taken(batch),
    }


def _seconds_taken(batch: Batch) -> int:
    if batch.started_at is None or batch.finished_at is None:
        return 0
    return round((batch.finished_at - batch.started_at).total_seconds())


def _lock(pk: int, state: BatchState) -> Batch | None:
    """Return the batch in this state, locked; None where another worker has it, or it is in another state."""
    rows = Batch.objects.select_for_update(skip_locked=True, of=("self",)).select_related("owner", "token")
    return rows.filter(pk=pk, state=state).first()


def _stop(batch: Batch, problem: str) -> bool:
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.STOPPED, problem=problem)
    return False


def _end(batch: Batch, **changes: None) -> None:
    """Every row has its video or will have none: from here on, only the videos are waited for."""
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.RUNNING, **changes)
