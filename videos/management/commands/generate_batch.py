"""Many videos from one file."""

import hashlib
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from videos.management.arguments import Settings, asked_before, person, reference_at
from videos.management.progress import Outcome, follow
from videos.models import Fit, ReferenceImage, Video
from videos.services.batch_file import SUFFIXES, Fault, Row, read_batch
from videos.services.references import keep_reference
from videos.services.videos import GenerationRequest, create_videos, find_errors


@dataclass(frozen=True)
class Batch:
    """A file in which every row was found good. `digests` has the SHA-256 of each reference, by its path."""

    folder: Path
    rows: list[Row]
    digests: dict[str, str]

    def settings_of(self, row: Row) -> Settings:
        """Return what makes another row the same wish."""
        sha256 = self.digests.get(row.reference, "")
        return row.prompt, row.model, row.seconds, row.size, sha256, row.fit if sha256 else ""


class Command(BaseCommand):
    help = (
        "Queue every video of a file and print their ids, one a line, in the order of the file. A CSV file "
        "starts with a header; a JSON Lines file has one object a line. Columns or keys: prompt, and where "
        "the defaults will not do model, seconds, size, reference (a picture; the path is relative to the "
        "file), fit (crop or pad: how the picture is brought to the size). If one row is wrong, no row is "
        "queued. If the same person asked for any of its videos in the last 24 hours, the file may be "
        "running twice, so nothing is queued unless you say --again; failed and canceled videos do not "
        "count, and neither do repetitions inside the file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="ends in .csv or .jsonl")
        parser.add_argument("--user", metavar="NAME", required=True, help="whose videos they are")
        parser.add_argument(
            "--dry-run", action="store_true", help="check every row and sum up, without queueing anything"
        )
        parser.add_argument(
            "--again", action="store_true", help="queue also what was asked for in the last 24 hours"
        )
        parser.add_argument("--wait", action="store_true", help="show progress until all have ended")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = person(options["user"])
        batch = _opened(options["file"])
        if options["dry_run"]:
            self._sum_up(owner, batch)
            return
        videos = _queue(owner, batch, again=options["again"])
        self.stdout.write("\n".join(video.public_id for video in videos))
        self.stdout.flush()
        if options["wait"]:
            self._report(batch, follow(videos, self.stderr))

    def _sum_up(self, owner: User, batch: Batch) -> None:
        count = Counter(row.model for row in batch.rows)
        seconds: Counter[str] = Counter()
        for row in batch.rows:
            seconds[row.model] += row.seconds
        lines = [(name, str(count[name]), str(seconds[name])) for name in sorted(count)]
        table = [
            ("model", "videos", "seconds"),
            *lines,
            ("total", str(count.total()), str(seconds.total())),
        ]
        width = max(len(name) for name, _, _ in table)
        for name, videos, length in table:
            self.stdout.write(f"{name:<{width}}  {videos:>7}  {length:>8}")
        repeated = _repeated(owner, batch)
        if repeated:
            self.stderr.write(_notice(batch, repeated), style_func=str)
        self.stderr.write("Dry run: nothing was queued.", style_func=str)

    def _report(self, batch: Batch, outcomes: list[Outcome]) -> None:
        kinds = Counter(outcome.kind for outcome in outcomes)
        self.stderr.write(", ".join(f"{n} {kind}" for kind, n in kinds.items()) + ".", style_func=str)
        for row, outcome in zip(batch.rows, outcomes, strict=True):
            if outcome.kind != "completed":
                line = f"line {row.line}: {outcome.public_id} {outcome.kind}: {outcome.reason}"
                self.stderr.write(line.rstrip(": "), style_func=str)
        missing = len(outcomes) - kinds["completed"]
        if missing:
            raise CommandError(f"{missing} of {len(outcomes)} videos did not complete.")


def _opened(path: Path) -> Batch:
    """Read the file and check every row, pictures included. Raises `CommandError` that lists all faults."""
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(f"FILE: “{path}” must end in {' or '.join(SUFFIXES)}.")
    try:
        rows, faults = read_batch(path)
    except OSError as error:
        raise CommandError(f"FILE: “{path}” cannot be read: {error.strerror}.") from error
    errors = find_errors([_wish(row) for row in rows])
    faults += [
        Fault(row.line, text) for row, fields in zip(rows, errors, strict=True) for text in fields.values()
    ]
    digests, unusable = _pictures(path.parent, {row.reference for row in rows if row.reference})
    faults += [
        Fault(row.line, f"reference: {unusable[row.reference]}") for row in rows if row.reference in unusable
    ]
    if faults:
        faults.sort(key=lambda fault: fault.line)
        listed = "\n".join(f"  line {fault.line}: {fault.sentence}" for fault in faults)
        raise CommandError(f"{path.name} was not queued, not even in part:\n{listed}")
    return Batch(path.parent, rows, digests)


def _wish(row: Row) -> GenerationRequest:
    return GenerationRequest(row.prompt, row.model, row.seconds, row.size, fit=Fit(row.fit))


def _pictures(folder: Path, names: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Open each picture once. Returns SHA-256 by path, and sentences by path for those of no use.

    The pictures themselves are let go again: a batch may name more of them than fit in memory.
    """
    digests, unusable = {}, {}
    for name in names:
        try:
            digests[name] = hashlib.sha256(reference_at(folder / name).content).hexdigest()
        except ValueError as error:
            unusable[name] = str(error)
    return digests, unusable


def _queue(owner: User, batch: Batch, *, again: bool) -> list[Video]:
    """Create all videos, or none and raise `CommandError`."""
    if not again:
        _refuse_repetition(owner, batch)
    # Kept before the transaction: decoding takes long, and the database must not be locked meanwhile.
    pictures = _kept_pictures(owner, batch)
    wishes = [replace(_wish(row), reference=pictures.get(row.reference)) for row in batch.rows]
    try:
        with transaction.atomic():
            # The same file started twice at the same moment: the second waits here, and then is refused.
            User.objects.select_for_update().get(pk=owner.pk)
            if not again:
                _refuse_repetition(owner, batch)
            return create_videos(owner, wishes)
    except ValidationError as error:
        sentences = " ".join(error.messages)
        raise CommandError(f"The catalogue changed meanwhile; nothing was queued. {sentences}") from error


def _kept_pictures(owner: User, batch: Batch) -> dict[str, ReferenceImage]:
    try:
        return {name: keep_reference(owner, reference_at(batch.folder / name)) for name in batch.digests}
    except ValueError as error:
        raise CommandError(f"A picture changed meanwhile; nothing was queued: {error}") from error


def _repeated(owner: User, batch: Batch) -> list[Row]:
    before = asked_before(owner, map(batch.settings_of, batch.rows))
    return [row for row in batch.rows if batch.settings_of(row) in before]


def _refuse_repetition(owner: User, batch: Batch) -> None:
    repeated = _repeated(owner, batch)
    if repeated:
        raise CommandError(f"{_notice(batch, repeated)} Nothing was queued; --again queues it anyway.")


def _notice(batch: Batch, repeated: list[Row]) -> str:
    shown = ", ".join(str(row.line) for row in repeated[:5]) + (" …" if len(repeated) > 5 else "")
    return (
        f"{len(repeated)} of {len(batch.rows)} videos were asked for in the last 24 hours already"
        f" (line {shown}), so they would be paid for twice."
    )
