"""Celery tasks: unpack, call the engine, nothing else.

Each may run twice, late or never without harm: a message is only a hint, and the sweep finds the row again.
So a message with a task name that no longer exists, sent before an upgrade, is dropped harmlessly, and so is
one about a row that has been deleted since.
"""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from celery import shared_task
from celery.signals import task_prerun, worker_ready
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from videos.engine import (
    bulkhead,
    characters,
    cleanup,
    dispatch,
    enqueue,
    heartbeat,
    poll,
    reconcile,
    restore,
    store,
    submit,
    sweep,
)
from videos.models import Backend, Character, ReleasedJob, Video
from videos.services.backends import probe_unprobed_backend

logger = logging.getLogger(__name__)

_Task = Callable[[int], None]


def _about(model: type[Model]) -> Callable[[_Task], _Task]:
    """Decorate a task about one row of `model`: if the row is gone, say so in the log instead of failing."""

    def decorate(task: _Task) -> _Task:
        @wraps(task)
        def run(pk: int) -> None:
            try:
                task(pk)
            except ObjectDoesNotExist:
                if model._default_manager.filter(pk=pk).exists():
                    raise
                logger.info("Nothing to do for %s: there is no %s %s", task.__name__, model.__name__, pk)

        return run

    return decorate


@worker_ready.connect
def _start_heartbeat(sender: Any, **kwargs: Any) -> None:
    """Let a worker process show that it lives, for each queue it serves."""
    heartbeat.beat_forever(sender.app.amqp.queues.consume_from)


@worker_ready.connect
def _set_threads(sender: Any, **kwargs: Any) -> None:
    bulkhead.set_threads(sender.pool.limit)


@task_prerun.connect
def _begin(sender: Any, args: Sequence[Any] = (), **kwargs: Any) -> None:
    """Let the next message like this one be sent."""
    if args:
        enqueue.begin(sender.name.removeprefix("videos."), args[0])


@shared_task(name="videos.dispatch", time_limit=60)
def dispatch_task() -> None:
    dispatch.tick()
    heartbeat.beat(heartbeat.SCHEDULER)


@shared_task(name="videos.submit")
@_about(Backend)
def submit_task(backend_id: int) -> None:
    submit.submit_next(backend_id)


@shared_task(name="videos.poll", time_limit=120)
def poll_task() -> None:
    poll.tick()


@shared_task(name="videos.poll_backend")
@_about(Backend)
def poll_backend_task(backend_id: int) -> None:
    poll.poll_backend(backend_id)


@shared_task(name="videos.store", time_limit=2 * 3600)
@_about(Video)
def store_task(video_id: int) -> None:
    store.store(video_id)


@shared_task(name="videos.sweep", time_limit=60)
def sweep_task() -> None:
    sweep.sweep()


@shared_task(name="videos.reconcile", time_limit=300)
@_about(Backend)
def reconcile_task(backend_id: int) -> None:
    reconcile.reconcile(backend_id)


@shared_task(name="videos.search_restored", time_limit=300)
@_about(Backend)
def search_restored_task(backend_id: int) -> None:
    restore.search_backend(backend_id)


@shared_task(name="videos.probe", time_limit=300)
@_about(Backend)
def probe_task(backend_id: int) -> None:
    probe_unprobed_backend(backend_id)


@shared_task(name="videos.clean_up_video", time_limit=120)
@_about(Video)
def clean_up_video_task(video_id: int) -> None:
    cleanup.clean_up_video(video_id)


@shared_task(name="videos.clean_up_job", time_limit=120)
@_about(ReleasedJob)
def clean_up_job_task(job_id: int) -> None:
    cleanup.clean_up_job(job_id)


@shared_task(name="videos.create_character")
@_about(Character)
def create_character_task(character_id: int) -> None:
    characters.create_character(character_id)
