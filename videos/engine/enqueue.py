"""Messages to the workers. Each is a hint that a row may be ready; losing one costs time, never work."""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

STALE_AFTER = 5  # seconds: the next tick of beat hints again, so an old hint is only noise


def send(task: str, pk: int) -> None:
    """Send the message now. A broker that cannot be reached is logged and otherwise ignored."""
    if not settings.REDIS_URL:
        return  # a command run while nothing else is: the workers find the row when they start
    try:
        current_app.send_task(f"videos.{task}", args=[pk], expires=STALE_AFTER)
    except (OperationalError, ConnectionError, TimeoutError) as error:
        logger.warning("No hint for %s(%s), the next sweep will find it: %s", task, pk, error)


def send_after_commit(task: str, pk: int) -> None:
    """Send the message once the surrounding transaction is committed, so that a worker finds the row."""
    transaction.on_commit(lambda: send(task, pk))
