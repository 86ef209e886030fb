"""`ensure_owner`: the first account of a new installation."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from accounts.models import User


class Command(BaseCommand):
    help = (
        "Make the owner account: OWNER_USERNAME with OWNER_PASSWORD, or with a password that is generated, "
        "printed once and kept in DATA_DIR/owner-password. An account that exists is never changed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        username, chosen = settings.OWNER_USERNAME, settings.OWNER_PASSWORD
        existing = User.objects.filter(username=username).first()
        if existing is not None and not existing.is_superuser:
            raise CommandError(
                f"The account “{username}” exists and is not a superuser. Set OWNER_USERNAME to another name."
            )
        # Without a chosen password, an installation that has a superuser has its owner under another name.
        if existing or (not chosen and User.objects.filter(is_superuser=True).exists()):
            return
        password = chosen or secrets.token_urlsafe(12)
        if not chosen:
            _keep(settings.DATA_DIR / "owner-password", password)
        try:
            User.objects.create_superuser(username, password=password)
        except IntegrityError:  # made by another process at this moment, with its password
            return
        self.stdout.write(f"Made the owner account “{username}”.")
        if not chosen:
            self.stdout.write(f"Password: {password}")


def _keep(path: Path, password: str) -> None:
    """Write the password for its user's eyes only, before the account exists: it cannot be had later."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{password}\n")
