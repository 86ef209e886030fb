"""All queues together, for staff: by person and by backend, with the age of the oldest video in each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, Sum

from accounts.models import User
from billing.money import ZERO
from contentgen.text_search import find_matches, parse_search
from videos.engine.fair_queue import USES_SLOT
from videos.models import Backend, OwnerQueue, State, Video

MAX_PEOPLE = 200  # on the page, those who wait longest first
MAX_FOUND = 20  # of those whom a name finds


@dataclass(frozen=True)
class PersonsQueue:
    """What one person has waiting; `price` leaves out what has no known price."""

    person: User
    waiting: int
    in_flight: int
    oldest: datetime | None
    price: Decimal

    @property
    def queue(self) -> OwnerQueue | None:
        return getattr(self.person, "video_queue", None)


@dataclass(frozen=True)
class BackendsQueue:
    """What waits for one backend."""

    backend: Backend
    waiting: int
    people: int
    in_flight: int
    oldest: datetime | None


def queues_by_person(named: str = "") -> list[PersonsQueue]:
    """Return the queues of those for whom something waits, or whose queue is paused: three queries.

    With `named` it is everybody active whose username or name has all of its words, whatever waits for them:
    one query more, and at most `MAX_FOUND` people.
    """
    waiting = _group("owner", price=Sum("price"))
    in_flight = _count_in_flight("owner")
    paused = Q(video_queue__paused_at__isnull=False) | Q(video_queue__staff_paused_at__isnull=False)
    oldest_first = sorted(waiting, key=lambda pk: waiting[pk]["oldest"])[:MAX_PEOPLE]
    wanted = Q(pk__in=_find_people(named)) if named else Q(pk__in=oldest_first) | paused
    people = User.objects.filter(wanted).select_related("video_queue")
    found = [
        PersonsQueue(
            person,
            waiting.get(person.pk, {}).get("count", 0),
            in_flight.get(person.pk, 0),
            waiting.get(person.pk, {}).get("oldest"),
            waiting.get(person.pk, {}).get("price") or ZERO,
        )
        for person in people.order_by("username")[: 2 * MAX_PEOPLE]
    ]
    return sorted(found, key=lambda each: (each.oldest is None, each.oldest, each.person.username))


def _find_people(named: str) -> list[int]:
    terms = parse_search(named)
    active = User.objects.filter(is_active=True).order_by("username")
    names = (
        (pk, " ".join(rest)) for pk, *rest in active.values_list("pk", "username", "first_name", "last_name")
    )
    return find_matches(terms, names)[:MAX_FOUND] if terms else []


def queues_by_backend() -> list[BackendsQueue]:
    """Return the queues of all backends that are on or have something waiting: three queries."""
    waiting = _group("backend", people=Count("owner", distinct=True))
    in_flight = _count_in_flight("backend")
    return list(_of_backends(waiting, in_flight))


def _of_backends(waiting: dict[int, dict[str, Any]], in_flight: dict[int, int]) -> Iterator[BackendsQueue]:
    for backend in Backend.objects.filter(Q(enabled=True) | Q(pk__in=waiting)):
        row = waiting.get(backend.pk, {})
        yield BackendsQueue(
            backend,
            row.get("count", 0),
            row.get("people", 0),
            in_flight.get(backend.pk, 0),
            row.get("oldest"),
        )


def _group(column: str, **more: Any) -> dict[int, dict[str, Any]]:
    queued = Video.objects.filter(state=State.QUEUED, cancel_requested_at=None).order_by()
    rows = queued.values(column).annotate(count=Count("pk"), oldest=Min("created_at"), **more)
    return {row[column]: row for row in rows}


def _count_in_flight(column: str) -> dict[int, int]:
    rows = Video.objects.filter(USES_SLOT).order_by().values_list(column).annotate(count=Count("pk"))
    return dict(rows)
