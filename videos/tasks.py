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
from celery.signals import celeryd_after_setup, task_prerun, worker_process_init, worker_ready
from celery.utils.log import current_process_index  # type: ignore[attr-defined]  # the stubs lack it
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from videos.engine import (
    ageing,
    bulkhead,
    candidate_pictures,
    characters,
    cleanup,
    dispatch,
    draft_probe,
    enqueue,
    heartbeat,
    playable_copies,
    poll,
    reconcile,
    restore,
    store,
    submit,
    sweep,
)
from videos.models import Backend, Batch, Character, ConnectionDraft, JobCandidate, ReleasedJob, Video
from videos.services import batch_work, storage_usage
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
            except bulkhead.ShareExhaustedError as error:
                logger.warning("%s(%s) stopped: %s The sweep finds the row again.", task.__name__, pk, error)

        return run

    return decorate


@worker_ready.connect
def _start_heartbeat(sender: Any, **kwargs: Any) -> None:
    """Let a worker process show that it lives, for each queue it serves."""
    heartbeat.beat_forever(sender.app.amqp.queues.consume_from)


@celeryd_after_setup.connect
def _set_size(instance: Any, **kwargs: Any) -> None:
    """Say how many tasks this worker carries out at once, before its processes or threads start."""
    bulkhead.set_size(instance.concurrency)


@worker_process_init.connect
def _join_process(**kwargs: Any) -> None:
    bulkhead.join_process(current_process_index(base=0))


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


@shared_task(name="videos.probe_draft", time_limit=120)
@_about(ConnectionDraft)
def probe_draft_task(draft_id: int) -> None:
    draft_probe.probe_draft(draft_id)


@shared_task(name="videos.clean_up_video", time_limit=120)
@_about(Video)
def clean_up_video_task(video_id: int) -> None:
    cleanup.clean_up_video(video_id)


@shared_task(name="videos.picture_candidate")
@_about(JobCandidate)
def picture_candidate_task(candidate_id: int) -> None:
    candidate_pictures.fetch(candidate_id)


@shared_task(name="videos.retention", time_limit=300)
def retention_task() -> None:
    ageing.run()
    storage_usage.refresh_usage()


@shared_task(name="videos.make_browser_copy", time_limit=2 * 1200)
@_about(Video)
def make_browser_copy_task(video_id: int) -> None:
    playable_copies.make(video_id)


@shared_task(name="videos.clean_up_job", time_limit=120)
@_about(ReleasedJob)
def clean_up_job_task(job_id: int) -> None:
    cleanup.clean_up_job(job_id)


@shared_task(name="videos.create_character")
@_about(Character)
def create_character_task(character_id: int) -> None:
    characters.create_character(character_id)


@shared_task(name="videos.batches", time_limit=60)
def batches_task() -> None:
    batch_work.tick()


@shared_task(name="videos.advance_batch", time_limit=120)
@_about(Batch)
def advance_batch_task(batch_id: int) -> None:
    batch_work.advance(batch_id)
