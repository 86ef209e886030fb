"""The Celery application. Tasks are thin (`videos/tasks.py`); the work is in `videos/engine/`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

app = Celery("contentgen")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
