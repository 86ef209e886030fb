"""The parts of the dashboard: who may see each, where its figures are from, and what is done without them.

Each part has its own time, its own cache and its own sentence for when it cannot be had, so none takes
another one along. What is cached is the same for everybody who may see the part, whatever their language.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.admin import AdminSite
from django.db import DatabaseError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrOrPromise

from accounts.models import User
from billing.charts import Bar, draw_bars
from billing.daily_spend import recent_spend
from billing.rights import may_see_spending
from contentgen import disk_space, health
from contentgen.dashboard.charts import draw_outcomes, draw_rates
from contentgen.query_limit import query_limit
from contentgen.time_limit import within
from videos.engine import heartbeat, safe_cache
from videos.engine.leadership import leader_of
from videos.models import Backend, StudioState, Video
from videos.services import dashboard
from videos.services.storage_usage import known_usage
from videos.services.versions import versions

logger = logging.getLogger(__name__)

T = TypeVar("T")

QUERY_LIMIT = 2.0  # seconds that a query of a part may take
PATIENCE = 8.0  # seconds after which no further part is begun
FAILURE_AGE = 5  # seconds for which nobody asks again for what could not be had
MAX_REASONS, MAX_PEOPLE = 8, 8  # listed

# Kept in the cache, which is everybody's, and translated where they are shown.
_TOO_SLOW = gettext_noop(
    "The database did not answer in time, so this is left out. It is asked again in some seconds."
)
_NO_TIME = gettext_noop(
    "The other parts took too long, so this one was not asked. It is asked again in some seconds."
)
_UNKNOWN = gettext_noop("This can't be had right now. The log of the web process says why.")


@dataclass(frozen=True)
class Tile:
    """A part of the dashboard. Its template, `admin/dashboard/_<name>.html`, gets what `load` returns."""

    name: str
    title: StrOrPromise
    is_visible: Callable[[HttpRequest, AdminSite], bool]
    load: Callable[[], Any]
    max_age: float  # seconds

    @property
    def key(self) -> str:
        return f"dashboard:{self.name}"

    @property
    def template(self) -> str:
        return f"admin/dashboard/_{self.name}.html"


@dataclass(frozen=True)
class Part:
    """A tile with its figures, or with the sentence that stands in their place, which is in English."""

    tile: Tile
    data: Any = None
    problem: str = ""


def visible_parts(request: HttpRequest, site: AdminSite) -> list[Part]:
    """Return the parts that whoever asks may see. It takes `PATIENCE` and one part's time at most."""
    tiles = [tile for tile in TILES if tile.is_visible(request, site)]
    cached = safe_cache.get_many([tile.key for tile in tiles])
    ends_at = time.monotonic() + PATIENCE
    return [
        (cached.get(tile.key) and Part(tile, *cached[tile.key])) or _load(tile, ends_at) for tile in tiles
    ]


def _load(tile: Tile, ends_at: float) -> Part:
    if time.monotonic() > ends_at:
        return Part(tile, problem=_NO_TIME)
    try:
        with query_limit(QUERY_LIMIT):
            data = tile.load()
    except DatabaseError as error:
        logger.warning("The dashboard goes without %s: %s", tile.name, error)
        return _remember(Part(tile, problem=_TOO_SLOW), FAILURE_AGE)
    except Exception:
        logger.exception("The dashboard goes without %s", tile.name)
        return _remember(Part(tile, problem=_UNKNOWN), FAILURE_AGE)
    return _remember(Part(tile, data), tile.max_age)


def _remember(part: Part, seconds: float) -> Part:
    safe_cache.set_many({part.tile.key: (part.data, part.problem)}, timeout=seconds)
    return part


def _may_view(model: type[Model]) -> Callable[[HttpRequest, AdminSite], bool]:
    """Whoever sees the model's list sees the part: whatever it shows leads there."""
    return lambda request, site: bool(site.get_model_admin(model).has_view_permission(request))


def _everybody(request: HttpRequest, site: AdminSite) -> bool:
    return True  # of the staff, whom each page tells of a studio that stands still


def _may_see_spending(request: HttpRequest, site: AdminSite) -> bool:
    return isinstance(request.user, User) and may_see_spending(request.user)


def _last_day() -> dashboard.LastDay:
    """The last day, which two parts are made of."""
    key = "dashboard:last-day"
    known: dashboard.LastDay | None = safe_cache.get_many([key]).get(key)
    if known is None:
        known = dashboard.last_day()
        safe_cache.set_many({key: known}, timeout=15)
    return known


def _load_outcomes() -> dict[str, Any]:
    day = _last_day()
    hours = [day.by_hour.get(hour, dashboard.Outcomes()) for hour in day.hours]
    reasons = day.reasons.most_common(MAX_REASONS)
    return {
        "total": day.total,
        "columns": draw_outcomes(hours),
        "hours": list(zip(day.hours, hours, strict=True)),
        "reasons": reasons,
        "other_reasons": day.reasons.total() - sum(count for __, count in reasons),
        "last_failures": dashboard.last_failures() if day.total.failed else [],
    }


def _load_backends() -> list[tuple[dashboard.BackendNow, Any]]:
    return [(each, draw_rates(each.by_hour)) for each in dashboard.backends_now(_last_day())]


def _load_workers() -> dict[str, Any]:
    return {
        "states": health.background_states(),
        "signs": heartbeat.signs_of_life(),
        "beat": leader_of(heartbeat.BEAT),
    }


def _load_spend() -> dict[str, Any]:
    spend = recent_spend()
    more = spend.people[MAX_PEOPLE:]
    return {
        "spend": spend,
        "people": spend.people[:MAX_PEOPLE],
        "more": len(more),
        "more_today": sum(each.today for each in more),
        "more_month": sum(each.month for each in more),
        "bars": [(bar, *day) for bar, day in zip(_draw(spend.days), spend.days, strict=True)],
    }


def _draw(days: Sequence[tuple[date, Decimal]]) -> list[Bar]:
    """Return the columns without words, which are in the language of whoever looks."""
    return draw_bars([("", amount) for __, amount in days])


def _load_storage() -> dict[str, Any]:
    """Return what is free and what is used: the one can be had without the other."""
    try:
        disks = within(1.0, disk_space.disks)
    except OSError as error:
        logger.warning("The dashboard goes without the disks: %s", error)
        disks = []
    return {"disks": disks, "usage": known_usage()}


TILES = (
    Tile("queue", _("Now"), _may_view(Video), dashboard.work_now, 3),
    Tile("outcomes", _("Last 24 hours"), _may_view(Video), _load_outcomes, 15),
    Tile("backends", _("Backends"), _may_view(Backend), _load_backends, 5),
    Tile("workers", _("Workers"), _everybody, _load_workers, 3),
    Tile("spend", _("Spend"), _may_see_spending, _load_spend, 30),
    Tile("storage", _("Storage"), _everybody, _load_storage, 30),
    Tile("versions", _("Versions"), _may_view(StudioState), versions, 300),
)
