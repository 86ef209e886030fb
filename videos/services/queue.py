"""One's own queue: its order, its pauses, and how many videos in it are canceled at once.

Nothing of this is about anybody else's turn: the scheduler chooses an owner first, and asks only then which
of their videos is next (`videos.engine.fair_queue`).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db import transaction
from django.db.models import F, Max, Min, Sum
from django.utils import timezone

from accounts.models import User
from audit.trail import Subject, record, record_all
from audit.vocabulary import Action
from audit.vocabulary import Kind as SubjectKind
from billing.models import LedgerLine
from billing.money import ZERO
from videos import lifecycle, subjects
from videos.engine import enqueue
from videos.engine.fair_queue import OWNERS_ORDER
from videos.models import OwnerQueue, State, StudioState, Video
from videos.models.video_queries import VideoQuerySet

MAX_SELECTED = 100  # videos named in one request; a whole queue is not named
CANCELED_AT_ONCE = 50  # while somebody waits for it; the sweep carries out the others
_CANCELING_SECONDS = 3.0  # for which that goes on, of a database that is slow


class Place(StrEnum):
    """Where to in one's own queue: its ends, or past the next one on the way there."""

    FRONT = "front"
    UP = "up"
    DOWN = "down"
    END = "end"


@dataclass(frozen=True)
class Cancellation:
    """What canceling would do: how many videos, and how much of what is reserved for them is given back."""

    count: int
    given_back: Decimal


def waiting_of(owner: User) -> VideoQuerySet:
    """The owner's videos that wait to be submitted; those that are being canceled are not among them."""
    return Video.objects.owned_by(owner).filter(state=State.QUEUED, cancel_requested_at=None)


def _chosen(owner: User, public_ids: Sequence[str] | None) -> VideoQuerySet:
    """Those of the owner's waiting videos that are named; all of them for None."""
    waiting = waiting_of(owner)
    return waiting if public_ids is None else waiting.filter(public_id__in=public_ids[:MAX_SELECTED])


def _free(videos: VideoQuerySet) -> VideoQuerySet:
    """Those of the videos that nobody is changing at this moment, locked: whoever does is not waited for,
    because two that change many would wait for each other.
    """
    return videos.select_for_update(skip_locked=True)


# --- Order -------------------------------------------------------------------------------------------------


@transaction.atomic
def reorder(owner: User, public_ids: Sequence[str], place: Place) -> int:
    """Move some of the owner's waiting videos within the owner's queue. Returns how many were found.

    Among themselves they stay in their order.
    """
    if not _chosen(owner, public_ids).exists():
        return 0
    OwnerQueue.objects.locked(owner)
    if place != Place.FRONT:  # in front of all others, only the moved ones need a rank
        _rank_all(owner)
    chosen = list(_free(_chosen(owner, public_ids)).order_by(*OWNERS_ORDER))
    if place in (Place.UP, Place.DOWN):
        _pass_neighbours(owner, chosen, place)
    else:
        _move_to_end(owner, chosen, place)
    if chosen:
        OwnerQueue.objects.touch(owner)
    return len(chosen)


def _rank_all(owner: User) -> None:
    """Give a rank to all that have none, behind those that have one, as they are ordered without."""
    ranked = waiting_of(owner).aggregate(last=Max("queue_order"))["last"] or 0
    unranked = _free(waiting_of(owner).filter(queue_order=None)).values("pk")
    Video.objects.filter(pk__in=unranked).update(queue_order=F("pk") + ranked)


def _move_to_end(owner: User, chosen: list[Video], place: Place) -> None:
    ends = waiting_of(owner).aggregate(first=Min("queue_order"), last=Max("queue_order"))
    before, behind = (ends["first"] or 0) - len(chosen), (ends["last"] or 0) + 1
    start = before if place == Place.FRONT else behind
    for rank, video in enumerate(chosen, start):
        video.queue_order = rank
    Video.objects.bulk_update(chosen, ["queue_order"], batch_size=100)


def _pass_neighbours(owner: User, chosen: list[Video], place: Place) -> None:
    """Swap each with the one before or behind it, unless that is moved as well."""
    keys = {video.pk for video in chosen}
    for video in chosen if place == Place.UP else reversed(chosen):
        if video.queue_order is None:
            continue  # somebody was changing it when the others were ranked
        neighbour = _neighbour(owner, video.queue_order, place)
        if neighbour is not None and neighbour.pk not in keys:
            Video.objects.filter(pk=video.pk).update(queue_order=neighbour.queue_order)
            Video.objects.filter(pk=neighbour.pk).update(queue_order=video.queue_order)


@transaction.atomic
def place_between(owner: User, public_id: str, *, behind: str, before: str) -> bool:
    """Move one of the owner's waiting videos to between two others, all by their public ids; one of `behind`
    and `before` may be empty.

    Returns False, and moves nothing, where the queue is not as the owner saw it: one of the three does not
    wait any more, or others stand between the two by now.
    """
    if not _chosen(owner, [public_id]).exists():
        return False
    OwnerQueue.objects.locked(owner)
    _rank_all(owner)
    rank = _rank_between(owner, public_id, behind, before)
    moved = _free(_chosen(owner, [public_id])).first()
    if rank is None or moved is None:
        return False
    # Those in front make room: that is a page or so, where one in front of thousands would move them all.
    in_front = _free(waiting_of(owner).filter(queue_order__lte=rank).exclude(pk=moved.pk)).values("pk")
    Video.objects.filter(pk__in=in_front).update(queue_order=F("queue_order") - 1)
    Video.objects.filter(pk=moved.pk).update(queue_order=rank)
    OwnerQueue.objects.touch(owner)
    return True


def _rank_between(owner: User, public_id: str, behind: str, before: str) -> int | None:
    """Return the rank between the two; None where there is no such place in the queue."""
    others = waiting_of(owner).exclude(public_id=public_id)
    ranks = dict(others.filter(public_id__in=[behind, before]).values_list("public_id", "queue_order"))
    first, second = ranks.get(behind), ranks.get(before)
    if not ranks or None in ranks.values() or len(ranks) < bool(behind) + bool(before):
        return None
    if first is None:
        return None if second is None else second - 1
    is_apart = second is not None and others.filter(queue_order__gt=first, queue_order__lt=second).exists()
    return None if is_apart or (second is not None and second < first) else first


def _neighbour(owner: User, rank: int, place: Place) -> Video | None:
    lookup, order = ("lt", "-queue_order") if place == Place.UP else ("gt", "queue_order")
    beyond = waiting_of(owner).filter(**{f"queue_order__{lookup}": rank})
    return _free(beyond.order_by(order)).only("pk", "queue_order").first()


# --- Pauses ------------------------------------------------------------------------------------------------


def pause_queue(owner: User) -> bool:
    """Submit nothing more for the owner until they go on. Returns False if it was paused before.

    What a worker has claimed is submitted; from the moment that this returns, nothing more is claimed.
    """
    with transaction.atomic():
        StudioState.objects.lock_submissions()
        OwnerQueue.objects.locked(owner)
        paused = OwnerQueue.objects.filter(owner=owner, paused_at=None).update(
            paused_at=timezone.now(), revision=F("revision") + 1
        )
        if paused:
            record(Action.PAUSED, queue_subject(owner))
    return bool(paused)


def resume_queue(owner: User) -> bool:
    """Go on with a queue that its owner has paused. Returns False if it was not paused.

    Videos that were paused one by one stay so, and so does what staff have paused.
    """
    with transaction.atomic():
        paused = OwnerQueue.objects.filter(owner=owner, paused_at__isnull=False)
        resumed = paused.update(paused_at=None, revision=F("revision") + 1)
        if resumed:
            record(Action.RESUMED, queue_subject(owner))
            hint_at_queue(owner)
    return bool(resumed)


@transaction.atomic
def pause_videos(owner: User, public_ids: Sequence[str] | None) -> int:
    """Pause some of the owner's waiting videos, or all for None. Returns how many were not paused before.

    One that a worker claims at this moment is not paused, and not counted.
    """
    running = _chosen(owner, public_ids).filter(paused_at=None)
    return _set_paused(owner, running, Action.PAUSED, named=public_ids is not None)


@transaction.atomic
def resume_videos(owner: User, public_ids: Sequence[str] | None) -> int:
    """Go on with some of the owner's paused videos, or with all for None. Returns how many were paused."""
    paused = _chosen(owner, public_ids).filter(paused_at__isnull=False)
    resumed = _set_paused(owner, paused, Action.RESUMED, named=public_ids is not None)
    if resumed:
        hint_at_queue(owner)
    return resumed


def _set_paused(owner: User, videos: VideoQuerySet, action: Action, *, named: bool) -> int:
    rows = list(videos.only("public_id", "model", "seconds", "owner_id")) if named else []
    paused_at = timezone.now() if action == Action.PAUSED else None
    locked = Video.objects.filter(pk__in=_free(videos).values("pk"), state=State.QUEUED)
    changed = locked.update(paused_at=paused_at, revision=F("revision") + 1)
    if changed:
        _record(owner, action, rows, changed)
        OwnerQueue.objects.touch(owner)
    return changed


# --- Canceling ---------------------------------------------------------------------------------------------


def preview_cancellation(owner: User, public_ids: Sequence[str] | None) -> Cancellation:
    """Return what `cancel_waiting` would do now."""
    chosen = _chosen(owner, public_ids).order_by()
    lines = LedgerLine.objects.filter(video_id__in=chosen.values("pk")).order_by()
    return Cancellation(chosen.count(), lines.aggregate(Sum("reserved"))["reserved__sum"] or ZERO)


def cancel_waiting(owner: User, public_ids: Sequence[str] | None) -> int:
    """Cancel some of the owner's waiting videos, or all for None. That is free. Returns how many.

    One statement takes all of them out of the queue, so that none starts any more. What is reserved for the
    first is given back at once, for the others within the next sweeps.
    """
    with transaction.atomic():
        chosen = _chosen(owner, public_ids)
        named = public_ids is not None
        rows = list(chosen.only("public_id", "model", "seconds", "owner_id")) if named else []
        locked = Video.objects.filter(pk__in=_free(chosen).values("pk"), state=State.QUEUED)
        canceled = locked.update(cancel_requested_at=timezone.now(), revision=F("revision") + 1)
        if canceled:
            _record(owner, Action.CANCELED, rows, canceled)
            OwnerQueue.objects.touch(owner)
    until = time.monotonic() + _CANCELING_SECONDS
    for pk in being_canceled(owner).values_list("pk", flat=True)[:CANCELED_AT_ONCE]:
        lifecycle.cancel_queued(pk)
        if time.monotonic() > until:
            break
    return canceled


def being_canceled(owner: User) -> VideoQuerySet:
    """The owner's videos that have left the queue, and whose reservation is given back soon."""
    return Video.objects.owned_by(owner).filter(state=State.QUEUED, cancel_requested_at__isnull=False)


def queue_subject(owner: User) -> Subject:
    """What an entry of the audit log is about where it is all that somebody has in the queue."""
    return Subject(SubjectKind.USER, owner.pk, f"Queue of {owner.get_username()}", owner.pk)


def _record(owner: User, action: Action, rows: list[Video], count: int) -> None:
    """Record each of those that were named; of a whole queue, how many they were."""
    if rows:
        record_all(action, map(subjects.video, rows))
    else:
        record(action, queue_subject(owner), note="1 video." if count == 1 else f"{count:,} videos.")


def hint_at_queue(owner: User) -> None:
    """Tell the workers that something of the owner's may start, at each backend where something waits."""
    backends = waiting_of(owner).order_by().values_list("backend", flat=True).distinct()
    for backend_id in list(backends):
        enqueue.send_after_commit("submit", backend_id)
