"""Pause what waits to be submitted."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from videos.engine import hold
from videos.management.queue_targets import add_targets, find_target
from videos.services.backend_pauses import MAX_REASON, pause_backends
from videos.services.queue_pauses import pause_person


class Command(BaseCommand):
    help = (
        "Submit nothing more for a person, to a backend, or at all, until `resume_queue`. Videos can still "
        "be asked for, and what backends work on goes on. With --everything the studio is in maintenance: "
        "every page says so."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_targets(parser)
        parser.add_argument(
            "--reason",
            default="",
            metavar="TEXT",
            help="what the person is told; with --everything, what everybody is told",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        target, reason = find_target(options), options["reason"]
        if target is None:
            done, name = hold.hold(message=reason), "The studio"
        elif isinstance(target, User):
            done, name = pause_person(target, reason), target.username
        else:
            done, name = not (target.is_paused and target.paused_by), target.name
            if done:
                pause_backends([target], by=None, reason=reason[:MAX_REASON])
        self.stdout.write(f"{name} is paused." if done else f"{name} was paused before.")
