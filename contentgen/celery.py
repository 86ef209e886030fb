"""The Celery application. Tasks are thin (`videos/tasks.py`); the work is in `videos/engine/`."""

import os
from typing import Any

from celery import Celery
from celery.signals import (
    before_task_publish,
    celeryd_init,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_shutdown,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections, connections
from django.urls import set_script_prefix

from contentgen.database_limits import limit_connections
from contentgen.monitoring import log_context
from contentgen.storage_address import require_extras

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

app = Celery("contentgen", include=["contentgen.draining", "contentgen.worker_control"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def _begin_worker(**signal: Any) -> None:
    os.umask(settings.PRIVATE_UMASK)
    limit_connections()
    try:
        require_extras(settings.STORAGE_URL, settings.STORAGE_FORMER)
    except ImproperlyConfigured as error:
        raise SystemExit(f"The worker did not start: {error}") from error  # Celery only logs what is no exit


@worker_init.connect
def _close_connections(**signal: Any) -> None:
    connections.close_all()  # what is open would be inherited by the processes of the pool


@task_prerun.connect
@task_postrun.connect
def _close_old_connections(task: Any, **signal: Any) -> None:
    """Keep this thread's connection to the database, as web processes do, unless it is too old or broken."""
    if not task.request.is_eager:
        close_old_connections()


@before_task_publish.connect
def _send_request_id(headers: dict[str, Any], **signal: Any) -> None:
    headers[log_context.REQUEST_ID] = log_context.current_request_id()


@task_prerun.connect
def _begin_log_lines(task: Any, **signal: Any) -> None:
    request_id = getattr(task.request, log_context.REQUEST_ID, "")
    log_context.begin(task=task.name, request_id=request_id)


@task_postrun.connect
def _end_log_lines(**signal: Any) -> None:
    log_context.begin()


@worker_process_shutdown.connect
def _share_metrics(**signal: Any) -> None:
    from contentgen.monitoring import sharing

    if settings.METRICS:
        sharing.share()


@task_prerun.connect
def _know_own_path(**signal: Any) -> None:
    """Let `reverse` in this thread know what the studio is below; Django tells its main thread alone."""
    set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
