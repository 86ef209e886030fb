"""The Django project. Importing the Celery app here makes `send_task` use our broker in every process."""

from contentgen.celery import app as celery_app

__all__ = ["celery_app"]
