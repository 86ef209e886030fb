"""A worker that is asked to stop ends within `WORKER_DRAIN_SECONDS`, and hands back what it has not finished.

Celery's warm shutdown takes no more messages and waits for what is running for as long as that takes, which a
download may for half an hour; its soft shutdown always waits for the whole time, also when all is done. So
this bounds the first. What is cut short is in the database: another worker takes it up again.
"""

import logging
import os
import threading
import time
from typing import Any

from billiard import active_children
from celery.signals import worker_shutting_down
from django.conf import settings

logger = logging.getLogger(__name__)

UNWIND_SECONDS = 5.0  # for the processes of the pool to remove their files and let go of their leases

_begun = threading.Event()


@worker_shutting_down.connect
def begin(**signal_arguments: Any) -> None:
    """Start the time limit, once: a second SIGTERM changes nothing."""
    if _begun.is_set():
        return
    _begun.set()
    timer = threading.Timer(settings.WORKER_DRAIN_SECONDS, _hand_back)
    timer.daemon = True  # a worker that is done before that ends by itself
    timer.start()


def _hand_back() -> None:
    """Interrupt the processes of the pool, which raises `SystemExit` there, and then end in any case.

    Threads cannot be interrupted. Their leases run out, and a submission among them becomes uncertain, for
    which nobody pays twice.
    """
    logger.warning("Not done after %s s: handing back what is running", settings.WORKER_DRAIN_SECONDS)
    children = active_children()
    for process in children:
        process.terminate()
    if children:
        time.sleep(UNWIND_SECONDS)
    os._exit(0)
