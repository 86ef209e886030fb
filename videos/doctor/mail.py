"""The mail server: whether it lets the studio in. Nothing is sent."""

import os
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from videos.doctor.finding import Findings, ok, warning, wrong
from videos.doctor.runner import describe

WHAT = "mail server"
_TIMEOUT = 4  # seconds


def check_mail_server() -> Findings:
    """Connect and sign in, as a worker does before it sends."""
    if not settings.EMAIL_HOST:
        yield from _without_server()
        return
    server = EmailBackend(timeout=_TIMEOUT)
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        server.open()
    except Exception as error:  # noqa: BLE001  # whatever it is, no mail goes out
        advice = (
            "Correct EMAIL_HOST, EMAIL_PORT, EMAIL_SECURITY, EMAIL_HOST_USER "
            "or EMAIL_HOST_PASSWORD. Mail waits."
        )
        yield wrong(WHAT, f"{where} does not take mail: {describe(error)}", advice)
        return
    server.close()
    yield ok(WHAT, f"{where} lets the studio in. Mail is from {settings.DEFAULT_FROM_EMAIL}.")
    if not settings.PUBLIC_URL:
        found = "PUBLIC_URL is not set, so emails about notifications have no links."
        yield warning("mail", found, "Set PUBLIC_URL to the studio's address.")


def _without_server() -> Findings:
    if not settings.EMAIL_FILE_PATH:
        yield ok(WHAT, "None is set: mail is written to the log of the workers.")
        return
    folder = Path(settings.EMAIL_FILE_PATH)
    if folder.is_dir() and os.access(folder, os.W_OK):
        yield ok(WHAT, f"Mail is written to {folder}.")
    else:
        yield wrong(
            WHAT, f"EMAIL_FILE_PATH={folder} is no folder that can be written to.", "Make it, or correct it."
        )
