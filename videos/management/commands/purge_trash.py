"""Permanently delete what is in the trash."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat

from accounts.models import User
from videos.engine import removal_guard
from videos.management.confirmation import is_confirmed
from videos.services.purge import TrashOf, clean_up, delete_trash, find_trash, summarise


class Command(BaseCommand):
    help = (
        "Permanently delete what is in the trash, with its files, without waiting for TRASH_RETENTION_DAYS. "
        "It says first whose it is and how large, and asks. It may be cut off and run again, and twice at "
        "once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=_days,
            default=0,
            metavar="DAYS",
            help="only what has been in the trash for so many days",
        )
        parser.add_argument("--owner", metavar="USERNAME", help="only this person's")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = _get_owner(options["owner"]) if options["owner"] is not None else None
        # Ages are in doubt together with the clock. To empty the trash as a whole is a person's decision.
        if options["older_than"] and (doubt := removal_guard.doubt()):
            raise CommandError(f"{doubt} Nothing was deleted.")
        trash = find_trash(days=options["older_than"], owner=owner)
        found = summarise(trash)
        for each in found:
            self.stdout.write(f"{each.owner}: {_count(each.videos)}, {filesizeformat(each.size)}")
        self.stdout.write(f"In all: {_total(found)}.")
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was deleted.")
            return
        if found:
            self._ask(found, is_sure=options["yes"])
        deleted = sum(delete_trash(trash))
        result = clean_up(owner=owner)
        self.stdout.write(f"{_count(deleted)} deleted; files and rows of {_count(result.removed)} removed.")
        if result.left:
            left = "others are being made from them, or the backend is still to delete its job"
            self.stdout.write(f"{_count(result.left)} left to the workers: {left}.")

    def _ask(self, found: list[TrashOf], *, is_sure: bool) -> None:
        question = f"Permanently delete {_total(found)}?"
        if not is_sure and not is_confirmed(question):
            raise CommandError("Nothing was deleted.")


def _get_owner(username: str) -> User:
    owner = User.objects.filter(username=username).first()
    if owner is None:
        raise CommandError(f"--owner: there is no account “{username}”.")
    return owner


def _total(found: list[TrashOf]) -> str:
    return f"{_count(sum(each.videos for each in found))}, {filesizeformat(sum(each.size for each in found))}"


def _count(number: int) -> str:
    return "1 video" if number == 1 else f"{number:,} videos"


def _days(text: str) -> int:
    """Return a number of days from 0. Raises `ArgumentTypeError`."""
    if not text.isdecimal() or int(text[:6]) > 36_500:
        raise ArgumentTypeError(f"give a whole number of days from 0, not “{text}”.")
    return int(text)
