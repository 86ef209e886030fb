"""Compare the files in storage with the database."""

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain, islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.engine.file_check.files import UnknownStorageError
from videos.engine.file_check.finding import FileFinding, Remedy
from videos.engine.file_check.repair import NotMendedError, Repair
from videos.engine.file_check.rows import Progress, check_rows
from videos.engine.file_check.strays import OLDER_THAN, check_strays
from videos.management.arguments import positive_int
from videos.management.confirmation import is_confirmed
from videos.management.progress import INTERRUPTED

MAX_FOUND = 10_000  # that are kept, before they are mended


class Command(BaseCommand):
    help = (
        "Name rows whose files are missing, empty, unreadable or of another size, and files without rows. "
        "--deep reads every file and compares checksums. Nothing is changed without --repair, which says "
        "first what it would do: files without rows are moved to the folder “quarantine” of the storage, "
        "posters and copies are made again, and originals are downloaded from their backend again, which is "
        "free. It may run beside the studio. The exit code is 0 if nothing is wrong, or all was mended, "
        "else 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--deep", action="store_true", help="read every file, and compare checksums")
        parser.add_argument(
            "--repair", action="store_true", help="say what would be mended, ask, and mend it"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--older-than",
            type=_hours,
            default=OLDER_THAN,
            metavar="HOURS",
            help="leave files without rows alone that are younger, from 1 hour; 6 hours without",
        )
        parser.add_argument("--only", choices=["rows", "files"], help="look from one side alone")
        parser.add_argument(
            "--after", type=positive_int, default=0, metavar="KEY", help="go on after this video, as was said"
        )
        parser.add_argument(
            "--limit",
            type=positive_int,
            default=MAX_FOUND,
            metavar="NUMBER",
            help="stop after so many findings",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress()
        findings: list[FileFinding] = []
        try:
            for finding in islice(_findings(options, progress), options["limit"]):
                self.stdout.write(_line(finding, with_remedy=options["repair"]))
                findings.append(finding)
        except UnknownStorageError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The storage cannot be read: {error.strerror or error}.") from error
        except KeyboardInterrupt:
            raise CommandError(_interrupted(progress), returncode=INTERRUPTED) from None
        if not findings:
            self.stdout.write(f"Storage and database agree: {progress.rows:,} rows, each with its files.")
            return
        self.stdout.write(_summary(findings, limit=options["limit"]))
        if not options["repair"]:
            raise CommandError("Nothing was changed. --repair says what can be done about it.")
        self._repair(findings, options)

    def _repair(self, findings: Sequence[FileFinding], options: dict[str, Any]) -> None:
        counts = Counter(each.remedy for each in findings)
        self.stdout.write("\n".join(f"{count:,} to be mended: {remedy}" for remedy, count in counts.items()))
        if not options["yes"] and not is_confirmed("Do this?"):
            raise CommandError("Nothing was changed.")
        repair, left, moved = Repair(options["older_than"]), 0, 0
        for finding in findings:
            try:
                mended = repair.mend(finding)
            except NotMendedError as error:
                left += 1
                self.stdout.write(f"NOT MENDED  {finding}. {error}")
                continue
            moved += mended and finding.remedy == Remedy.QUARANTINE
            self.stdout.write(f"{'mended' if mended else 'fits again':<10}  {finding}")
        if moved:
            self.stdout.write(
                f"What was moved is in “{repair.quarantine}” of the storage, under its own path."
            )
        if left:
            raise CommandError(f"{left:,} of {len(findings):,} could not be mended.")
        self.stdout.write(f"All {len(findings):,} were mended.")


def _findings(options: dict[str, Any], progress: Progress) -> Iterator[FileFinding]:
    parts: list[Iterator[FileFinding]] = []
    if options["only"] != "files":
        parts.append(check_rows(progress, deep=options["deep"], after=options["after"]))
    if options["only"] != "rows":
        parts.append(check_strays(options["older_than"]))
    return chain.from_iterable(parts)


def _line(finding: FileFinding, *, with_remedy: bool) -> str:
    return f"{finding} → {finding.remedy}" if with_remedy else str(finding)


def _summary(findings: Sequence[FileFinding], *, limit: int) -> str:
    counts = Counter(each.problem for each in findings)
    told = "; ".join(f"{count:,} {problem}" for problem, count in counts.most_common())
    more = f" There may be more: it stopped after {limit:,}." if len(findings) == limit else ""
    return f"{len(findings):,} found: {told}.{more}"


def _interrupted(progress: Progress) -> str:
    return f"Stopped; nothing was changed. --after {progress.last_video} goes on where it was."


def _hours(text: str) -> timedelta:
    """Return the time that an option was given in hours. Raises `ArgumentTypeError`."""
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 1 <= hours <= 24 * 365:
        raise ArgumentTypeError(f"give a number of hours from 1, not “{text}”.")
    return timedelta(hours=hours)
