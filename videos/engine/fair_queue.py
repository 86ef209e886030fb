"""Whose turn it is at a backend, and how long until it is somebody's turn.

Owners take turns: next is the owner with the fewest videos in flight, among equals the one served longest
ago, and of that owner's videos the oldest. So one person's five hundred do not hold up another's one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from itertools import islice
from time import monotonic
from typing import NamedTuple, Protocol

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from videos.models import State, Video

# What a backend is working on, or may be. An uncertain one waits for its owner only after it was looked for.
# Put so that all of it is within a few states, or SQLite would go through all that a backend ever made.
USES_SLOT = Q(state__in=[State.SUBMITTING, State.IN_PROGRESS, State.UNCERTAIN]) & (
    ~Q(state=State.UNCERTAIN) | Q(due_at__isnull=False)
)

_IN_LINE_OR_SERVED = [State.QUEUED, State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS]

LOOK_EVERY = 1.0  # seconds; a place that old misleads nobody, and many pages ask every two seconds
MAX_POSITION = 500  # places that are worth counting; whoever is further back learns just that


@dataclass(frozen=True, order=True)
class OwnerPriority:
    """An owner's standing; the smallest is next. `served` is a Unix time, 0 for one who never was."""

    running: int
    served: float
    oldest: int
    owner: int


def waiting(now: datetime) -> QuerySet[Video]:
    """The videos that may start at `now`."""
    return Video.objects.filter(state=State.QUEUED, due_at__lte=now, cancel_requested_at=None)


def next_video(backend_id: int, now: datetime) -> int | None:
    """Return the id of the video whose turn it is, or None when none waits."""
    turn = min(_turns(backend_id, waiting(now)), default=None)
    return turn.oldest if turn else None


class Waiting(Protocol):
    """What of a video decides its place."""

    @property
    def pk(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def backend_id(self) -> int: ...
    @property
    def owner_id(self) -> int: ...


def queue_positions(videos: Iterable[Waiting]) -> dict[int, int]:
    """Return the place in the queue, from 1, of those `videos` that are queued, by id.

    It is the order in which they start when nobody joins and jobs end as they began; at most `FAR` + 1.
    However many videos: at most once a second one query for each backend, and where its line has moved since
    this process looked last, four more and one for each owner.
    """
    queued = [video for video in videos if video.state == State.QUEUED]
    by_backend: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for video in sorted(queued, key=lambda video: video.pk):
        by_backend[video.backend_id][video.owner_id].append(video.pk)
    found: dict[int, int] = {}
    for backend_id, asked in by_backend.items():
        found |= _remembered(backend_id, asked)
    return found


def _remembered(backend_id: int, asked: dict[int, list[int]]) -> dict[int, int]:
    """The places, found anew only where the line has moved: pages ask every two seconds."""
    pks = [pk for waiting in asked.values() for pk in waiting]
    last = _told.get(backend_id)
    told = last.places if last else {}
    knows_all = told.keys() >= set(pks)
    if not (last and knows_all and monotonic() - last.looked_at < LOOK_EVERY):
        sign = _sign(backend_id)
        has_moved = last is None or last.sign != sign
        if has_moved or not knows_all:
            told = ({} if has_moved else told) | _places_at(backend_id, asked)
        _told[backend_id] = _Told(monotonic(), sign, told)
    return {pk: told[pk] for pk in pks}


class _Told(NamedTuple):
    """What was told of a backend's line: when it was looked at, its sign, and places by video."""

    looked_at: float
    sign: object
    places: dict[int, int]


_told: dict[int, _Told] = {}  # by this process, the last of each backend


def forget_all() -> None:
    """Look anew. For tests, where another line can bear the sign of the last one."""
    _told.clear()


def _sign(backend_id: int) -> object:
    """What differs when places do: who joins, leaves, is served or ends changes a number or a time."""
    line = Video.objects.filter(backend=backend_id, state__in=_IN_LINE_OR_SERVED).order_by()
    numbers = (Count("pk"), Max("pk"), Max("attempted_at"), Count("due_at"), Count("cancel_requested_at"))
    return set(line.values_list("state", *numbers))


def _places_at(backend_id: int, asked: dict[int, list[int]]) -> dict[int, int]:
    line = Video.objects.filter(backend=backend_id, state=State.QUEUED, cancel_requested_at=None)
    left: dict[int, int] = dict(line.order_by().values_list("owner").annotate(count=Count("pk")))
    first = {
        owner: list(line.filter(owner=owner).order_by("pk").values_list("pk", flat=True)[:MAX_POSITION])
        for owner in asked
    }
    order = _order(_turns(backend_id, line), left)
    found = {pk: MAX_POSITION + 1 for pks in asked.values() for pk in pks}
    for place, (owner, number) in enumerate(islice(order, MAX_POSITION), start=1):
        if owner in first and (pk := first[owner][number]) in found:
            found[pk] = place
    return found


def _order(turns: list[OwnerPriority], left: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield owner and number, from 0, of each video in the order of turns."""
    heap, taken, now = sorted(turns), defaultdict[int, int](int), timezone.now().timestamp()
    while heap:
        turn = heappop(heap)
        yield turn.owner, taken[turn.owner]
        taken[turn.owner] += 1
        if taken[turn.owner] < left[turn.owner]:
            now += 1  # whoever is served goes behind all that were served before
            heappush(heap, OwnerPriority(turn.running + 1, now, turn.oldest, turn.owner))


def _turns(backend_id: int, line: QuerySet[Video]) -> list[OwnerPriority]:
    """The standing of each owner who has a video in `line`."""
    ours = Video.objects.filter(backend=backend_id).order_by()
    oldest: dict[int, int] = dict(
        line.filter(backend=backend_id).order_by().values_list("owner").annotate(first=Min("pk"))
    )
    if not oldest:
        return []
    in_flight = ours.filter(USES_SLOT)  # of all owners: SQLite would go through all that these ever made
    running: dict[int, int] = dict(in_flight.values_list("owner").annotate(count=Count("pk")))
    # One look into the index for each owner, instead of all that was ever made here.
    latest = ours.filter(owner=OuterRef("pk"), attempted_at__isnull=False).order_by("-attempted_at")
    owners = User.objects.filter(pk__in=oldest).annotate(served=Subquery(latest.values("attempted_at")[:1]))
    return [
        OwnerPriority(running.get(pk, 0), served.timestamp() if served else 0.0, oldest[pk], pk)
        for pk, served in owners.values_list("pk", "served")
    ]
