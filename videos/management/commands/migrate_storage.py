"""Move the files of the studio from one storage to another."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat

from contentgen.storage_address import ObjectStore, place
from contentgen.storage_interface import FoundFile, StudioStorage
from videos.engine.storage_move import NotMovedError, Outcome, Size, StorageMove
from videos.management.confirmation import is_confirmed
from videos.management.progress import INTERRUPTED, open_display

MAX_FAILURES = 3  # in a row, before a storage counts as away

Place = ObjectStore | Path


class Command(BaseCommand):
    help = (
        "Move the studio's files from FROM to TO, while it runs: each is copied, read back and compared by "
        "its checksum, and stays at FROM until --delete-source. Without the two it moves from STORAGE_FORMER "
        "to where the studio keeps its files now. A run that was cut off is simply started again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = "a folder, s3://…, gs://… or azure://…, or “disk” for VIDEO_STORAGE_PATH"
        parser.add_argument("source", nargs="?", type=_place, metavar="FROM", help=where)
        parser.add_argument("target", nargs="?", type=_place, metavar="TO", help="the same")
        parser.add_argument("--dry-run", action="store_true", help="only say what there is to move")
        parser.add_argument(
            "--delete-source",
            action="store_true",
            help="then remove from FROM what is at TO; where that is the studio's own storage by now",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before removing")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = _places(options)
        if options["delete_source"] and target != _own_place():
            raise CommandError(f"The studio does not keep its files at {target}: set STORAGE_URL first.")
        move = StorageMove(_open(source), _open(target))
        try:
            self._run(move, f"{source} to {target}", options)
        except OSError as error:
            raise CommandError(f"A storage fails: {error}. Start the command again.") from error
        except KeyboardInterrupt:
            message = "Stopped. Nothing is lost; start the command again to go on."
            raise CommandError(message, returncode=INTERRUPTED) from None

    def _run(self, move: StorageMove, way: str, options: dict[str, Any]) -> None:
        size = move.measure()
        self.stdout.write(f"{size.files:,} files, {filesizeformat(size.total)}, from {way}.")
        if options["dry_run"]:
            left = sum(not move.is_moved(found) for found in move.files())
            self.stdout.write(f"{left:,} are still to be copied. This was a dry run: nothing was copied.")
            return
        self._copy(move, size)
        if options["delete_source"]:
            self._delete(move, is_sure=options["yes"])

    def _copy(self, move: StorageMove, size: Size) -> None:
        counts = dict.fromkeys(Outcome, 0)
        failed = in_a_row = done = 0
        with open_display(self.stderr) as display:
            for found in move.files():
                try:
                    counts[move.copy(found)] += 1
                    in_a_row = 0
                except (NotMovedError, OSError) as error:
                    display.say(f"NOT MOVED  {_shown(found)}: {error}")
                    failed, in_a_row = failed + 1, in_a_row + 1
                    if in_a_row == MAX_FAILURES:
                        raise CommandError("A storage seems to be away. Start the command again.") from error
                done += found.size
                percent = min(100, 100 * done // (size.total or 1))
                display.show(percent / 100, f"{percent} % of {filesizeformat(size.total)}")
        self.stdout.write(", ".join(f"{count:,} {what}" for what, count in counts.items()) + ".")
        if failed:
            raise CommandError(f"{failed:,} files could not be moved, and nothing was deleted.")

    def _delete(self, move: StorageMove, *, is_sure: bool) -> None:
        question = "Remove what was copied from its former place?"
        if not is_sure and not is_confirmed(question):
            raise CommandError("Nothing was deleted.")
        removed = failed = 0
        for row in move.moved():
            try:
                move.delete_from_source(row)
                removed += 1
            except NotMovedError as error:
                self.stdout.write(f"NOT DELETED  {row.name}: {error}")
                failed += 1
        self.stdout.write(f"{removed:,} files were removed from their former place.")
        if failed:
            raise CommandError(f"{failed:,} files are still at their former place.")


def _place(text: str) -> Place:
    """Return the place that an argument names. Raises `ArgumentTypeError`."""
    if text == "disk":
        return Path(settings.MEDIA_ROOT)
    try:
        return place(text)
    except ValueError as error:
        raise ArgumentTypeError(f"give {error}, not “{text}”.") from error


def _own_place() -> Place:
    return settings.STORAGE_URL or Path(settings.MEDIA_ROOT)


def _places(options: dict[str, Any]) -> tuple[Place, Place]:
    if options["source"] and not options["target"]:
        raise CommandError("Say where to, too.")
    source = options["source"] or settings.STORAGE_FORMER
    if source is None:
        raise CommandError("Say from where to where, or set STORAGE_FORMER.")
    target = options["target"] or _own_place()
    if source == target:
        raise CommandError("The two places are one.")
    if isinstance(source, Path) and not source.is_dir():
        raise CommandError(f"There is no folder {source}.")
    return source, target


def _open(where: Place) -> StudioStorage:
    if isinstance(where, ObjectStore) and where.missing_extra:
        raise CommandError(f"For {where} a package is missing. Install it: {where.missing_extra}")
    return cast(StudioStorage, storages.create_storage(settings.STORAGE_OPTIONS.entry(where)))


def _shown(found: FoundFile) -> str:
    return found.name.encode(errors="backslashreplace").decode()
