"""The studio's Celery application with a task that takes as long as it is told, for tests of workers."""

import time
from pathlib import Path

from celery import shared_task

from contentgen.celery import app as app


@shared_task(name="tests.nap")
def nap(seconds: float, path: str) -> None:
    """Write what becomes of the task into a file: `begun`, then `done` or `interrupted`."""
    Path(path).write_text("begun")
    try:
        time.sleep(seconds)
    except SystemExit:
        Path(path).write_text("interrupted")
        raise
    Path(path).write_text("done")
