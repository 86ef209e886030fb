"""The Celery application. Tasks are thin (`videos/tasks.py`); the work is in `videos/engine/`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, task_prerun
from django.conf import settings
from django.urls import set_script_prefix

from contentgen.database_limits import limit_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

app = Celery("contentgen", include=["contentgen.draining", "contentgen.worker_control"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def _begin_worker(**signal: Any) -> None:
    os.umask(settings.PRIVATE_UMASK)
    limit_connections()


@task_prerun.connect
def _know_own_path(**signal: Any) -> None:
    """Let `reverse` in this thread know what the studio is below; Django tells its main thread alone."""
    set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
