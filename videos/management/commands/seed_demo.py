"""Make a studio worth looking at, with the simulator alone."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from videos.demo import material
from videos.demo.build import build, demo_people, find_obstacle, make_password
from videos.demo.reset import reset
from videos.demo.workroom import NotMadeError, open_workroom
from videos.engine.hold import may_submit
from videos.formatting import count_of
from videos.management.progress import INTERRUPTED, open_display
from videos.models import State, Video


class Command(BaseCommand):
    help = (
        "Make four people and more than sixty videos of theirs, with collections, tags, takes, a family of "
        "remixes, a batch, and what goes wrong: with the built-in simulator alone, without a key or a "
        "network. It works with and without running workers. What is here already stays as it is. --reset "
        "removes exactly what it made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="also where there are videos already")
        parser.add_argument("--reset", action="store_true", help="remove the demo, and nothing else")
        parser.add_argument(
            *("--no-input", "--noinput"),
            dest="interactive",
            action="store_false",
            help="with --reset: do not ask first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"]:
                self._reset(asks=options["interactive"])
            else:
                self._build(force=options["force"])
        except NotMadeError as error:
            raise CommandError(f"{error} seed_demo --reset removes what there is so far.") from error
        except KeyboardInterrupt:
            sentence = "Stopped. seed_demo --reset removes what there is so far."
            raise CommandError(sentence, returncode=INTERRUPTED) from None

    def _build(self, *, force: bool) -> None:
        if obstacle := find_obstacle(force=force):
            raise CommandError(f"Nothing was made. {obstacle}")
        if not may_submit():
            raise CommandError("Nothing was made. Submissions are held: `manage.py hold --status` says why.")
        password = "" if settings.PRODUCTION else make_password()
        with open_workroom(), open_display(self.stderr) as display:
            videos = build(
                password, lambda done, of: display.show(done / max(1, of), f"{done} of {of} videos")
            )
        completed = videos.filter(state=State.COMPLETED).count()
        self.stdout.write(f"{completed} videos of {len(material.PEOPLE)} people are ready.")
        for person in material.PEOPLE:
            self.stdout.write(f"  {person.username:<12}  {person.role.label}")
        if password:
            self.stdout.write(f"Password of each: {password}")
        else:
            self.stdout.write("Nobody can sign in as them; managers and staff see their work.")

    def _reset(self, *, asks: bool) -> None:
        people = demo_people()
        if not people:
            self.stdout.write("There is no demo here.")
            return
        if asks:
            _confirm(people)
        with open_workroom():
            gone, left = reset()
        self.stdout.write(f"{gone} people of the demo and all that was theirs are gone.")
        if left:
            raise CommandError(f"Not yet gone: {', '.join(left)}. Their jobs are being ended; run it again.")


def _confirm(people: list[User]) -> None:
    """Ask for a “yes”. Raises `CommandError` for anything else, and where nobody can answer."""
    names = ", ".join(person.username for person in people)
    videos = count_of(Video.objects.filter(owner__in=people).count(), "video")
    question = (
        f"This deletes {names} and all that is theirs for good: {videos}, with all that hangs on them.\n"
        "    Type 'yes' to continue, or 'no' to cancel: "
    )
    try:
        answer = input(question)
    except EOFError:
        raise CommandError("Nothing was removed. Nobody can answer here: say --no-input.") from None
    if answer.strip().lower() != "yes":
        raise CommandError("Nothing was removed.")
