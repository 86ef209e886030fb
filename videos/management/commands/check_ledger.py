"""Check the ledger against the videos."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.models import LedgerLine
from billing.money import format_money
from billing.spend import reserved_now
from videos.services.ledger_check import find_contradictions


class Command(BaseCommand):
    help = (
        "Compare ledger, reservations and videos, and name all that does not fit together; nothing is "
        "repaired. The exit code is 0 only if all is well. Videos that change meanwhile may be reported "
        "wrongly: run it again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        problems = list(find_contradictions())
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            count = "1 contradiction" if len(problems) == 1 else f"{len(problems):,} contradictions"
            raise CommandError(f"{count}. Nothing was changed.")
        lines = LedgerLine.objects.all()
        reserved = format_money(reserved_now(lines))
        self.stdout.write(f"The ledger agrees with the videos: {lines.count():,} lines, {reserved} reserved.")
