"""`ensure_owner`: the first account of a new installation."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from accounts import subjects
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action


class Command(BaseCommand):
    help = (
        "Create the owner account: OWNER_USERNAME with OWNER_PASSWORD, or with a password that is generated, "
        "printed once and kept in DATA_DIR/owner-password. An account that exists is never changed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        username, configured = settings.OWNER_USERNAME, settings.OWNER_PASSWORD
        existing = User.objects.filter(username=username).first()
        if existing is not None and not existing.is_superuser:
            raise CommandError(
                f"The account “{username}” exists and is not a superuser. Set OWNER_USERNAME to another name."
            )
        # Without OWNER_PASSWORD, an installation that has a superuser has its owner under another name.
        if existing or (not configured and User.objects.filter(is_superuser=True).exists()):
            return
        password = configured or secrets.token_urlsafe(12)
        if not configured:
            _write_password(settings.DATA_DIR / "owner-password", password)
        try:
            with transaction.atomic():
                owner = User.objects.create_superuser(username, password=password)
                record(Action.CREATED, subjects.person(owner), note="The owner account.")
        except IntegrityError:  # created by another process at this moment, with its password
            return
        self.stdout.write(f"Created the owner account “{username}”.")
        if not configured:
            self.stdout.write(f"Password: {password}")


def _write_password(path: Path, password: str) -> None:
    """Write a file that its user alone can read, before the account exists: later the password is lost."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{password}\n")
