"""Create many videos from one file."""

import hashlib
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from billing.errors import RefusedPaymentError
from billing.spender import spending
from videos.capabilities import Offer, available_offers
from videos.management.arguments import (
    RequestKey,
    add_confirm_price,
    created_or_waiting,
    find_recent_requests,
    get_user,
    open_reference_file,
    to_command_error,
)
from videos.management.progress import Outcome, follow_videos
from videos.models import Fit, ReferenceImage, Video
from videos.parameters import canonical, clean_values
from videos.services.approvals import create_or_ask
from videos.services.batch_file import COLUMNS, SUFFIXES, Row, read_batch_file, with_sizes
from videos.services.budgets import describe_budgets
from videos.services.paid_requests import NewVideos
from videos.services.prices import Price, sum_up
from videos.services.references import keep_reference
from videos.services.terms import describe_maker
from videos.services.videos import (
    GenerationRequest,
    Quote,
    find_request_errors,
    quote,
)


@dataclass(frozen=True)
class Batch:
    """A file in which every row is valid. `digests` has the SHA-256 of each image, by its path;
    `warnings` are sentences.
    """

    folder: Path
    rows: list[Row]
    digests: dict[str, str]
    warnings: list[str]

    def key_of(self, row: Row) -> RequestKey:
        """Return what two rows share that ask for the same."""
        first, last = (self.digests.get(path, "") for path in (row.reference, row.last_frame))
        others = tuple(self.digests[path] for path in row.references)
        fit = row.fit if first else ""
        same = row.prompt, row.model, row.seconds, row.size, first, last, others, fit
        return (*same, canonical(row.parameters))


class Command(BaseCommand):
    help = (
        "Queue every video of a file and print their ids, one a line, in the order of the file. It is a "
        "table with a header, as spreadsheets save it (CSV with commas, semicolons or tabs), an object a "
        "line (JSON Lines), an array of objects, or requests as OpenAI's Batch API has them. Columns or "
        f"keys: {', '.join(COLUMNS)}; only prompt is required. reference is the image to start from, "
        "last_frame the one to end with, references are further ones, with semicolons between them; their "
        "paths are relative to the file. fit (crop or pad) says how the frames are fitted; custom_id is a "
        "key of your own, which messages name. What else a model takes, such as seed, is a column or key of "
        "its own, or part of the object parameters. Other columns are not used, and a warning says so. If "
        "one row is invalid, no row is queued. If the same person requested any of the videos in the last 24 "
        "hours, the file may be running twice, so nothing is queued without --again; failed and canceled "
        "videos do not count, and neither do repetitions inside the file."
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
            "--again", action="store_true", help="also queue what was requested in the last 24 hours"
        )
        add_confirm_price(parser)
        parser.add_argument("--wait", action="store_true", help="show progress until all have ended")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = get_user(options["user"])
        batch = _open_batch(options["file"], strict=options["strict"])
        for warning in batch.warnings:
            self.stderr.write(f"Warning: {warning}", style_func=str)
        if options["dry_run"]:
            self._print_totals(owner, batch)
            return
        with spending(confirmed_price=options["confirm_price"]):
            videos = _create_videos(owner, batch, again=options["again"])
        self.stdout.write("\n".join(video.public_id for video in videos))
        self.stdout.flush()
        if options["wait"]:
            self._print_outcomes(batch, follow_videos(videos, self.stderr))

    def _print_totals(self, owner: User, batch: Batch) -> None:
        quotes = quote([_build_request(row) for row in batch.rows], _count_images(batch.rows))
        parts: dict[tuple[str, str], list[tuple[Row, Quote]]] = defaultdict(list)
        for row, each in zip(batch.rows, quotes, strict=True):
            parts[row.model, each.offer.backend.name].append((row, each))
        table = [
            ("model", "videos", "seconds", "price", "backend"),
            *((model, *_sum_up(parts[model, backend]), backend) for model, backend in sorted(parts)),
            ("total", *_sum_up(list(zip(batch.rows, quotes, strict=True))), ""),
        ]
        widths = [max(len(line[column]) for line in table) for column in range(5)]
        for name, videos, length, price, backend in table:
            line = f"{name:<{widths[0]}}  {videos:>7}  {length:>8}  {price:>{widths[3]}}  {backend}"
            self.stdout.write(line.rstrip())
        total, _ = sum_up(_paid(quotes))
        for sentence in [*_notes_on(quotes), *describe_budgets(owner, total)]:
            self.stderr.write(sentence, style_func=str)
        repeated = _find_repeated(owner, batch)
        if repeated:
            self.stderr.write(_describe_repeated(batch, repeated), style_func=str)
        self.stderr.write("Dry run: nothing was queued.", style_func=str)

    def _print_outcomes(self, batch: Batch, outcomes: list[Outcome]) -> None:
        kinds = Counter(outcome.kind for outcome in outcomes)
        self.stderr.write(", ".join(f"{n} {kind}" for kind, n in kinds.items()) + ".", style_func=str)
        for row, outcome in zip(batch.rows, outcomes, strict=True):
            if outcome.kind != "completed":
                line = f"{row.label}: {outcome.public_id} {outcome.kind}: {outcome.reason}"
                self.stderr.write(line.rstrip(": "), style_func=str)
        missing = len(outcomes) - kinds["completed"]
        if missing:
            raise CommandError(f"{missing} of {len(outcomes)} videos did not complete.")


def _sum_up(part: list[tuple[Row, Quote]]) -> tuple[str, str, str]:
    """Return how many videos there are, their length in seconds, and what they cost together."""
    price, unknown = sum_up(_paid(each for _, each in part))
    known = str(price) if price else "free" if not unknown else "unknown"
    cost = f"{known} and {unknown} unknown" if price and unknown else known
    return str(len(part)), str(sum(row.seconds for row, _ in part)), cost


def _paid(quotes: Iterable[Quote]) -> Iterator[Price | None]:
    """The prices of what costs something, as it is reserved."""
    return (each.price for each in quotes if each.offer.backend.is_metered)


def _notes_on(quotes: list[Quote]) -> list[str]:
    """Return what is to be known of the prices and the backends, in sentences."""
    samples = [each.price.samples for each in quotes if each.price and each.price.samples]
    notes = [_ESTIMATED.format(count=min(samples))] if samples else []
    paused = [each.offer for each in quotes if each.offer.paused is not None]
    notes += [f"{offer.model.name}: {describe_maker(offer)} makes these videos." for offer in paused]
    return list(dict.fromkeys(notes))


_ESTIMATED = "What costs “about” so much is estimated from {count} charged videos; the charge may differ."


def _open_batch(path: Path, *, strict: bool) -> Batch:
    """Read the file and check every row, images included.

    Raises `CommandError` that lists every error; with `strict`, warnings are errors too.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(f"FILE: “{path}” must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    offers = available_offers()
    declared = {name: [each.name for each in offer.parameters] for name, offer in offers.items()}
    try:
        file = read_batch_file(path, declared)
    except OSError as error:
        raise CommandError(f"FILE: “{path}” cannot be read: {error.strerror}.") from error
    rows, size_errors = with_sizes(file.rows)
    errors = [*file.errors, *size_errors]
    invalid = find_request_errors([_build_request(row) for row in rows], _count_images(rows))
    errors += [
        row.error(name, message)
        for row, fields in zip(rows, invalid, strict=True)
        for name, message in fields.items()
        if row.size or name != "size"  # its ratio or resolution has been told of
    ]
    digests, unusable = _digest_images(path.parent, set(_list_paths(rows)))
    errors += [
        row.error(name, unusable[each])
        for row in rows
        for name, paths in row.image_paths.items()
        for each in paths
        if each in unusable
    ]
    if errors or (strict and file.warnings):
        errors.sort(key=lambda error: error.place.number)
        listed = "\n".join(f"  {each}" for each in [*errors, *file.warnings])
        raise CommandError(f"{path.name} was not queued, not even in part:\n{listed}")
    return Batch(path.parent, [_clean_parameters(row, offers) for row in rows], digests, file.warnings)


def _clean_parameters(row: Row, offers: Mapping[str, Offer]) -> Row:
    """Return the valid row with its parameters as they will be stored, so that both can be compared."""
    offer = offers.get(row.model)
    return replace(row, parameters=clean_values(offer.parameters, row.parameters)) if offer else row


def _count_images(rows: Iterable[Row]) -> list[dict[str, int]]:
    """Return how many images each row names, by field: they are not kept yet."""
    return [{name: len(paths) for name, paths in row.image_paths.items() if paths} for row in rows]


def _list_paths(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        for paths in row.image_paths.values():
            yield from paths


def _build_request(row: Row, images: Mapping[str, ReferenceImage] | None = None) -> GenerationRequest:
    """Return the row's request; without the `images` by their paths, one that has none."""
    request = GenerationRequest(
        row.prompt, row.model, row.seconds, row.size, fit=Fit(row.fit), parameters=row.parameters
    )
    if images is None:
        return request
    return replace(
        request,
        reference=images.get(row.reference),
        last_frame=images.get(row.last_frame),
        references=tuple(images[path] for path in row.references),
    )


def _digest_images(folder: Path, names: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Open each image once. Returns SHA-256 by path, and a sentence by path for each unusable image.

    The images themselves are not kept in memory: a batch may name more of them than fit there.
    """
    digests, unusable = {}, {}
    for name in names:
        try:
            digests[name] = hashlib.sha256(open_reference_file(folder / name).content).hexdigest()
        except ValueError as error:
            unusable[name] = str(error)
    return digests, unusable


def _create_videos(owner: User, batch: Batch, *, again: bool) -> list[Video]:
    """Create all videos, or none and raise `CommandError`."""
    if not again:
        _refuse_repeated(owner, batch)
    # Before the transaction: decoding takes long, and the database must not be locked meanwhile.
    images = _keep_images(owner, batch)
    requests = [_build_request(row, images) for row in batch.rows]
    try:
        with transaction.atomic():
            # Of the same file started twice at once, the second waits here, and is then refused.
            User.objects.select_for_update().get(pk=owner.pk)
            if not again:
                _refuse_repeated(owner, batch)
            made = create_or_ask(owner, NewVideos(requests))
    except RefusedPaymentError as error:
        raise CommandError(f"Nothing was queued. {to_command_error(error)}") from error
    except ValidationError as error:
        sentences = " ".join(error.messages)
        raise CommandError(f"The catalogue changed meanwhile; nothing was queued. {sentences}") from error
    return created_or_waiting(made)


def _keep_images(owner: User, batch: Batch) -> dict[str, ReferenceImage]:
    try:
        return {
            name: keep_reference(owner, open_reference_file(batch.folder / name)) for name in batch.digests
        }
    except ValueError as error:
        raise CommandError(f"An image changed meanwhile; nothing was queued: {error}") from error
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _find_repeated(owner: User, batch: Batch) -> list[Row]:
    earlier = find_recent_requests(owner, map(batch.key_of, batch.rows))
    return [row for row in batch.rows if batch.key_of(row) in earlier]


def _refuse_repeated(owner: User, batch: Batch) -> None:
    repeated = _find_repeated(owner, batch)
    if repeated:
        raise CommandError(
            f"{_describe_repeated(batch, repeated)} Nothing was queued; --again queues it anyway."
        )


def _describe_repeated(batch: Batch, repeated: list[Row]) -> str:
    shown = ", ".join(row.label for row in repeated[:5]) + (" …" if len(repeated) > 5 else "")
    return (
        f"{len(repeated)} of {len(batch.rows)} videos were already requested in the last 24 hours"
        f" ({shown}), so they would be paid for twice."
    )
