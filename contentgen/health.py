"""Whether the studio is alive, and whether all its parts are."""

import logging
from collections.abc import Callable

from celery import Celery, current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """Answer as long as the web process runs; touches nothing else."""
    return JsonResponse({"status": "healthy", "service": "content-gen-backend"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Report each part as `ok` or `down`; 503 when one is down. Reasons go to the log, not to strangers."""
    parts = _states()
    healthy = all(state == "ok" for state in parts.values())
    return JsonResponse(
        {"status": "ready" if healthy else "degraded", "parts": parts}, status=200 if healthy else 503
    )


def unserved_queues(app: Celery) -> set[str]:
    """Return the queues no worker takes work from. Raises what the broker raises; waits for a second."""
    replies = app.control.inspect(timeout=1).active_queues() or {}
    served = {queue["name"] for queues in replies.values() for queue in queues}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return {settings.CELERY_TASK_DEFAULT_QUEUE, *routed} - served


def _states() -> dict[str, str]:
    states = {name: _state(name, part) for name, part in _PARTS.items()}
    # Asking workers through a broker that is away would only keep the caller waiting.
    states["worker"] = _state("worker", _worker) if states["broker"] == "ok" else "down"
    return states


def _state(name: str, part: Callable[[], None]) -> str:
    try:
        part()
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it, this page must say that it is down
        logger.warning("Health: %s is down: %s", name, error)
        return "down"
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    if not settings.REDIS_URL:
        raise RuntimeError("REDIS_URL is not set, and `make run` is not running")
    retry = Retry(NoBackoff(), retries=0)  # a load balancer asks again by itself
    with Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=retry
    ) as broker:
        broker.ping()


def _worker() -> None:
    if unserved := unserved_queues(current_app):
        raise RuntimeError(f"no worker serves {', '.join(sorted(unserved))}")


def _storage() -> None:
    default_storage.delete(default_storage.save("health/probe", ContentFile(b"ok")))


_PARTS: dict[str, Callable[[], None]] = {"database": _database, "broker": _broker, "storage": _storage}
