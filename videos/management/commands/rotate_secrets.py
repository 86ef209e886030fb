"""Encrypt the stored keys, secrets and share links anew after SECRET_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.services.stored_keys import rotate_keys
from webhooks.stored_secrets import reencrypt_secrets


class Command(BaseCommand):
    help = (
        "Encrypt the keys, secrets and share links that the database keeps with SECRET_KEY, where one of "
        "SECRET_KEY_FALLBACKS encrypted them. Afterwards the fallbacks can go. Running it twice does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        keys, hooks = rotate_keys(), reencrypt_secrets()
        self._tell(keys.rotated, keys.current, "stored key")
        self._tell(hooks.rotated, hooks.current, "webhook secret")
        if keys.links:
            self.stdout.write(f"Share links: {keys.links} encrypted anew.")
        if keys.unreadable:
            raise CommandError(
                f"The stored keys of these backends can't be read: {', '.join(keys.unreadable)}. Put the "
                "SECRET_KEY that made them into SECRET_KEY_FALLBACKS and run this again, or paste the keys "
                "again in the admin under Backends."
            )
        if hooks.unreadable:
            names = ", ".join(sorted(set(hooks.unreadable)))
            raise CommandError(
                f"The secrets of these webhooks can't be read: {names}. Put the SECRET_KEY that made them "
                "into SECRET_KEY_FALLBACKS and run this again, or have their owners rotate them."
            )

    def _tell(self, rotated: int, current: int, what: str) -> None:
        done, left = _count(rotated, what), _count(current, what)
        self.stdout.write(f"{done} encrypted anew with SECRET_KEY; {left} needed nothing.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
