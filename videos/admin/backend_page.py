"""What the page of a backend shows above its settings: how it stands, works and fails, and what is there."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from audit.vocabulary import Kind
from contentgen.stored_texts import translated
from videos.formatting import format_duration
from videos.models import Backend, State, VideoModel
from videos.services.backend_figures import Day, UsualTimes, figures_of, jobs_at, week_of
from videos.services.backend_status import find_state
from videos.services.failure_words import describe_failure

CHART_HEIGHT, BAR_STEP, BAR_WIDTH = 60, 40, 28  # of the chart of the week, in its own units
LISTED_PRICES = 10
_MARKS = {True: ("passed", _("Passed")), False: ("failed", _("Failed")), None: ("untold", _("Not tried"))}


@dataclass(frozen=True)
class Bar:
    """A day of the chart: where its two parts stand."""

    day: Day
    x: int
    completed_y: float
    completed_height: float
    failed_y: float
    failed_height: float


@dataclass(frozen=True)
class FailureRow:
    """Why videos failed, how many, and where they are listed."""

    words: str
    code: str
    count: int
    address: str


@dataclass(frozen=True)
class CheckRow:
    """A check of the latest probe, in words."""

    kind: str
    mark: str
    name: str
    found: str
    advice: str


@dataclass(frozen=True)
class PriceChange:
    """A price that was changed, by whom."""

    entry: Entry
    before: str
    after: str


def page_context(request: HttpRequest, backend: Backend) -> dict[str, Any]:
    """Return what the page draws. The number of queries does not depend on the number of videos."""
    figures = figures_of([backend])[backend.pk]
    week = week_of(backend)
    takes_jobs = backend.pk in {each.pk for each in Backend.objects.in_use()}
    sees_videos = request.user.has_perm("videos.view_video") or request.user.has_perm("videos.change_video")
    return {
        "backend": backend,
        "figures": figures,
        "state": find_state(backend, takes_jobs=takes_jobs, flight=figures.flight),
        "checks": [_check_row(check) for check in backend.probe_checks],
        "week": week,
        "bars": _bars(week.days),
        "chart_width": BAR_STEP * len(week.days),
        "chart_height": CHART_HEIGHT,
        "failures": [_failure_row(backend, code, count) for code, count in week.reasons],
        "times": [_time_row(times) for times in week.times],
        "jobs": jobs_at(backend) if sees_videos else [],
        "videos_address": _videos(backend),
        "running_address": _videos(backend, state="in_flight"),
        "sees_videos": sees_videos,
        "sees_audit": request.user.has_perm("audit.view_entry"),
        "price_changes": price_changes(list(backend.models.all())),
    }


def _videos(backend: Backend, **query: str) -> str:
    parameters = urlencode({"backend": backend.pk, **query})
    return f"{reverse('admin:videos_video_changelist')}?{parameters}"


def _failure_row(backend: Backend, code: str, count: int) -> FailureRow:
    reason = {"reason": code} if code else {}
    address = _videos(backend, state=State.FAILED.value, ended="week", **reason)
    return FailureRow(describe_failure(code), code, count, address)


def _time_row(times: UsualTimes) -> tuple[UsualTimes, str, str]:
    return times, format_duration(round(times.typical)), format_duration(round(times.slow))


def _check_row(check: dict[str, Any]) -> CheckRow:
    kind, mark = _MARKS[check.get("works")]
    texts = (translated(str(check.get(name) or "")) for name in ("name", "found", "advice"))
    return CheckRow(kind, str(mark), *texts)


def _bars(days: list[Day]) -> list[Bar]:
    highest = max((day.completed + day.failed for day in days), default=0) or 1
    scale = CHART_HEIGHT / highest
    bars = []
    for position, day in enumerate(days):
        completed, failed = day.completed * scale, day.failed * scale
        top = CHART_HEIGHT - completed - failed
        bars.append(
            Bar(
                day,
                position * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2,
                round(top + failed, 1),
                round(completed, 1),
                round(top, 1),
                round(failed, 1),
            )
        )
    return bars


def price_changes(models: list[VideoModel]) -> list[PriceChange]:
    """Return the latest changes of the models' prices that the audit log has, the newest first."""
    ids = [str(model.pk) for model in models]
    entries = Entry.objects.filter(
        kind=Kind.MODEL, object_id__in=ids, changes__has_key="price_per_second"
    ).order_by("-at", "-pk")
    return [PriceChange(entry, *_prices(entry)) for entry in entries[:LISTED_PRICES]]


def _prices(entry: Entry) -> tuple[str, str]:
    values = entry.changes["price_per_second"]
    return (str(values[0]), str(values[1])) if isinstance(values, list) else ("", str(values))
