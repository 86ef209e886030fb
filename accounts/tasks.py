"""Celery tasks: call what does the work, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task

from accounts import mail


@shared_task(name="accounts.send_mail")
def send_mail_task() -> None:
    mail.deliver_due()
