"""`create_token`: an API token for a script, from the command line."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tokens
from accounts.forms import NAME_LIMIT
from accounts.models import Scope, User

_MAX_DAYS = 3650  # days


class Command(BaseCommand):
    help = "Create an API token and print it, and nothing else. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME", help="whose token it is")
        parser.add_argument("--name", default="Command line", help="default: %(default)s")
        parser.add_argument("--scope", default=Scope.WRITE.value, help="read or write; default: %(default)s")
        parser.add_argument(
            "--expires-in-days", type=int, metavar="N", help=f"1 to {_MAX_DAYS}; it never expires by default"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, days = options["name"].strip(), options["expires_in_days"]
        if not name or len(name) > NAME_LIMIT:
            raise CommandError(f"--name: give a name of 1 to {NAME_LIMIT} characters.")
        if options["scope"] not in Scope.values:
            raise CommandError(f"--scope: choose one of {', '.join(Scope.values)}.")
        if days is not None and not 1 <= days <= _MAX_DAYS:
            raise CommandError(f"--expires-in-days: give a number from 1 to {_MAX_DAYS}.")
        user = _active_user(options["username"])
        expires_at = timezone.now() + timedelta(days=days) if days else None
        _, secret = tokens.issue(user, name, scope=Scope(options["scope"]), expires_at=expires_at)
        self.stdout.write(secret)


def _active_user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no account “{username}”.")
    if not user.is_active:
        raise CommandError(f"The account “{username}” is locked.")
    return user
