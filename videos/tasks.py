"""Celery tasks: unpack, call the engine, nothing else.

Each may run twice, late or never without harm: a message is only a hint, and the sweep finds the row again.
So a message with a task name that no longer exists, sent before an upgrade, is dropped harmlessly.
"""

from celery import shared_task

from videos.engine import characters, cleanup, dispatch, poll, reconcile, store, submit, sweep
from videos.services.backends import probe_unprobed_backend


@shared_task(name="videos.dispatch", time_limit=60)
def dispatch_task() -> None:
    dispatch.tick()


@shared_task(name="videos.submit")
def submit_task(backend_id: int) -> None:
    submit.submit_next(backend_id)


@shared_task(name="videos.poll", time_limit=120)
def poll_task() -> None:
    poll.tick()


@shared_task(name="videos.poll_backend")
def poll_backend_task(backend_id: int) -> None:
    poll.poll_backend(backend_id)


@shared_task(name="videos.store", time_limit=2 * 3600)
def store_task(video_id: int) -> None:
    store.store(video_id)


@shared_task(name="videos.sweep", time_limit=60)
def sweep_task() -> None:
    sweep.sweep()


@shared_task(name="videos.reconcile", time_limit=300)
def reconcile_task(backend_id: int) -> None:
    reconcile.reconcile(backend_id)


@shared_task(name="videos.probe", time_limit=300)
def probe_task(backend_id: int) -> None:
    probe_unprobed_backend(backend_id)


@shared_task(name="videos.clean_up_video", time_limit=120)
def clean_up_video_task(video_id: int) -> None:
    cleanup.clean_up_video(video_id)


@shared_task(name="videos.create_character")
def create_character_task(character_id: int) -> None:
    characters.create_character(character_id)
