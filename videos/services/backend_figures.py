"""What backends have done lately, and what they do now: counts and times, for staff.

All of it is bounded: by what is in flight, or by the week, which an index holds (`video_outcomes`). A page
about all backends takes as many queries as one about two.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from videos.engine.durations import duration_between
from videos.models import IN_FLIGHT, Backend, ReleasedJob, State, Video

WEEK = timedelta(days=7)
SAMPLES = 2000  # finished videos of a backend, the latest, from which its usual times are taken
LISTED_JOBS = 20
FEW = 3  # videos below which nothing is called usual

_ENDED = (State.COMPLETED, State.FAILED)
_STILL_RUNNING = Q(state__in=[State.FAILED, State.CANCELED], due_at__isnull=False, generated_at__isnull=True)


@dataclass(frozen=True)
class Flight:
    """What is at a backend now. `in_flight` takes a place there, `unanswered` running jobs got no answer when
    they were last asked for; `last_answer` is when it last said anything about a job.
    """

    queued: int = 0
    in_flight: int = 0
    storing: int = 0
    unanswered: int = 0
    last_answer: datetime | None = None


@dataclass(frozen=True)
class Outcomes:
    """How many jobs of the last week were completed, and how many failed."""

    completed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.completed + self.failed

    @property
    def percent(self) -> int | None:
        """The share of completed ones, rounded down, so that 100 means all of them; None without any."""
        return 100 * self.completed // self.total if self.total else None


NO_FLIGHT, NO_OUTCOMES = Flight(), Outcomes()


@dataclass(frozen=True)
class Figures:
    """What a list says of one backend in numbers."""

    flight: Flight = NO_FLIGHT
    week: Outcomes = NO_OUTCOMES
    models: int = 0


def figures_of(backends: Collection[Backend]) -> dict[int, Figures]:
    """Return the figures of each of the backends by its key, in five queries."""
    pks = [each.pk for each in backends]
    rows, weeks, models = _flight_rows(pks), _week_rows(pks), _count_models(pks)
    running, released = _count_still_running(pks), _count_released(pks)
    return {
        backend.pk: Figures(
            _sum_flight(
                rows[backend.pk],
                held=running[backend.pk] + released[backend.pk],
                heard=[weeks[backend.pk].heard, backend.probed_at],
            ),
            Outcomes(weeks[backend.pk].completed, weeks[backend.pk].failed),
            models[backend.pk],
        )
        for backend in backends
    }


@dataclass
class _Week:
    completed: int = 0
    failed: int = 0
    heard: datetime | None = None


def _flight_rows(pks: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    is_unanswered = Q(state=State.IN_PROGRESS) & ~Q(error_code="")
    rows = Video.objects.order_by().filter(backend__in=pks, state__in=IN_FLIGHT).values("backend", "state")
    for row in rows.annotate(
        count=Count("pk"),
        unanswered=Count("pk", filter=is_unanswered),
        answered=Max("answered_at"),
        accepted=Max("accepted_at"),
    ):
        found[row["backend"]].append(dict(row))
    return found


def _sum_flight(rows: Iterable[dict[str, Any]], *, held: int, heard: Iterable[datetime | None]) -> Flight:
    rows = list(rows)
    counts = Counter({row["state"]: row["count"] for row in rows})
    answers = [*heard, *(row[name] for row in rows for name in ("answered", "accepted"))]
    return Flight(
        queued=counts[State.QUEUED],
        in_flight=counts.total() - counts[State.QUEUED] + held,
        storing=counts[State.STORING],
        unanswered=sum(row["unanswered"] for row in rows),
        last_answer=max(filter(None, answers), default=None),
    )


def _count_still_running(pks: Collection[int]) -> Counter[int]:
    """Count what nobody wants any more, and takes a place at its backend until that has let go of it."""
    rows = Video.objects.order_by().filter(_STILL_RUNNING, backend__in=pks).values("backend")
    return Counter(dict(rows.annotate(count=Count("pk")).values_list("backend", "count")))


def _count_released(pks: Collection[int]) -> Counter[int]:
    rows = ReleasedJob.objects.order_by().filter(backend__in=pks, due_at__isnull=False).values("backend")
    return Counter(dict(rows.annotate(count=Count("pk")).values_list("backend", "count")))


def _count_models(pks: Collection[int]) -> Counter[int]:
    through = Backend.models.through._default_manager.order_by().filter(backend__in=pks)
    rows = through.values("backend").annotate(models=Count("pk"))
    return Counter({row["backend"]: row["models"] for row in rows})


def _of_the_week() -> QuerySet[Video]:
    """The videos whose jobs ended in the last week. Uploaded clips were made by no job."""
    since = timezone.now() - WEEK
    return Video.objects.order_by().filter(
        finished_at__gte=since, attempted_at__isnull=False, state__in=_ENDED
    )


def _week_rows(pks: Collection[int]) -> dict[int, _Week]:
    found: dict[int, _Week] = defaultdict(_Week)
    rows = _of_the_week().filter(backend__in=pks).values("backend", "state")
    for row in rows.annotate(count=Count("pk"), last=Max("finished_at")):
        week = found[row["backend"]]
        if row["state"] == State.COMPLETED:
            week.completed, week.heard = row["count"], row["last"]
        else:
            week.failed = row["count"]
    return found


# --- One backend -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """What ended on one day."""

    day: date
    completed: int
    failed: int


@dataclass(frozen=True)
class UsualTimes:
    """How long the videos of a model took in the last week, from their acceptance to their end, in seconds:
    half of them at most `typical`, nine of ten at most `slow`.
    """

    model: str
    videos: int
    typical: float
    slow: float


@dataclass(frozen=True)
class WeekReport:
    """The last week of one backend. `reasons` counts failures by error code, the most frequent first."""

    days: list[Day] = field(default_factory=list)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    times: list[UsualTimes] = field(default_factory=list)

    @property
    def outcomes(self) -> Outcomes:
        return Outcomes(sum(day.completed for day in self.days), sum(day.failed for day in self.days))


def week_of(backend: Backend) -> WeekReport:
    """Return what became of the backend's jobs in the last week, in two queries."""
    rows = _of_the_week().filter(backend=backend).annotate(day=TruncDate("finished_at"))
    counted = list(rows.values_list("day", "state", "error_code").annotate(count=Count("pk")))
    by_day: Counter[tuple[date, str]] = Counter()
    reasons: Counter[str] = Counter()
    for day, state, code, count in counted:
        by_day[day, state] += count
        if state == State.FAILED:
            reasons[code] += count
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in range(WEEK.days, -1, -1)]
    drawn = [Day(day, by_day[day, State.COMPLETED], by_day[day, State.FAILED]) for day in days]
    return WeekReport(drawn, reasons.most_common(), list(_usual_times(backend)))


def _usual_times(backend: Backend) -> Iterator[UsualTimes]:
    """Yield the usual times of each model that made a few videos, those of most videos first."""
    latest = _of_the_week().filter(backend=backend, state=State.COMPLETED, generated_at__isnull=False)
    rows = latest.order_by("-finished_at").values_list("model", "attempted_at", "accepted_at", "generated_at")
    durations: dict[str, list[float]] = defaultdict(list)
    for model, attempted_at, accepted_at, generated_at in rows[:SAMPLES]:
        if accepted_at and generated_at:
            durations[model].append(duration_between(attempted_at, accepted_at, generated_at))
    for model, found in sorted(durations.items(), key=lambda item: -len(item[1])):
        if len(found) >= FEW:
            ordered = sorted(found)
            slow = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
            yield UsualTimes(model, len(found), median(found), slow)


def jobs_at(backend: Backend) -> list[Video]:
    """Return the first of the videos that are in flight at the backend, the longest there first."""
    running = Video.objects.filter(backend=backend, state__in=IN_FLIGHT - {State.QUEUED})
    return list(running.select_related("owner").order_by("attempted_at", "pk")[:LISTED_JOBS])
