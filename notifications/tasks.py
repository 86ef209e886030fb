"""Celery tasks: call what does the work, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task

from notifications import cleanup, digests


@shared_task(name="notifications.tick")
def tick_task() -> None:
    digests.send_due()
    cleanup.remove_old()
