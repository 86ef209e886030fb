"""What `pause_queue` and `resume_queue` are about: one person, one backend, or everything."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.models import User
from videos.models import Backend


def add_targets(parser: ArgumentParser) -> None:
    """Add the three options, of which one must be given."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--person", metavar="USERNAME", help="all that this person has in the queue")
    target.add_argument("--backend", metavar="NAME", help="all that waits for this backend")
    target.add_argument("--everything", action="store_true", help="a maintenance of the studio")


def find_target(options: dict[str, Any]) -> User | Backend | None:
    """Return the person or the backend; None for everything. Raises `CommandError` if it is unknown."""
    if options["everything"]:
        return None
    if options["person"] is not None:
        person = User.objects.filter(username=options["person"]).first()
        if person is None:
            raise CommandError(f"There is no person “{options['person']}”.")
        return person
    backend = Backend.objects.filter(name=options["backend"]).first()
    if backend is None:
        names = ", ".join(Backend.objects.values_list("name", flat=True)[:20])
        raise CommandError(f"There is no backend “{options['backend']}”. There are: {names}.")
    return backend
