"""Celery tasks: call what does the work, nothing else. Each may run twice, late or never without harm."""

from celery import shared_task

from accounts import deletion, mail


@shared_task(name="accounts.send_mail")
def send_mail_task() -> None:
    mail.deliver_due()


@shared_task(name="accounts.delete_due", time_limit=600)
def delete_due_task() -> None:
    deletion.carry_out_due()
