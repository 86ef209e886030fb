"""Celery tasks: call what does the work, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task

from audit import retention


@shared_task(name="audit.prune")
def prune_task() -> None:
    retention.prune_due()
