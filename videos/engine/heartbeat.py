"""Whether anything is being processed: each background part leaves a sign of life in the database.

The tick proves that the scheduler, the broker and a worker of the short queue work together. A worker process
beats for each queue it serves, because an idle or busy queue carries no message that would prove anything.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from videos.engine import safe_cache
from videos.models import Heartbeat

logger = logging.getLogger(__name__)

SCHEDULER = "scheduler"  # a tick was carried out: beat, the broker and a worker of the short queue
BEAT = "beat"  # whose row is the lease of the one that leads (`leadership`)
INTERVAL = 10.0  # seconds between two beats of one role
STALE_AFTER = 30.0  # seconds without a beat until a role counts as stalled
GRACE = 30.0  # seconds after the start of this process in which nothing counts as stalled
_CACHE_KEY, _CACHE_TIMEOUT = "stalled-roles", 5

_started_at = time.monotonic()
_last_beats: dict[str, float] = {}


def queue_role(queue: str) -> str:
    """Return the role of the workers of a queue."""
    return f"queue:{queue}"


def expected_roles() -> list[str]:
    """Return every role without which something stands still."""
    queues = {settings.CELERY_TASK_DEFAULT_QUEUE}
    queues |= {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return [SCHEDULER, *map(queue_role, sorted(queues))]


def beat(role: str) -> None:
    """Record that `role` is at work. Writes once in INTERVAL, however often it is called."""
    now = time.monotonic()
    if now - _last_beats.get(role, -INTERVAL) < INTERVAL:
        return
    Heartbeat.objects.bulk_create(  # one statement, which needs no transaction around it
        [Heartbeat(role=role, beat_at=Now())],
        update_conflicts=True,
        unique_fields=["role"],
        update_fields=["beat_at"],
    )
    _last_beats[role] = now


def beat_forever(queues: Iterable[str]) -> None:
    """Beat for the workers of `queues` until this process ends, in a thread of its own."""
    roles = [queue_role(queue) for queue in queues]
    threading.Thread(target=_beat_in_loop, args=(roles,), name="heartbeat", daemon=True).start()


def stalled_roles() -> list[str]:
    """Return the roles that have not been seen at work for STALE_AFTER seconds; none right after the start.

    Takes one query, and for some seconds none. Raises what the database raises.
    """
    if time.monotonic() - _started_at < GRACE:
        return []
    cached: list[str] | None = safe_cache.get_many([_CACHE_KEY]).get(_CACHE_KEY)
    if cached is None:
        cached = read_stalled_roles()
        safe_cache.set_many({_CACHE_KEY: cached}, timeout=_CACHE_TIMEOUT)
    return cached


def read_stalled_roles() -> list[str]:
    """Return what the database knows now, whenever this process started."""
    alive = Heartbeat.objects.filter(beat_at__gte=Now() - timedelta(seconds=STALE_AFTER))
    seen = set(alive.values_list("role", flat=True))
    return [role for role in expected_roles() if role not in seen]


@dataclass(frozen=True)
class SignOfLife:
    """When a role was last seen at work, in seconds before now; None if never."""

    role: str
    age: float | None

    @property
    def is_alive(self) -> bool:
        return self.age is not None and self.age < STALE_AFTER


def signs_of_life() -> list[SignOfLife]:
    """Return the sign of life of each role without which something stands still. One query."""
    age = ExpressionWrapper(Now() - F("beat_at"), output_field=DurationField())
    ages = dict(Heartbeat.objects.annotate(age=age).values_list("role", "age"))
    return [
        SignOfLife(role, ages[role].total_seconds() if role in ages else None) for role in expected_roles()
    ]


def _beat_in_loop(roles: list[str]) -> None:
    while True:
        try:
            for role in roles:
                beat(role)
        except DatabaseError as error:
            logger.warning("No sign of life recorded: %s", error)
        finally:
            connection.close()  # a process forked from this one must not inherit it
        time.sleep(INTERVAL)
