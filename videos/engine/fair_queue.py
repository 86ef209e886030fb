"""Whose video starts next at a backend, and how many start before any other one.

Owners take turns: next is the owner with the fewest videos in flight, among equals the one served longest
ago, and of that owner's videos the first in the order that the owner gave them, or else the oldest. So one
person's five hundred do not hold up another's one, and what somebody puts first goes before nobody else's.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import islice
from typing import Protocol

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from videos.engine import safe_cache
from videos.models import State, Video

# What a backend is working on, or may be. An uncertain video stops counting once the search for its job has
# ended and it waits for its owner. One that timed out or was canceled counts until the backend has let go of
# its job. Written so that all of it lies within a few states and is due some time, or SQLite would go through
# all that a backend ever made.
USES_SLOT = Q(
    state__in=[State.SUBMITTING, State.IN_PROGRESS, State.UNCERTAIN, State.FAILED, State.CANCELED],
    due_at__isnull=False,
    generated_at=None,
)

_STATES_THAT_DECIDE = [State.QUEUED, State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS]

MAX_AGE = 1.0  # seconds; a position that old misleads nobody, and many pages ask every two seconds
MAX_POSITION = 500  # positions worth counting; whoever is further back is told just that
_HELD = 0  # instead of a position, in the cache
_CACHE_TIMEOUT = 60  # seconds for which positions are kept while nothing moves


@dataclass(frozen=True, order=True)
class OwnerPriority:
    """An owner's rank in the queue; the smallest is next.

    `last_served` is a Unix time, 0 for an owner who never was; `oldest` the id of the owner's oldest video.
    `first_order` is the lowest rank that the owner gave to a video, if any; it counts for nobody else.
    """

    running: int
    last_served: float
    oldest: int
    owner: int
    first_order: int | None = field(default=None, compare=False)


# Nothing is sent to a backend that is switched off, nor for an account that is switched off or whose queue is
# paused, nor of a batch or for a video that is paused: what is queued is held, and goes on when all of them
# are on again. That a backend is paused is asked of its row, once for all that waits there.
BACKEND_NOT_HELD = Q(backend__enabled=True)
OWNER_NOT_HELD = Q(
    owner__is_active=True, owner__video_queue__paused_at=None, owner__video_queue__staff_paused_at=None
)
NOT_HELD = BACKEND_NOT_HELD & OWNER_NOT_HELD & Q(batch__paused_at=None, paused_at=None)

# The order of one owner's videos: as the owner ranked them, then those that came since, the oldest first.
OWNERS_ORDER = (F("queue_order").asc(nulls_last=True), F("pk").asc())


def startable_videos(now: datetime) -> QuerySet[Video]:
    """The videos that may start at `now`, at any backend."""
    return Video.objects.filter(NOT_HELD, state=State.QUEUED, due_at__lte=now, cancel_requested_at=None)


def next_video(backend_id: int, now: datetime) -> int | None:
    """Return the id of the video that starts next at this backend, or None when there is none."""
    startable = startable_videos(now)
    priority = min(_owner_priorities(backend_id, startable), default=None)
    if priority is None or priority.first_order is None:
        return priority.oldest if priority else None
    first = startable.filter(backend=backend_id, owner=priority.owner, queue_order=priority.first_order)
    return first.order_by("pk").values_list("pk", flat=True).first()


class QueueEntry(Protocol):
    """What `queue_positions` needs to know of a video."""

    @property
    def pk(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def backend_id(self) -> int: ...
    @property
    def owner_id(self) -> int: ...


def queue_positions(videos: Iterable[QueueEntry]) -> dict[int, int]:
    """Return the position in the queue, from 1, of those of `videos` that are queued, by id.

    It is the order in which they start if nobody joins and jobs end as they began, at most `MAX_POSITION` + 1
    and at most `MAX_AGE` seconds old. Videos that are held have none. However many videos: one request to the
    cache for each backend, one query where what is cached is older than that, and where the queue has moved
    since, four more and one for each owner.
    """
    queued = [video for video in videos if video.state == State.QUEUED]
    by_backend: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for video in sorted(queued, key=lambda video: video.pk):
        by_backend[video.backend_id][video.owner_id].append(video.pk)
    positions: dict[int, int] = {}
    for backend_id, by_owner in by_backend.items():
        positions |= _cached_positions(backend_id, by_owner)
    return positions


@dataclass(frozen=True)
class _CachedQueue:
    """What is cached of a backend's queue: when it was checked (Unix time), and positions by video."""

    checked_at: float
    fingerprint: object
    positions: Mapping[int, int]


def _cached_positions(backend_id: int, by_owner: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The positions, computed again only where the queue has moved: pages ask every two seconds."""
    pks = [pk for owned in by_owner.values() for pk in owned]
    key = f"queue:{backend_id}"
    cached: _CachedQueue | None = safe_cache.get_many([key]).get(key)
    known = dict(cached.positions) if cached else {}
    is_complete = known.keys() >= set(pks)
    if not (cached and is_complete and 0 <= time.time() - cached.checked_at < MAX_AGE):
        fingerprint = _fingerprint(backend_id)
        has_moved = cached is None or cached.fingerprint != fingerprint
        if has_moved or not is_complete:
            known = ({} if has_moved else known) | _compute_positions(backend_id, by_owner)
        safe_cache.set_many({key: _CachedQueue(time.time(), fingerprint, known)}, timeout=_CACHE_TIMEOUT)
    return {pk: known[pk] for pk in pks if known[pk] != _HELD}


def _fingerprint(backend_id: int) -> object:
    """A value that differs when positions do: a video that joins, leaves, starts or ends changes it."""
    deciding = Video.objects.filter(backend=backend_id, state__in=_STATES_THAT_DECIDE).order_by()
    numbers = (Count("pk"), Max("pk"), Max("attempted_at"), Count("due_at"), Count("cancel_requested_at"))
    switches = (
        *("backend__enabled", "owner__is_active", "batch__paused_at"),
        "owner__video_queue__revision",
    )
    return set(deciding.values_list("state", *switches, *numbers))


def _compute_positions(backend_id: int, by_owner: Mapping[int, Sequence[int]]) -> dict[int, int]:
    queue = Video.objects.filter(NOT_HELD, backend=backend_id, state=State.QUEUED, cancel_requested_at=None)
    counts: dict[int, int] = dict(queue.order_by().values_list("owner").annotate(count=Count("pk")))
    first = {
        owner: list(
            queue.filter(owner=owner).order_by(*OWNERS_ORDER).values_list("pk", flat=True)[:MAX_POSITION]
        )
        for owner in by_owner.keys() & counts.keys()
    }
    order = _starting_order(_owner_priorities(backend_id, queue), counts)
    positions = {
        pk: MAX_POSITION + 1 if owner in counts else _HELD for owner, pks in by_owner.items() for pk in pks
    }
    for position, (owner, number) in enumerate(islice(order, MAX_POSITION), start=1):
        # The queue moves between these queries: fewer may be listed than were counted, and others be there.
        for pk in first.get(owner, [])[number : number + 1]:
            if pk in positions:
                positions[pk] = position
    # Behind those that were counted, or held by itself: paused, or of a paused batch.
    uncounted = [pk for pk, position in positions.items() if position > MAX_POSITION]
    waiting = set(queue.filter(pk__in=uncounted).values_list("pk", flat=True)) if uncounted else set()
    return positions | {pk: _HELD for pk in uncounted if pk not in waiting}


def _starting_order(
    priorities: Iterable[OwnerPriority], counts: Mapping[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield the owner and the number among the owner's videos, from 0, of each video in the order of starts.

    `counts` says how many videos each owner has in the queue.
    """
    heap, started, now = sorted(priorities), defaultdict[int, int](int), timezone.now().timestamp()
    while heap:
        owner = heappop(heap)
        yield owner.owner, started[owner.owner]
        started[owner.owner] += 1
        if started[owner.owner] < counts.get(owner.owner, 0):
            now += 1  # whoever is served goes behind all that were served before
            heappush(heap, OwnerPriority(owner.running + 1, now, owner.oldest, owner.owner))


def _owner_priorities(backend_id: int, queue: QuerySet[Video]) -> list[OwnerPriority]:
    """The priority at this backend of each owner who has a video in `queue`."""
    at_backend = Video.objects.filter(backend=backend_id).order_by()
    owned = queue.filter(backend=backend_id).order_by().values_list("owner")
    first = {
        owner: (oldest, first_order)
        for owner, oldest, first_order in owned.annotate(Min("pk"), Min("queue_order"))
    }
    if not first:
        return []
    in_flight = at_backend.filter(USES_SLOT)  # of all owners: SQLite would go through all these ever made
    running: dict[int, int] = dict(in_flight.values_list("owner").annotate(count=Count("pk")))
    # One lookup in the index for each owner, instead of all that was ever made here.
    attempts = at_backend.filter(owner=OuterRef("pk"), attempted_at__isnull=False).order_by("-attempted_at")
    owners = User.objects.filter(pk__in=first).annotate(served=Subquery(attempts.values("attempted_at")[:1]))
    return [
        OwnerPriority(
            running.get(pk, 0), served.timestamp() if served else 0.0, first[pk][0], pk, first[pk][1]
        )
        for pk, served in owners.values_list("pk", "served")
    ]
