"""Adds up what all processes of the studio count, wherever they run, in Redis.

Each process adds what it has counted to one hash every few seconds, so one look at the hash tells what the
whole studio did, children of a worker, threads, hosts and processes that have ended included. A process that
is killed loses what it counted in the last seconds; Redis that is emptied begins again at 0, as Prometheus
expects of a counter.
"""

import atexit
import json
import logging
import os
import re
import socket
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from contentgen import broker
from contentgen.monitoring.measures import Sample, pending

logger = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds between two times that a process shares what it counted
ALIVE_FOR = 30  # seconds for which a process counts as running after its last sign of life

_in_memory: dict[Sample, float] = {}  # where there is no Redis, and one process is all there is


def start() -> None:
    """Share what this process counts from now on, and what its children do, from threads of their own."""
    _start_thread()
    os.register_at_fork(after_in_child=_start_thread)
    atexit.register(share)


def share() -> None:
    """Add what this process has counted to what all have. What cannot be added is kept for the next time.

    Where Redis took it and its answer was lost, it counts twice.
    """
    changes = pending.take()
    if not settings.REDIS_URL:
        for sample, amount in changes.items():
            _in_memory[sample] = _in_memory.get(sample, 0.0) + amount
        return
    try:
        with broker.connect() as redis:
            _send(redis, changes)
    except (RedisError, OSError) as error:
        pending.add(changes)
        logger.debug("What was counted is shared later: %s", error)


def read_samples() -> dict[Sample, float]:
    """Return what all processes have counted. Raises what Redis raises."""
    share()
    if not settings.REDIS_URL:
        return dict(_in_memory)
    with broker.connect() as redis:
        stored: Mapping[bytes, bytes] = redis.hgetall(_key())
    return {tuple(json.loads(field)): float(amount) for field, amount in stored.items()}


def count_processes() -> Tally[str]:
    """Return how many processes of each kind run, as they say themselves. Raises what Redis raises."""
    if not settings.REDIS_URL:
        return Tally([_kind()])
    with broker.connect() as redis:
        seen = redis.zrangebyscore(_processes_key(), time.time() - ALIVE_FOR, "+inf")
    return Tally(name.decode().partition("@")[0] for name in seen)


def _start_thread() -> None:
    threading.Thread(target=_share_forever, name="metrics", daemon=True).start()


def _share_forever() -> None:
    while True:
        time.sleep(INTERVAL)
        share()


def _send(redis: Redis, changes: Mapping[Sample, float]) -> None:
    now = time.time()
    with redis.pipeline(transaction=True) as pipeline:
        for sample, amount in changes.items():
            pipeline.hincrbyfloat(_key(), json.dumps(sample), amount)
        pipeline.zadd(_processes_key(), {f"{_kind()}@{socket.gethostname()}/{os.getpid()}": now})
        pipeline.zremrangebyscore(_processes_key(), "-inf", now - 10 * ALIVE_FOR)
        pipeline.execute()


def _kind() -> str:
    """Return which process of the Procfile this is; `command` for any other."""
    program, *options = sys.argv
    if "-n" in options[:-1]:  # a worker of Celery, which is named after it
        name = options[options.index("-n") + 1].partition("@")[0]
        return re.sub(r"-\d+$", "", name)  # without its process id
    if "beat" in options:
        return "beat"
    return "web" if Path(program).name == "gunicorn" else "command"


def _key() -> str:
    return f"{settings.REDIS_PREFIX}:metrics"


def _processes_key() -> str:
    return f"{settings.REDIS_PREFIX}:metrics:processes"
