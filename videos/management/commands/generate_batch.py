"""Create many videos from one file."""

from argparse import ArgumentParser
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from billing.errors import RefusedPaymentError
from billing.spender import spending
from videos.capabilities import available_offers
from videos.management.arguments import (
    add_confirm_price,
    get_user,
    open_reference_file,
    to_command_error,
)
from videos.management.batch_progress import (
    BatchDownloads,
    Ending,
    create_rows,
    find_endings,
    follow_batch,
    print_table,
)
from videos.models import ApprovalRequest, Batch, BatchState
from videos.services.approvals import explain_wait
from videos.services.batch_approvals import approval_of, resume_or_ask, start_or_ask
from videos.services.batch_check import CheckedBatch, check_batch, declared_parameters, paid_prices
from videos.services.batch_duplicates import describe_repeated, find_recent_requests
from videos.services.batch_encoding import UnreadableTextError, read_bounded
from videos.services.batch_file import COLUMNS, SUFFIXES, Row, parse_batch
from videos.services.batch_images import keep_images
from videos.services.batch_record import RowError
from videos.services.batch_template import Defaults
from videos.services.batches import (
    digest_of,
    discard_batch,
    find_same,
    save_batch,
)
from videos.services.budgets import describe_budgets
from videos.services.generation_requests import Quote
from videos.services.images import NewImage
from videos.services.prices import sum_up
from videos.services.terms import describe_maker

MAX_FAULTS = 1000  # that are listed


class FolderImages:
    """The images beside a file, by their paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, name: str) -> NewImage:
        """Return the image. Raises `ValueError` with a sentence."""
        return NewImage(open_reference_file(self._folder / name), Path(name).name)


class Command(BaseCommand):
    help = (
        "Queue every video of a file and print their ids, one a line, in the order of the file. It is a "
        "table with a header, as spreadsheets save it (XLSX, or CSV with commas, semicolons or tabs), an "
        "object a line (JSON Lines), an array of objects, or requests as OpenAI's Batch API has them. "
        f"Columns or keys: {', '.join(COLUMNS)}; only prompt is required. reference is the image to start "
        "from, last_frame the one to end with, references are further ones, with semicolons between them; "
        "their paths are relative to the file. fit (crop or pad) says how the frames are fitted; custom_id "
        "(or key) is a key of your own, which messages name; tags are separated by commas; collection is the "
        "name or id of one that the videos are put into. What else a model "
        "takes, such as seed, is a column or key of its own, or part of the object parameters. Other "
        "columns are not used, and a warning says so. If one row is invalid, no row is queued. The same "
        "file again goes on with what is left of it, and repeats nothing. If the same person requested any "
        "of the videos in another way in the last 24 hours, nothing is queued without --again; failed and "
        "canceled videos do not count, and neither do repetitions inside the file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help=f"ends in {', '.join(SUFFIXES)}")
        parser.add_argument("--user", metavar="NAME", required=True, help="whose videos they are")
        parser.add_argument(
            "--dry-run", action="store_true", help="check and sum up every row, without queuing anything"
        )
        parser.add_argument(
            "--strict", action="store_true", help="queue nothing if there is a warning, as of unknown columns"
        )
        parser.add_argument(
            "--again", action="store_true", help="queue all of it, whatever was requested before"
        )
        parser.add_argument(
            "--collection", default="", metavar="NAME", help="for rows that name none; a name or an id"
        )
        add_confirm_price(parser)
        parser.add_argument("--wait", action="store_true", help="show progress until all have ended")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="DIR",
            help="wait, and download each video as it is done; what is there already is not downloaded again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        owner = get_user(options["user"])
        path: Path = options["file"]
        images = FolderImages(path.parent)
        defaults = Defaults({"collection": options["collection"]} if options["collection"] else {})
        content, checked = _check_file(owner, path, images, defaults, strict=options["strict"])
        for warning in checked.warnings:
            self._say(f"Warning: {warning}")
        if options["dry_run"]:
            self._print_totals(owner, checked)
            return
        downloads = BatchDownloads.into(options["output"]) if options["output"] else None
        sent = [options["collection"]] if options["collection"] else []
        digest = digest_of(content, *(each.encode() for each in (*sorted(checked.digests.values()), *sent)))
        batch = None if options["again"] else find_same(owner, digest)
        if batch is not None:
            with spending(token=batch.token, confirmed_price=options["confirm_price"]):
                self._continue(batch)
        else:
            with spending(confirmed_price=options["confirm_price"]):
                batch = _start(owner, path, content, checked, images, digest, again=options["again"])
        self._carry_out(batch, path, owner, downloads, wait=options["wait"])

    def _carry_out(
        self, batch: Batch, path: Path, owner: User, downloads: BatchDownloads | None, *, wait: bool
    ) -> None:
        come_back = f"generate_batch {path} --user {owner.username} --wait"
        create_rows(batch, come_back)
        created = batch.rows.filter(video__isnull=False).order_by("number")
        ids = [each or "" for each in created.values_list("video__public_id", flat=True)]
        self.stdout.write("\n".join(filter(None, ids)))
        self.stdout.flush()
        if batch.state == BatchState.STOPPED:
            queued = f"{len(ids)} of {batch.row_count} videos were queued."
            raise CommandError(f"{queued} {batch.problem} The same command goes on.")
        if wait or downloads:
            follow_batch(batch, self.stderr, come_back, downloads)
            self._print_outcomes(batch, wait=True)
        else:
            self._print_outcomes(batch, wait=False)

    def _continue(self, batch: Batch) -> None:
        if batch.started_at is None:
            raise _waiting(approval_of(batch))
        began = f"{batch.started_at:%Y-%m-%d %H:%M}" if batch.started_at else ""
        self._say(f"This file was started on {began} UTC: going on with it. --again starts anew.")
        if batch.is_paused or batch.state == BatchState.STOPPED:
            _carry_on(batch)

    def _print_totals(self, owner: User, checked: CheckedBatch) -> None:
        parts: dict[tuple[str, str], list[tuple[Row, Quote]]] = defaultdict(list)
        priced = list(zip(checked.rows, checked.quotes, strict=True))
        for row, each in priced:
            parts[row.model, each.offer.backend.name].append((row, each))
        table = [
            ("model", "videos", "seconds", "price", "backend"),
            *((model, *_sum_up(parts[model, backend]), backend) for model, backend in sorted(parts)),
            ("total", *_sum_up(priced), ""),
        ]
        widths = [max(len(line[column]) for line in table) for column in range(5)]
        for name, videos, length, price, backend in table:
            line = f"{name:<{widths[0]}}  {videos:>7}  {length:>8}  {price:>{widths[3]}}  {backend}"
            self.stdout.write(line.rstrip())
        total, _ = checked.total
        for sentence in [*_notes_on(checked.quotes), *describe_budgets(owner, total)]:
            self._say(sentence)
        if repeated := _find_repeated(owner, checked):
            self._say(_describe_repeated(checked, repeated))
        self._say("Dry run: nothing was queued.")

    def _print_outcomes(self, batch: Batch, *, wait: bool) -> None:
        """Tell what did not become a video; after waiting, how all of them ended. Raises `CommandError` then
        if any is missing.
        """
        endings = find_endings(batch, only_refused=not wait)
        kinds = Counter(each.kind for each in endings)
        missing = sum(kinds.values())
        if wait:
            completed = {"completed": batch.row_count - missing} if missing < batch.row_count else {}
            print_table(self.stderr, batch)
            self._say(", ".join(f"{n} {kind}" for kind, n in {**completed, **kinds}.items()) + ".")
        self._print_endings(endings)
        if missing:
            done = "complete" if wait else "get queued"
            raise CommandError(f"{missing} of {batch.row_count} videos did not {done}.")

    def _print_endings(self, endings: list[Ending]) -> None:
        for each in endings[:MAX_FAULTS]:
            self._say(f"{each.label}: {each.public_id} {each.kind}: {each.reason}".rstrip(": "))
        if len(endings) > MAX_FAULTS:
            self._say(f"… and {len(endings) - MAX_FAULTS:,} more.")

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence, style_func=str)


# --- Checking ----------------------------------------------------------------------------------------------


def _check_file(
    owner: User, path: Path, images: FolderImages, defaults: Defaults, *, strict: bool
) -> tuple[bytes, CheckedBatch]:
    """Read the file and check every row, images included.

    Raises `CommandError` that lists the errors; with `strict`, warnings are errors too.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(f"FILE: “{path}” must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    try:
        content = read_bounded(path)
    except OSError as error:
        raise CommandError(f"FILE: “{path}” cannot be read: {error.strerror}.") from error
    except UnreadableTextError as error:
        raise _refusal(path, [f"line {error.line}: {error}"]) from error
    declared = declared_parameters(available_offers())
    checked = check_batch(owner, parse_batch(content, path.suffix, declared, defaults=defaults), images)
    if checked.errors or (strict and checked.warnings):
        raise _refusal(path, [*_listed(checked.errors), *checked.warnings])
    return content, checked


def _listed(errors: list[RowError]) -> list[str]:
    more = [f"… and {len(errors) - MAX_FAULTS:,} more."] if len(errors) > MAX_FAULTS else []
    return [*map(str, errors[:MAX_FAULTS]), *more]


def _refusal(path: Path, lines: list[str]) -> CommandError:
    listed = "\n".join(f"  {line}" for line in lines)
    return CommandError(f"{path.name} was not queued, not even in part:\n{listed}")


def _sum_up(part: list[tuple[Row, Quote]]) -> tuple[str, str, str]:
    """Return how many videos there are, their length in seconds, and what they cost together."""
    price, unknown = sum_up(paid_prices(each for _, each in part))
    known = str(price) if price else "free" if not unknown else "unknown"
    cost = f"{known} and {unknown} unknown" if price and unknown else known
    return str(len(part)), str(sum(row.seconds for row, _ in part)), cost


def _notes_on(quotes: list[Quote]) -> list[str]:
    """Return what is to be known of the prices and the backends, in sentences."""
    samples = [each.price.samples for each in quotes if each.price and each.price.samples]
    notes = [_ESTIMATED.format(count=min(samples))] if samples else []
    paused = [each.offer for each in quotes if each.offer.paused is not None]
    notes += [f"{offer.model.name}: {describe_maker(offer)} makes these videos." for offer in paused]
    return list(dict.fromkeys(notes))


_ESTIMATED = "What costs “about” so much is estimated from {count} charged videos; the charge may differ."


# --- Starting ----------------------------------------------------------------------------------------------


def _start(
    owner: User,
    path: Path,
    content: bytes,
    checked: CheckedBatch,
    images: FolderImages,
    digest: str,
    *,
    again: bool,
) -> Batch:
    """Keep the batch and have its videos created, or nothing and raise `CommandError`."""
    if not again:
        _refuse_repeated(owner, checked)
    try:
        kept = keep_images(owner, checked, images)
        batch = save_batch(
            owner, checked, name=path.name, digest=digest, images=kept, content=content, file_name=path.name
        )
    except ValidationError as error:
        raise CommandError(f"Nothing was queued: {' '.join(error.messages)}") from error
    try:
        with transaction.atomic():
            # Of the same file started twice at once, the second waits here, and goes on with the first.
            User.objects.select_for_update().get(pk=owner.pk)
            if not again and (same := find_same(owner, digest)):
                discard_batch(batch)
                return same
            started = start_or_ask(batch)
    except RefusedPaymentError as error:
        discard_batch(batch)
        raise CommandError(f"Nothing was queued. {to_command_error(error)}") from error
    if isinstance(started, ApprovalRequest):
        raise _waiting(started)
    batch.refresh_from_db()
    return batch


def _carry_on(batch: Batch) -> None:
    """Go on with a batch that is paused or has stopped. Raises `CommandError` where that has to wait."""
    try:
        done = resume_or_ask(batch)
    except RefusedPaymentError as error:
        raise CommandError(f"It has not gone on. {to_command_error(error)}") from error
    if isinstance(done, ApprovalRequest):
        raise _waiting(done)
    batch.refresh_from_db()


def _waiting(approval: ApprovalRequest | None) -> CommandError:
    if approval is None:  # it was decided just now
        return CommandError("Nothing was queued so far. Start the same command again.")
    return CommandError(
        f"{explain_wait(approval)} Its id is {approval.public_id}. The same command goes on once it is "
        "approved."
    )


def _find_repeated(owner: User, checked: CheckedBatch) -> list[Row]:
    earlier = find_recent_requests(owner, map(checked.key_of, checked.rows))
    return [row for row in checked.rows if checked.key_of(row) in earlier]


def _refuse_repeated(owner: User, checked: CheckedBatch) -> None:
    if repeated := _find_repeated(owner, checked):
        raise CommandError(
            f"{_describe_repeated(checked, repeated)} Nothing was queued; --again queues it anyway."
        )


def _describe_repeated(checked: CheckedBatch, repeated: list[Row]) -> str:
    return describe_repeated([row.label for row in repeated], len(checked.rows))
