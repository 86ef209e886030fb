"""The Celery application. Tasks are thin (`videos/tasks.py`); the work is in `videos/engine/`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init
from django.conf import settings

from contentgen.database_limits import limit_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

app = Celery("contentgen")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def _begin_worker(**signal: Any) -> None:
    os.umask(settings.PRIVATE_UMASK)
    limit_connections()
