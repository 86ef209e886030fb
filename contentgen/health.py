"""Health checks for load balancers and monitors: is the studio alive, and are all its parts?"""

import logging
import threading
import uuid
from collections.abc import Callable
from typing import TypeVar

from celery import Celery, current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contentgen import broker, disk_space
from contentgen.checks import SETTINGS
from contentgen.storage_interface import as_studio_storage
from contentgen.version import VERSION
from videos.engine import heartbeat
from videos.engine.leadership import leader_of

logger = logging.getLogger(__name__)

T = TypeVar("T")


MAX_AGE = 5  # seconds for which what was found is told again
DOWN_MAX_AGE = 1  # the same while a part is down: whoever waits for it should hear soon that it is back
STORAGE_MAX_AGE = 60  # seconds between two files that are written to see whether storage takes any

_checking = threading.RLock()  # of many that ask at once, one looks
_has_started = threading.Event()


class _LowError(Exception):
    """A part works, but will not for long."""


@login_not_required
@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """Answer as long as the web process runs, with its version. Uses nothing else, not even the database."""
    return JsonResponse({"status": "healthy", "service": "content-gen-backend", "version": VERSION})


@login_not_required
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Report each part as `ok`, `low` or `down`; 503 when one is down. The reasons go to the log alone.

    What was found counts for `MAX_AGE` seconds, or `DOWN_MAX_AGE`: asking often costs next to nothing.
    """
    parts = _shared("parts", _check_parts, lambda found: MAX_AGE if _is_healthy(found) else DOWN_MAX_AGE)
    healthy = _is_healthy(parts)
    return JsonResponse(
        {"status": "ready" if healthy else "degraded", "parts": parts}, status=200 if healthy else 503
    )


@login_not_required
@require_safe
@never_cache
def started(request: HttpRequest) -> JsonResponse:
    """Report whether this process has begun to work: 503 until the migrations are applied, the settings are
    found right and the broker has answered once. After that it asks nothing any more.
    """
    parts = dict.fromkeys(_STARTUP_PARTS, "ok") if _has_started.is_set() else _check_startup()
    if _is_healthy(parts):
        _has_started.set()
    is_started = _has_started.is_set()
    return JsonResponse(
        {"status": "started" if is_started else "starting", "parts": parts}, status=200 if is_started else 503
    )


def background_states() -> dict[str, str]:
    """Return how the broker and the workers are, `ok` or `down`, as `ready` tells it.

    It takes two seconds at most, and for `MAX_AGE` seconds after that no time.
    """
    return _shared("background", _check_background, lambda found: MAX_AGE)


def unserved_queues(app: Celery) -> set[str]:
    """Return the queues that no worker serves. Waits a second for replies; raises what the broker raises."""
    replies = app.control.inspect(timeout=1).active_queues() or {}
    served = {queue["name"] for queues in replies.values() for queue in queues}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return {settings.CELERY_TASK_DEFAULT_QUEUE, *routed} - served


def _check_startup() -> dict[str, str]:
    def check() -> dict[str, str]:
        return {name: _check_part(name, part) for name, part in _STARTUP_PARTS.items()}

    return _shared("startup", check, lambda found: DOWN_MAX_AGE)


def _is_healthy(parts: dict[str, str]) -> bool:
    return all(state != "down" for state in parts.values())


def _shared(name: str, check: Callable[[], T], max_age: Callable[[T], float]) -> T:
    """Return what `check` returned, in any process that shares the cache, at most `max_age` of it ago, in
    seconds.
    """
    key = f"health:{name}"
    with _checking:
        found: T | None = cache.get(key)
        if found is None:
            found = check()
            cache.set(key, found, max_age(found))
    return found


def _check_background() -> dict[str, str]:
    return _with_worker({"broker": _check_part("broker", _PARTS["broker"])})


def _check_parts() -> dict[str, str]:
    return _with_worker({name: _check_part(name, part) for name, part in _PARTS.items()})


def _with_worker(states: dict[str, str]) -> dict[str, str]:
    # Asking the workers through a broker that is down would only keep the caller waiting.
    worker = _check_part("worker", _check_worker) if states["broker"] == "ok" else "down"
    return {**states, "worker": worker}


def _check_part(name: str, part: Callable[[], None]) -> str:
    try:
        part()
    except _LowError as error:
        logger.warning("Health: %s is low: %s", name, error)
        return "low"
    except Exception as error:  # noqa: BLE001  # whatever is wrong, the part is down
        logger.warning("Health: %s is down: %s", name, error)
        return "down"
    return "ok"


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_broker() -> None:
    with broker.connect() as connected:
        connected.ping()


def _check_worker() -> None:
    if unserved := unserved_queues(current_app):
        raise RuntimeError(f"no worker serves {', '.join(sorted(unserved))}")


def _check_scheduler() -> None:
    if heartbeat.SCHEDULER in heartbeat.stalled_roles():
        beat = leader_of(heartbeat.BEAT)
        where = f"beat runs ({beat[0]})" if beat else "no beat runs"
        raise RuntimeError(f"{where}, and no tick was carried out in the last {heartbeat.STALE_AFTER:.0f} s")


def _check_storage() -> None:
    _shared(
        "storage", _write_probe, lambda _: STORAGE_MAX_AGE
    )  # a failure is not shared: it is looked at again


def _write_probe() -> bool:
    ours = as_studio_storage(default_storage)
    storage = ours.impatient() if ours else default_storage
    # A name of its own: another host may write and delete one at the same moment.
    storage.delete(storage.save(f"health/{uuid.uuid4().hex}", ContentFile(b"ok")))
    return True


def _check_migrations() -> None:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError(f"{len(plan)} migrations are to be applied, {plan[0][0]} first")


def _check_settings() -> None:
    if errors := [each for each in run_checks(tags=[SETTINGS]) if each.is_serious()]:
        raise RuntimeError("; ".join(f"{each.msg} ({each.id})" for each in errors))


def _check_disk() -> None:
    if low := disk_space.low_disks():
        raise _LowError(", ".join(f"{disk.setting} has {disk.free} bytes free" for disk in low))


_PARTS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "broker": _check_broker,
    "storage": _check_storage,
    "disk": _check_disk,
    "scheduler": _check_scheduler,
}
_STARTUP_PARTS: dict[str, Callable[[], None]] = {
    "migrations": _check_migrations,
    "settings": _check_settings,
    "broker": _check_broker,
}
