"""Write everything of a person, of a collection or of the studio to a folder or a ZIP."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from videos.management.progress import INTERRUPTED, open_display
from videos.management.transfer import count_table, list_problems, now_and_then
from videos.models import Collection
from videos.transfer.errors import TransferError
from videos.transfer.export import estimate, export, scope_marker
from videos.transfer.scope import Scope
from videos.transfer.sinks import FolderSink, Sink, ZipSink


def day(text: str) -> datetime:
    """Return the beginning of the day, in the studio's time zone. Raises `ArgumentTypeError`."""
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time.min))
    except ValueError as error:
        raise ArgumentTypeError(f"give a day such as 2026-03-02, not “{text}”.") from error


class Command(BaseCommand):
    help = (
        "Write all videos of a person, of a collection or of the studio to a folder or a .zip, with what "
        "belongs to them: collections, references, templates, batches, ledger lines. import_videos brings it "
        "in again. A folder that was left unfinished is gone on with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--owner", metavar="NAME", help="everything of this person")
        whose.add_argument("--collection", metavar="ID", help="one collection, with everybody's videos in it")
        whose.add_argument("--all", action="store_true", help="everything of everybody")
        parser.add_argument("--output", type=Path, metavar="DIR|FILE.zip", help="where to write it")
        parser.add_argument("--since", type=day, metavar="DAY", help="only videos asked for since then")
        parser.add_argument("--with-trash", action="store_true", help="what is in the trash, too")
        parser.add_argument("--dry-run", action="store_true", help="say what it would be, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = _scope(options)
        count, byte_count = estimate(scope)
        self.stderr.write(f"{count:,} videos, {byte_count / 1e9:.2f} GB.", style_func=str)
        if options["dry_run"]:
            self.stderr.write("Dry run: nothing was written.", style_func=str)
            return
        if options["output"] is None:
            raise CommandError("--output: say where to write it, a folder or a file that ends in .zip.")
        try:
            with open_display(self.stderr) as display:
                result = export(scope, _sink(options["output"], scope), now_and_then(display.show))
        except TransferError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            goes_on = (
                "The same command begins again." if _is_zip(options["output"]) else "It can be gone on with."
            )
            raise CommandError(f"Stopped. {goes_on}", returncode=INTERRUPTED) from None
        count_table(self.stdout, result.counts)
        if result.counts["share_links"]:
            self.stderr.write(_LINKS, style_func=str)
        if result.problems:
            list_problems(self.stderr, result.problems)
            raise CommandError(f"{len(result.problems)} files could not be exported. The rest was.")


_LINKS = "Share links are exported without their secrets: an import brings them back revoked."


def _scope(options: dict[str, Any]) -> Scope:
    owner = collection = None
    if options["owner"] is not None:
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(f"--owner: there is no account “{options['owner']}”.")
    if options["collection"] is not None:
        collection = Collection.objects.existing().filter(public_id=options["collection"]).first()
        if collection is None:
            raise CommandError(f"--collection: there is no collection with the id “{options['collection']}”.")
    return Scope(owner, collection, options["since"], options["with_trash"])


def _sink(output: Path, scope: Scope) -> Sink:
    return ZipSink(output) if _is_zip(output) else FolderSink(output, scope_marker(scope))


def _is_zip(output: Path) -> bool:
    return output.suffix.lower() == ".zip"
