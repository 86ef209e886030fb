"""Show what was spent."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.models import LedgerLine
from billing.money import format_money
from billing.spend import GROUPINGS, MAX_DAYS, Span, default_span, reserved_now, spend_by, total_of


def day(text: str) -> date:
    """Return the day that an option was given. Raises `ArgumentTypeError`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"write a day such as 2026-11-30, not “{text[:40]}”.") from error


class Command(BaseCommand):
    help = (
        "Show what was spent, as the ledger has it, by the days on which it was: a table, the sum, and what "
        "is still reserved. Without --from and --to, of the last 30 days."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="such as 2026-11-01")
        parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="included")
        parser.add_argument("--by", choices=list(GROUPINGS), default="person", help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        usual = default_span()
        last = options["last"] or usual.last
        span = Span(options["first"] or min(usual.first, last), last)
        if span.first > span.last:
            raise CommandError("--from must not be after --to.")
        if span.days > MAX_DAYS:
            raise CommandError(f"--from: ask for at most {MAX_DAYS:,} days at once.")
        lines = LedgerLine.objects.all()
        rows = spend_by(lines, span, options["by"])
        total = total_of(lines, span)
        table = [(GROUPINGS[options["by"]].label.lower(), "videos", "unpriced", "spent")]
        table += [(row.name, str(row.videos), str(row.unpriced), format_money(row.spent)) for row in rows]
        table.append(("total", str(total.videos), str(total.unpriced), format_money(total.spent)))
        width = max(len(name) for name, *_ in table)
        for name, videos, unpriced, spent in table:
            self.stdout.write(f"{name:<{width}}  {videos:>7}  {unpriced:>8}  {spent:>14}")
        self.stdout.write(f"Reserved now: {format_money(reserved_now(lines))}.")
