"""What whoever runs the studio wants to see at a glance: what is in flight, and how the last day went.

Each function takes a fixed number of queries, which read what is in flight or ended within a day, never all
videos. What was deleted for good is in none of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Left, TruncHour
from django.utils import timezone
from django.utils.translation import gettext_noop

from videos.models import IN_FLIGHT, Backend, OwnerQueue, State, StudioState, Video
from videos.services.candidates import videos_for_staff

HOURS = 24  # that the dashboard looks back
MAX_BACKENDS = 50  # listed, those in use first
MAX_PAUSED = 8  # backends and people that are named
MAX_FAILED = 5  # videos that failed last


@dataclass(frozen=True)
class PausedBackend:
    """A backend that is sent nothing; `until` is None where somebody has to resume it."""

    pk: int
    name: str
    until: datetime | None
    by: str
    reason: str


@dataclass(frozen=True)
class PausedPerson:
    """A person of whom nothing is submitted; `by_staff` or by themselves."""

    name: str
    by_staff: bool


@dataclass(frozen=True)
class Pauses:
    """What stands still because somebody said so. The lists have `MAX_PAUSED` entries and one more at most,
    which says that there are more.
    """

    hold: StudioState | None = None
    backends: list[PausedBackend] = field(default_factory=list)
    people: list[PausedPerson] = field(default_factory=list)


def pauses_now() -> Pauses:
    """Return what is held or paused, in three queries."""
    return Pauses(
        StudioState.objects.filter(held_at__isnull=False).select_related("held_by").first(),
        list(_paused_backends()),
        list(_paused_people()),
    )


def _paused_backends() -> Iterable[PausedBackend]:
    paused = Backend.objects.filter(enabled=True, paused_until__gt=timezone.now()).order_by("name")
    for backend in paused[: MAX_PAUSED + 1]:
        yield PausedBackend(
            backend.pk, backend.name, backend.pause_end, backend.paused_by, backend.pause_reason
        )


def _paused_people() -> Iterable[PausedPerson]:
    is_paused = Q(paused_at__isnull=False) | Q(staff_paused_at__isnull=False)
    names = OwnerQueue.objects.filter(is_paused, owner__is_active=True).order_by("owner__username")
    for name, staff_paused_at in names.values_list("owner__username", "staff_paused_at")[: MAX_PAUSED + 1]:
        yield PausedPerson(name, staff_paused_at is not None)


@dataclass(frozen=True)
class WorkNow:
    """What is in flight at this moment. `oldest` is the queued video that was asked for first."""

    by_state: Counter[str] = field(default_factory=Counter)
    needs_decision: int = 0
    needs_staff: int = 0
    oldest: int | None = None
    oldest_created_at: datetime | None = None
    pauses: Pauses = field(default_factory=Pauses)

    @property
    def queued(self) -> int:
        return self.by_state[State.QUEUED]

    @property
    def at_work(self) -> int:
        """How many are on their way: in flight, and not in the queue."""
        return self.by_state.total() - self.queued


def work_now() -> WorkNow:
    """Return what is in flight and what is paused, in six queries."""
    rows = (
        _in_flight()
        .values("state")
        .annotate(count=Count("pk"), first=Min("pk"), undecided=Count("pk", filter=Q(due_at=None)))
    )
    found: dict[str, dict[str, Any]] = {row["state"]: dict(row) for row in rows}
    oldest = found.get(State.QUEUED, {}).get("first")
    return WorkNow(
        by_state=Counter({state: row["count"] for state, row in found.items()}),
        needs_decision=found.get(State.UNCERTAIN, {}).get("undecided", 0),
        needs_staff=videos_for_staff().count(),
        oldest=oldest,
        oldest_created_at=Video.objects.filter(pk=oldest or 0).values_list("created_at", flat=True).first(),
        pauses=pauses_now(),
    )


def _in_flight() -> QuerySet[Video]:
    return Video.objects.filter(state__in=IN_FLIGHT, deleted_at=None).order_by()


@dataclass
class Outcomes:
    """How many videos ended in which way."""

    completed: int = 0
    failed: int = 0
    canceled: int = 0

    @property
    def rate(self) -> float | None:
        """The share of completed ones among those that a backend was to make, from 0 to 1; None of none."""
        made = self.completed + self.failed
        return self.completed / made if made else None

    @property
    def percent(self) -> str:
        """The rate as a page says it. It is 100 % only if none failed."""
        if self.rate is None:
            return ""
        return f"{min(round(self.rate * 100), 100 if not self.failed else 99)} %"

    def add(self, state: str, count: int) -> None:
        setattr(self, state, getattr(self, state) + count)


@dataclass
class LastDay:
    """How the videos ended that ended in the last day, by hour, by backend, and why those failed."""

    hours: list[datetime]
    total: Outcomes = field(default_factory=Outcomes)
    by_hour: dict[datetime, Outcomes] = field(default_factory=dict)
    by_backend: dict[int, Outcomes] = field(default_factory=dict)
    by_backend_and_hour: dict[tuple[int, datetime], Outcomes] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, row: dict[str, Any]) -> None:
        """Add a count of videos that ended alike."""
        hour, backend, state, count = row["hour"], row["backend"], row["state"], row["count"]
        for outcomes in (
            self.total,
            self.by_hour.setdefault(hour, Outcomes()),
            self.by_backend.setdefault(backend, Outcomes()),
            self.by_backend_and_hour.setdefault((backend, hour), Outcomes()),
        ):
            outcomes.add(state, count)
        if state == State.FAILED:
            self.reasons[row["error_code"]] += count


def last_day(*, now: datetime | None = None) -> LastDay:
    """Return how the last day went, in two queries. The first and the last of its hours are parts of one."""
    until = now or timezone.now()
    since = until - timedelta(hours=HOURS)
    first = since.replace(minute=0, second=0, microsecond=0)
    day = LastDay([first + timedelta(hours=number) for number in range(HOURS + 1)])
    for row in _ended_since(since):
        day.add(row)
    return day


@dataclass(frozen=True)
class FailedVideo:
    """One of the videos that failed last."""

    pk: int
    prompt: str
    owner: str
    error_code: str
    at: datetime


def last_failures(*, now: datetime | None = None) -> list[FailedVideo]:
    """Return the videos that failed last, of the last day, in a query by the index of the team's library."""
    ended_at = Coalesce("finished_at", "created_at")
    failed = Video.objects.filter(state=State.FAILED, deleted_at=None, trashed_at=None).annotate(
        ended_at=ended_at, start=Left("prompt", 200)
    )
    since = (now or timezone.now()) - timedelta(hours=HOURS)
    rows = failed.filter(ended_at__gte=since).order_by(ended_at.desc(), "-pk")[:MAX_FAILED]
    return [
        FailedVideo(*row)
        for row in rows.values_list("pk", "start", "owner__username", "error_code", "ended_at")
    ]


def _ended_since(since: datetime) -> Iterable[dict[str, Any]]:
    """Yield counts of what ended: of what is not in the trash by the index of the team's library; what is in
    the trash and ended since was put there since. Uploaded clips were made by nobody.

    What is in flight is left out, which says the same as to ask for the states of what ended: SQLite would
    look for those by an index of states, and go through all videos.
    """
    ended = Video.objects.filter(
        ~Q(state=State.COMPLETED, accepted_at=None), ~Q(state__in=IN_FLIGHT), deleted_at=None
    ).annotate(ended_at=Coalesce("finished_at", "created_at"))
    kept = ended.filter(trashed_at=None, ended_at__gte=since)
    trashed = ended.filter(trashed_at__gte=since, ended_at__gte=since)
    for videos in (kept, trashed):
        by_hour = videos.order_by().annotate(hour=TruncHour("ended_at", tzinfo=UTC))
        rows = by_hour.values("hour", "backend", "state", "error_code").annotate(count=Count("pk"))
        yield from map(dict, rows)


@dataclass(frozen=True)
class BackendNow:
    """How a backend stands, in a word and two sentences, and what it has to do.

    `note` and `reason` are in English, as everything that is cached: pages show them translated.
    """

    pk: int
    name: str
    state: str
    note: str
    reason: str
    in_flight: int
    queued: int
    outcomes: Outcomes
    by_hour: tuple[Outcomes, ...]


def backends_now(day: LastDay) -> list[BackendNow]:
    """Return the backends, those in use first, with how they stand; in six queries at most.

    `day` is what `last_day` returns.
    """
    in_use = {backend.pk for backend in Backend.objects.in_use()}
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in _in_flight().values("backend", "state").annotate(count=Count("pk")):
        counts[row["backend"]][row["state"]] += row["count"]
    served = Backend.models.through._default_manager.filter(backend=OuterRef("pk"))
    rows = Backend.objects.annotate(serves=Exists(served)).order_by("position", "name")
    listed = sorted(rows, key=lambda each: (each.pk not in in_use, not each.enabled))
    return [_describe(backend, counts[backend.pk], day, in_use) for backend in listed[:MAX_BACKENDS]]


def _describe(backend: Any, counts: Counter[str], day: LastDay, in_use: set[int]) -> BackendNow:
    state, note, reason = _state_of(backend, is_used=backend.pk in in_use)
    nothing = Outcomes()
    return BackendNow(
        backend.pk,
        backend.name,
        state,
        note,
        reason,
        in_flight=counts.total() - counts[State.QUEUED],
        queued=counts[State.QUEUED],
        outcomes=day.by_backend.get(backend.pk, nothing),
        by_hour=tuple(day.by_backend_and_hour.get((backend.pk, hour), nothing) for hour in day.hours),
    )


def _state_of(backend: Any, *, is_used: bool) -> tuple[str, str, str]:
    """Return how a backend stands in a word, as states of videos are called, in a sentence, and why."""
    if not backend.enabled:
        return "off", gettext_noop("Switched off"), ""
    if backend.paused_until is not None and backend.paused_until > timezone.now():
        return "paused", gettext_noop("Paused."), backend.pause_reason
    if not backend.serves:
        return "off", gettext_noop("Serves no model"), ""
    if is_used:
        return "ready", gettext_noop("Accepting jobs"), ""
    return "standby", gettext_noop("On standby"), ""
