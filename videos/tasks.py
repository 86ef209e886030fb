"""Celery tasks: unpack, call the engine, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task

from videos.engine import characters
from videos.engine import cleanup as forgetting
from videos.engine import dispatch as dispatching
from videos.engine import poll as polling
from videos.engine import reconcile as reconciling
from videos.engine import store as storing
from videos.engine import submit as submitting
from videos.engine import sweep as sweeping
from videos.services.backends import probe_new_backend


@shared_task(name="videos.dispatch", time_limit=60)
def dispatch() -> None:
    dispatching.tick()


@shared_task(name="videos.submit")
def submit(backend_id: int) -> None:
    submitting.submit_next(backend_id)


@shared_task(name="videos.poll", time_limit=120)
def poll() -> None:
    polling.tick()


@shared_task(name="videos.poll_backend")
def poll_backend(backend_id: int) -> None:
    polling.poll_backend(backend_id)


@shared_task(name="videos.store", time_limit=2 * 3600)
def store(video_id: int) -> None:
    storing.store(video_id)


@shared_task(name="videos.sweep", time_limit=60)
def sweep() -> None:
    sweeping.sweep()


@shared_task(name="videos.reconcile", time_limit=300)
def reconcile(backend_id: int) -> None:
    reconciling.reconcile(backend_id)


@shared_task(name="videos.probe", time_limit=300)
def probe(backend_id: int) -> None:
    probe_new_backend(backend_id)


@shared_task(name="videos.forget", time_limit=120)
def forget(video_id: int) -> None:
    forgetting.clean_up_video(video_id)


@shared_task(name="videos.cast")
def cast(character_id: int) -> None:
    characters.create_character(character_id)
