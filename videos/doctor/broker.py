"""The broker and the cache: Redis or Valkey."""

import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from videos.doctor.database import compare_clocks
from videos.doctor.finding import Finding, Findings, ok, warning, wrong
from videos.doctor.redaction import redact_url
from videos.doctor.runner import describe

WHAT = "broker"
_TIMEOUT = 3.0  # seconds to connect, and for each reply
_SLOW = 0.1  # seconds for one reply
_MANY_MESSAGES = 1000  # in one queue
_SECONDS = 30  # for which what is written to try it stays, if nobody removes it


def check_broker() -> Findings:
    """Connect, write, and look at how it is set."""
    if not settings.REDIS_URL:
        advice = "Start `make run`, which brings one, or set REDIS_URL to your Redis or Valkey."
        yield wrong(WHAT, "REDIS_URL is not set, and `make run` is not running here.", advice)
        return
    with open_redis() as redis:
        began = time.monotonic()
        try:
            redis.ping()
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing is processed without it
            found = f"{redact_url(settings.REDIS_URL)} does not answer: {describe(error)}"
            yield wrong(WHAT, found, "Start it, or correct REDIS_URL. Nothing is lost with it.")
            return
        seconds = time.monotonic() - began
        yield from _look(redis, seconds)


def open_redis() -> "Redis":
    """Return a connection that waits for nothing long."""
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(NoBackoff(), retries=0),
    )


def check_cache() -> Findings:
    """See whether what one process caches is there for the others."""
    if not settings.REDIS_URL:
        yield warning("cache", "Each process has one of its own.", "Set REDIS_URL to share one.")
        return
    key = f"doctor:{secrets.token_hex(8)}"
    cache.set(key, True, _SECONDS)
    with open_redis() as redis:
        is_shared = redis.exists(cache.make_key(key)) == 1
    cache.delete(key)
    if is_shared:
        yield ok("cache", "It is shared through the broker.")
    else:
        found = "What is cached stays in each process: Redis took none of it."
        yield warning("cache", found, "See what the line about the broker says.")


def check_queues() -> Findings:
    """Count the messages that wait."""
    lengths = {}
    with open_redis() as redis:
        for queue in queue_names():
            lengths[queue] = int(redis.llen(f"{settings.REDIS_PREFIX}:{queue}"))
    long = {queue: length for queue, length in lengths.items() if length > _MANY_MESSAGES}
    found = ", ".join(f"{queue} {length:,}" for queue, length in lengths.items())
    if long:
        advice = f"The workers of {', '.join(long)} do not keep up, or none is there: start more."
        yield warning("messages waiting", found, advice)
    else:
        yield ok("messages waiting", found)


def queue_names() -> list[str]:
    """Return the names of all queues."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted({settings.CELERY_TASK_DEFAULT_QUEUE, *routed})


def _look(redis: "Redis", seconds: float) -> Iterable[Finding]:
    info: dict[str, Any] = redis.info()
    kind = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info.get("redis_version", "of an unknown version")
    found = f"{kind} {version} answers in {seconds * 1000:.0f} ms; {_persistence(info)}."
    if seconds > _SLOW:
        yield warning(
            WHAT, found, "It is slow: each page asks it several times. Move it nearer, or relieve it."
        )
    else:
        yield ok(WHAT, found)
    yield from _eviction(info)
    try:
        redis.set(f"{settings.REDIS_PREFIX}:doctor", "1", ex=_SECONDS)
        redis.delete(f"{settings.REDIS_PREFIX}:doctor")
    except Exception as error:  # noqa: BLE001  # whatever it is, no message is taken
        advice = "See its log: a full disk or memory, or a replica that is read only."
        yield wrong("broker writes", f"It takes no writes: {describe(error)}", advice)
    before = timezone.now()
    stamp, micros = redis.time()
    there = datetime.fromtimestamp(stamp + micros / 1e6, UTC)
    yield compare_clocks("broker's clock", there, before, timezone.now())


def _eviction(info: dict[str, Any]) -> Iterable[Finding]:
    policy, limit = info.get("maxmemory_policy", "noeviction"), int(info.get("maxmemory", 0))
    if policy != "noeviction" and limit:
        found = f"It throws away what it has no memory for ({policy}): messages and counts among it."
        yield warning("broker memory", found, "Set maxmemory-policy to noeviction.")
    elif limit and int(info.get("used_memory", 0)) > limit * 0.9:
        found = f"{int(info['used_memory']) / 1e6:,.0f} of {limit / 1e6:,.0f} MB are used."
        yield warning("broker memory", found, "Raise maxmemory: when it is full, no message is taken.")


def _persistence(info: dict[str, Any]) -> str:
    """Say whether it keeps what it has on disk. It need not: the database knows all there is to do."""
    if int(info.get("aof_enabled", 0)):
        return "it keeps a log on disk"
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        return "its last snapshot failed"
    return "nothing in it needs keeping"
