"""Encrypt the stored keys and share links anew after SECRET_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.services.stored_keys import rotate_keys


class Command(BaseCommand):
    help = (
        "Encrypt the keys and share links that the database keeps with SECRET_KEY, where one of "
        "SECRET_KEY_FALLBACKS encrypted them. Afterwards the fallbacks can go. Running it twice does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        result = rotate_keys()
        rotated, current = _count(result.rotated), _count(result.current)
        self.stdout.write(f"{rotated} encrypted anew with SECRET_KEY; {current} needed nothing.")
        if result.links:
            self.stdout.write(f"Share links: {result.links} encrypted anew.")
        if result.unreadable:
            raise CommandError(
                f"The stored keys of these backends can't be read: {', '.join(result.unreadable)}. Put the "
                "SECRET_KEY that made them into SECRET_KEY_FALLBACKS and run this again, or paste the keys "
                "again in the admin under Backends."
            )


def _count(number: int) -> str:
    return f"{number} stored key{'' if number == 1 else 's'}"
