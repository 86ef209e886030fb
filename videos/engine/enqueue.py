"""Messages to the workers. Each is a hint that a row may be ready; losing one costs time, never work."""

import logging
from functools import cache

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu import Connection, pools
from kombu.exceptions import LimitExceeded, OperationalError

from contentgen.circuit_breaker import SOCKET_TIMEOUT, CircuitOpenError, redis_breaker

logger = logging.getLogger(__name__)

STALE_AFTER = 5  # seconds; the next tick of beat hints again, so an old hint is only noise


def send(task: str, pk: int) -> None:
    """Send a message to the task `videos.{task}` now. An unreachable broker is logged and ignored.

    Never waits long: after one failed or slow attempt no other is made for some seconds.
    """
    if not settings.REDIS_URL:
        return  # a command that runs alone: the workers find the row when they start
    producers = pools.producers[_connection()]
    try:
        with (
            redis_breaker.attempt(OperationalError, OSError),
            producers.acquire(block=True, timeout=SOCKET_TIMEOUT) as producer,
        ):
            current_app.send_task(f"videos.{task}", args=[pk], expires=STALE_AFTER, producer=producer)
    except (CircuitOpenError, LimitExceeded):
        logger.debug("No message sent for %s(%s), so the next sweep will find the row", task, pk)
    except (OperationalError, OSError) as error:
        logger.warning("No message sent for %s(%s), so the next sweep will find the row: %s", task, pk, error)


def send_after_commit(task: str, pk: int) -> None:
    """Send the message once the surrounding transaction is committed, so that a worker finds the row."""
    transaction.on_commit(lambda: send(task, pk))


@cache
def _connection() -> Connection:
    """Return the address of the broker with timeouts fit for a web request; Celery's own are for workers,
    which wait on purpose. Kombu keeps the connections themselves, and makes new ones after a fork.
    """
    options = {
        "global_keyprefix": f"{settings.REDIS_PREFIX}:",
        "socket_connect_timeout": SOCKET_TIMEOUT,
        "socket_timeout": SOCKET_TIMEOUT,
    }
    connection = current_app.connection_for_write(settings.REDIS_URL, transport_options=options)
    connection.get_transport_cls()  # imports it now, so that a slow import is not taken for a slow Redis
    return connection
