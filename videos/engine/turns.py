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

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from videos.models import State, Video

# What a backend is working on, or may be. An uncertain one waits for its owner only after it was looked for.
OCCUPIES = Q(state__in=[State.SUBMITTING, State.IN_PROGRESS]) | Q(state=State.UNCERTAIN, due_at__isnull=False)

FAR = 500  # places that are worth counting; whoever is further back learns just that


@dataclass(frozen=True, order=True)
class Turn:
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


def places(videos: Iterable[Video]) -> dict[int, int]:
    """Return the place in the queue, from 1, of those `videos` that are queued, by id.

    It is the order in which they start when nobody joins and jobs end as they began; at most `FAR` + 1.
    Four queries for each backend, and one for each owner, however many videos.
    """
    queued = [video for video in videos if video.state == State.QUEUED]
    by_backend: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for video in sorted(queued, key=lambda video: video.pk):
        by_backend[video.backend_id][video.owner_id].append(video.pk)
    found: dict[int, int] = {}
    for backend_id, asked in by_backend.items():
        found |= _places_at(backend_id, asked)
    return found


def _places_at(backend_id: int, asked: dict[int, list[int]]) -> dict[int, int]:
    line = Video.objects.filter(backend=backend_id, state=State.QUEUED, cancel_requested_at=None)
    left: dict[int, int] = dict(line.order_by().values_list("owner").annotate(count=Count("pk")))
    first = {
        owner: list(line.filter(owner=owner).order_by("pk").values_list("pk", flat=True)[:FAR])
        for owner in asked
    }
    order = _order(_turns(backend_id, line), left)
    found = {pk: FAR + 1 for pks in asked.values() for pk in pks}
    for place, (owner, number) in enumerate(islice(order, FAR), start=1):
        if owner in first and (pk := first[owner][number]) in found:
            found[pk] = place
    return found


def _order(turns: list[Turn], left: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield owner and number, from 0, of each video in the order of turns."""
    heap, taken, now = sorted(turns), defaultdict[int, int](int), timezone.now().timestamp()
    while heap:
        turn = heappop(heap)
        yield turn.owner, taken[turn.owner]
        taken[turn.owner] += 1
        if taken[turn.owner] < left[turn.owner]:
            now += 1  # whoever is served goes behind all that were served before
            heappush(heap, Turn(turn.running + 1, now, turn.oldest, turn.owner))


def _turns(backend_id: int, line: QuerySet[Video]) -> list[Turn]:
    """The standing of each owner who has a video in `line`."""
    ours = Video.objects.filter(backend=backend_id).order_by()
    oldest: dict[int, int] = dict(
        line.filter(backend=backend_id).order_by().values_list("owner").annotate(first=Min("pk"))
    )
    if not oldest:
        return []
    in_flight = ours.filter(OCCUPIES, owner__in=oldest)
    running: dict[int, int] = dict(in_flight.values_list("owner").annotate(count=Count("pk")))
    # One look into the index for each owner, instead of all that was ever made here.
    latest = ours.filter(owner=OuterRef("pk"), attempted_at__isnull=False).order_by("-attempted_at")
    owners = User.objects.filter(pk__in=oldest).annotate(served=Subquery(latest.values("attempted_at")[:1]))
    return [
        Turn(running.get(pk, 0), served.timestamp() if served else 0.0, oldest[pk], pk)
        for pk, served in owners.values_list("pk", "served")
    ]
