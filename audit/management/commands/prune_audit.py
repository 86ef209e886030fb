"""`prune_audit`: remove old entries of the audit log."""

from argparse import ArgumentParser
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.management.days import day
from audit.retention import prune, retention_start


class Command(BaseCommand):
    help = (
        "Remove the entries of the audit log that AUDIT_RETENTION_DAYS no longer keeps, or those from before "
        "a day, and say how many. That they were removed is an entry of its own. The last 30 days are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", type=day, metavar="DAY", help="such as 2026-01-01")

    def handle(self, *args: Any, **options: Any) -> None:
        first: Any = options["before"]
        before = timezone.make_aware(datetime.combine(first, time.min)) if first else retention_start()
        if before is None:
            raise CommandError("AUDIT_RETENTION_DAYS is 0, which keeps everything. Say --before DAY.")
        try:
            count = prune(before)
        except ValueError as error:
            raise CommandError(f"--before: {error}") from error
        self.stdout.write(f"{count:,} removed, from before {timezone.localtime(before):%Y-%m-%d %H:%M}.")
