"""Celery tasks: call what does the work, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task

from webhooks import pump, retention


@shared_task(name="webhooks.deliver")
def deliver_task() -> None:
    retention.remove_old()
    pump.deliver_due()
