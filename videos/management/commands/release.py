"""Release submissions that are held."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from videos.engine import hold
from videos.engine.submission_marks import MarksUnavailableError
from videos.management.confirmation import is_confirmed
from videos.management.submission_report import report
from videos.services.submissions import submission_status


class Command(BaseCommand):
    help = (
        "Let submissions start again. It first says how many videos wait, at which backend and at what "
        "price, and asks. A studio whose database was restored is released only when the search for what was "
        "submitted since the backup has ended."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        status = submission_status()
        self.stdout.write(report(status, now=timezone.now()))
        if not status.state.is_held:
            return
        if status.is_searching:
            raise CommandError("Not released: the search has not ended yet.")
        if not options["yes"] and not is_confirmed(f"Submit {status.total}?"):
            raise CommandError("Not released.")
        try:
            hold.release()
        except (hold.StillSearchingError, MarksUnavailableError) as error:
            raise CommandError(f"Not released. {error}") from error
        self.stdout.write("Released.")
