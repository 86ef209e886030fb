"""Celery tasks: call what does the work, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task
from celery.signals import worker_shutting_down

from webhooks import pump, retention

# Celery waits for the task, and kills it when that takes too long: then receivers would get more twice.
worker_shutting_down.connect(lambda **signal: pump.begin_no_more(), weak=False)


@shared_task(name="webhooks.deliver")
def deliver_task() -> None:
    retention.remove_old()
    pump.deliver_due()
