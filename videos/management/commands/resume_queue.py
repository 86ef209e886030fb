"""Go on with what was paused by `pause_queue`, or on the page of all queues."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from videos.engine import hold
from videos.management.confirmation import is_confirmed
from videos.management.queue_targets import add_targets, find_target
from videos.management.submission_report import report
from videos.models import StudioState
from videos.services.backend_pauses import resume_backends
from videos.services.queue_pauses import resume_person
from videos.services.submissions import submission_status


class Command(BaseCommand):
    help = (
        "Submit again for a person, to a backend, or, with --everything, at all: that ends a maintenance, "
        "after it has said how many videos wait and at what price. It never releases a studio whose database "
        "was restored from a backup: `release` does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_targets(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask before a maintenance ends")

    def handle(self, *args: Any, **options: Any) -> None:
        target = find_target(options)
        if target is None:
            done, name = self._end_maintenance(sure=options["yes"]), "The studio"
        elif isinstance(target, User):
            done, name = resume_person(target), target.username
        else:
            done, name = bool(resume_backends([target])), target.name
        self.stdout.write(f"{name} goes on." if done else f"{name} was not paused.")

    def _end_maintenance(self, *, sure: bool) -> bool:
        state = StudioState.objects.load()
        if state.is_held and not state.is_maintenance:
            raise CommandError(f"Not resumed. {state.why_held} `release` ends that.")
        if state.is_maintenance and not sure:
            status = submission_status()
            self.stdout.write(report(status, now=timezone.now()))
            if not is_confirmed(f"Submit {status.total}?"):
                raise CommandError("Not resumed.")
        return hold.end_maintenance()
