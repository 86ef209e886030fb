"""Hold all submissions."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from videos.engine import hold
from videos.engine.submission_marks import MarksUnavailableError
from videos.management.submission_report import report
from videos.services.submissions import submission_status


class Command(BaseCommand):
    help = (
        "Submit nothing until `release`, for maintenance. Videos can still be queued, and jobs that a "
        "backend has accepted are followed to their end. A studio whose database was restored from a "
        "backup holds itself. Where it cannot notice, because storage and broker were restored as well, say "
        "--restored before you start it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", metavar="TEXT", help="what staff are told")
        parser.add_argument("--message", default="", metavar="TEXT", help="what everybody is told meanwhile")
        parser.add_argument(
            "--restored",
            action="store_true",
            help="the database was restored: search the backends for what was submitted since the backup",
        )
        parser.add_argument("--status", action="store_true", help="only say whether there is a hold, and why")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["status"]:
            self._hold(options["reason"], options["message"], restored=options["restored"])
        self.stdout.write(report(submission_status(), now=timezone.now()))

    def _hold(self, note: str, message: str, *, restored: bool) -> None:
        try:
            if not hold.hold(note=note, message=message, restored=restored):
                self.stdout.write("Submissions were held before.")
        except MarksUnavailableError as error:
            raise CommandError(f"Not held. {error}") from error
