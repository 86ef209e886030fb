"""Check the ledger against the videos."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.models import LedgerLine
from billing.money import format_money
from billing.spend import reserved_now
from videos.engine.ledger_check import find_contradictions

MAX_NAMED = 1000  # contradictions


class Command(BaseCommand):
    help = (
        "Compare ledger, reservations and videos, and name all that does not fit together; nothing is "
        "repaired. The exit code is 0 only if all is well. It may be run at any time, and takes a thousand "
        f"videos at a time. {MAX_NAMED:,} contradictions are named at most, and all are counted."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        number = 0
        for number, problem in enumerate(find_contradictions(), start=1):
            if number <= MAX_NAMED:
                self.stdout.write(problem)
        if number:
            count = "1 contradiction" if number == 1 else f"{number:,} contradictions"
            raise CommandError(f"{count}. Nothing was changed.")
        lines = LedgerLine.objects.all()
        reserved = format_money(reserved_now(lines))
        self.stdout.write(f"The ledger agrees with the videos: {lines.count():,} lines, {reserved} reserved.")
