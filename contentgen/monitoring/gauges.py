"""What the database, the broker and the disks know, looked at when somebody scrapes.

A scrape takes a bounded number of queries, which read what is in flight and never all videos, and what was
found is shared by all processes for some seconds. A part that cannot be looked at is left out; the others are
told all the same.
"""

import logging
import threading
import time
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Case, Count, Min, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from redis.exceptions import RedisError

from billing import budgets
from billing.daily_spend import spent_lately
from billing.models import Budget
from contentgen import broker, disk_space
from contentgen.monitoring import sharing
from contentgen.query_limit import query_limit
from contentgen.time_limit import within
from videos.engine import heartbeat
from videos.models import IN_FLIGHT, Backend, State, StudioState, Video
from videos.services.candidates import videos_for_staff
from videos.services.storage_usage import known_usage

logger = logging.getLogger(__name__)

Values = dict[tuple[str, ...], float]  # by the values of the labels
Gauges = dict[str, Values]  # by name

WORK_MAX_AGE, MONEY_MAX_AGE = 5, 60  # seconds for which what was found is told again
QUERY_SECONDS = 5.0  # that the queries of one part may take, each on PostgreSQL
DISK_SECONDS = 1.0

# What each gauge says, and its labels.
DEFINITIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "contentgen_videos_in_flight": ("Videos on their way, by state.", ("backend", "state")),
    "contentgen_oldest_video_age_seconds": (
        "Seconds for which the oldest video has been in a state.",
        ("backend", "state"),
    ),
    "contentgen_needs_attention": ("Videos that somebody has to decide about.", ("who",)),
    "contentgen_backend_slots": ("Jobs that may run at a backend at once.", ("backend",)),
    "contentgen_backend_paused": ("1 while a backend is paused.", ("backend",)),
    "contentgen_submissions_held": ("1 while submissions are held.", ()),
    "contentgen_worker_up": ("1 if a worker of the queue was seen at work lately.", ("queue",)),
    "contentgen_worker_age_seconds": ("Seconds since one was seen.", ("queue",)),
    "contentgen_beat_age_seconds": ("Seconds since a tick of beat was carried out.", ()),
    "contentgen_processes": ("Processes that run.", ("process",)),
    "contentgen_broker_messages": ("Messages that wait for a worker.", ("queue",)),
    "contentgen_database_up": ("1 if the database answers.", ()),
    "contentgen_database_latency_seconds": ("Seconds that the database took to answer.", ()),
    "contentgen_broker_up": ("1 if the broker answers.", ()),
    "contentgen_broker_latency_seconds": ("Seconds that the broker took to answer.", ()),
    "contentgen_spent": ("Money spent, today or this month.", ("period", "currency")),
    "contentgen_budgets": ("Budgets, by how far they are used.", ("scope", "status")),
    "contentgen_budget_used_ratio": (
        "How much of the fullest budget of a scope and period is used: 1 is all.",
        ("scope", "period"),
    ),
    "contentgen_stored_bytes": ("Bytes of stored files.", ("kind",)),
    "contentgen_disk_free_bytes": ("Free bytes of a disk of this host.", ("disk",)),
    "contentgen_disk_size_bytes": ("Bytes of a disk of this host.", ("disk",)),
    "contentgen_disk_minimum_free_bytes": ("Bytes that should stay free on it.", ("disk",)),
}

_looking = threading.RLock()  # of many that scrape at once, one looks


def collect() -> Gauges:
    """Return all that can be looked at now."""
    found: Gauges = {}
    for part in (_database, _broker, _messages, _work, _money, _stored, _disks):
        try:
            found |= part()
        except (DatabaseError, RedisError, OSError, RuntimeError) as error:
            logger.warning("Metrics go without a part (%s): %s", part.__name__.strip("_"), error)
    return found


def _database() -> Gauges:
    return _answer("database", _ask_database)


def _ask_database() -> Gauges:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _broker() -> Gauges:
    return _answer("broker", _ask_broker)


def _ask_broker() -> Gauges:
    with broker.connect() as redis:
        redis.ping()
    return {}


def _answer(name: str, ask: Callable[[], Gauges]) -> Gauges:
    """Return whether and how fast a part answers. One that does not is no reason to tell nothing."""
    began = time.perf_counter()
    try:
        ask()
    except (DatabaseError, RedisError, OSError, RuntimeError):
        return {f"contentgen_{name}_up": {(): 0.0}}
    seconds = time.perf_counter() - began
    return {f"contentgen_{name}_up": {(): 1.0}, f"contentgen_{name}_latency_seconds": {(): seconds}}


def _shared(name: str, look: Callable[[], Gauges], max_age: float) -> Gauges:
    """Return what `look` found, in any process that shares the cache, at most `max_age` seconds ago."""
    key = f"metrics:{name}"
    with _looking:
        found: Gauges | None = cache.get(key)
        if found is None:
            found = look()
            cache.set(key, found, max_age)
    return found


def _work() -> Gauges:
    return _shared("work", _look_at_work, WORK_MAX_AGE)


def _look_at_work() -> Gauges:
    with query_limit(QUERY_SECONDS):
        found = _videos() | _backends() | _signs_of_life()
        held = StudioState.objects.filter(held_at__isnull=False).exists()
    return {**found, "contentgen_submissions_held": {(): float(held)}}


# Since when a video is in its state, as far as a column says so.
_BEGAN = Case(
    When(state=State.STORING, then="generated_at"),
    When(state=State.IN_PROGRESS, then="accepted_at"),
    When(state__in=[State.SUBMITTING, State.UNCERTAIN], then="attempted_at"),
)


def _videos() -> Gauges:
    rows = (
        Video.objects.filter(state__in=IN_FLIGHT, deleted_at=None)
        .order_by()
        .values_list("backend__name", "state")
        .annotate(
            count=Count("pk"),
            undecided=Count("pk", filter=Q(due_at=None, state=State.UNCERTAIN)),
            began=Min(Coalesce(_BEGAN, "created_at")),
        )
    )
    counts, ages, undecided = Values(), Values(), 0
    for backend, state, count, open_decisions, began in rows:
        counts[backend, state], ages[backend, state] = count, _age(began)
        undecided += open_decisions
    return {
        "contentgen_videos_in_flight": counts,
        "contentgen_oldest_video_age_seconds": ages,
        "contentgen_needs_attention": {
            ("owners",): float(undecided),
            ("staff",): float(videos_for_staff().count()),
        },
    }


def _age(moment: datetime) -> float:
    return max(0.0, (timezone.now() - moment).total_seconds())


def _backends() -> Gauges:
    rows = list(Backend.objects.filter(enabled=True).values_list("name", "max_in_flight", "paused_until"))
    now = timezone.now()
    return {
        "contentgen_backend_slots": {(name,): slots for name, slots, _ in rows},
        "contentgen_backend_paused": {
            (name,): float(until is not None and until > now) for name, _, until in rows
        },
    }


def _signs_of_life() -> Gauges:
    up, ages, beat = Values(), Values(), Values()
    for sign in heartbeat.signs_of_life():
        if sign.role == heartbeat.SCHEDULER:
            beat |= {(): sign.age} if sign.age is not None else {}
            continue
        queue: tuple[str, ...] = (sign.role.partition(":")[2],)
        up[queue] = float(sign.is_alive)
        ages |= {queue: sign.age} if sign.age is not None else {}
    return {
        "contentgen_worker_up": up,
        "contentgen_worker_age_seconds": ages,
        "contentgen_beat_age_seconds": beat,
    }


def _messages() -> Gauges:
    if not settings.REDIS_URL:
        return {}
    queues = [role.partition(":")[2] for role in heartbeat.expected_roles() if role != heartbeat.SCHEDULER]
    with broker.connect() as redis:
        lengths: Values = {
            (queue,): float(redis.llen(f"{settings.REDIS_PREFIX}:{queue}")) for queue in queues
        }
    processes: Values = {(kind,): float(count) for kind, count in sharing.count_processes().items()}
    return {"contentgen_broker_messages": lengths, "contentgen_processes": processes}


def _money() -> Gauges:
    return _shared("money", _look_at_money, MONEY_MAX_AGE)


def _look_at_money() -> Gauges:
    with query_limit(QUERY_SECONDS):
        today, month = spent_lately()
        statuses = budgets.statuses(Budget.objects.order_by("pk"))
    return {
        "contentgen_spent": {
            ("day", settings.CURRENCY): float(today),
            ("month", settings.CURRENCY): float(month),
        },
        **_of_budgets(statuses),
    }


def _of_budgets(statuses: Iterable[budgets.BudgetStatus]) -> Gauges:
    counts: Tally[tuple[str, ...]] = Tally()
    fullest: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for each in statuses:
        scope, period = str(each.budget.scope), str(each.budget.period)
        status = "used_up" if each.is_exceeded else "almost_used" if each.is_almost_used else "ok"
        counts[scope, status] += 1
        fullest[scope, period] = max(fullest[scope, period], float(each.share))
    return {
        "contentgen_budgets": {labels: float(count) for labels, count in counts.items()},
        "contentgen_budget_used_ratio": dict(fullest),
    }


def _stored() -> Gauges:
    usage = known_usage()  # which is remembered for some minutes
    return {
        "contentgen_stored_bytes": {
            ("videos",): float(usage.videos),
            ("images",): float(usage.images),
            ("clips",): float(usage.clips),
        }
    }


def _disks() -> Gauges:
    disks = within(DISK_SECONDS, disk_space.disks)
    return {
        "contentgen_disk_free_bytes": {(disk.setting,): float(disk.free) for disk in disks},
        "contentgen_disk_size_bytes": {(disk.setting,): float(disk.total) for disk in disks},
        "contentgen_disk_minimum_free_bytes": {(disk.setting,): float(disk.minimum) for disk in disks},
    }
