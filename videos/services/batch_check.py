"""Check and price all rows of a batch, images included, before anything is created."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from accounts.models import User
from videos.capabilities import Offer, available_offers
from videos.models import Collection, Fit, ReferenceImage
from videos.parameters import canonical, clean_values
from videos.services.batch_collections import find_collections
from videos.services.batch_file import BatchFile, Declared, Row, with_sizes
from videos.services.batch_record import RowError
from videos.services.generation_requests import (
    GenerationRequest,
    Quote,
    find_request_errors,
    quote,
)
from videos.services.images import Image
from videos.services.prices import Price, sum_up

# All that two requests for the same have in common: prompt, model, seconds, size, the SHA-256 of the first
# frame, the last one and the further images, the fit, which is empty without a first frame, and the
# parameters.
RequestKey = tuple[str, str, int, str, str, str, tuple[str, ...], str, str]


class ImageSource(Protocol):
    """Where the images are that rows name."""

    def open(self, name: str) -> Image:
        """Return the image. Raises `ValueError` with a sentence if there is none that can be used."""


@dataclass(frozen=True)
class CheckedBatch:
    """What was found out about a file: its valid rows, each with its quote, and all `errors`, in the order of
    the file. There are quotes only where there is no error. `digests` has the SHA-256 of each image, by the
    name that rows give it, `collections` each collection; `warnings` are sentences.
    """

    rows: list[Row]
    quotes: list[Quote] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    digests: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, Collection] = field(default_factory=dict)

    @property
    def total(self) -> tuple[Price | None, int]:
        """What all rows cost together, as it is reserved, and of how many the price is not known."""
        return sum_up(paid_prices(self.quotes))

    def key_of(self, row: Row) -> RequestKey:
        """Return what two rows share that ask for the same."""
        first, last = (self.digests.get(path, "") for path in (row.reference, row.last_frame))
        others = tuple(self.digests[path] for path in row.references)
        fit = row.fit if first else ""
        same = row.prompt, row.model, row.seconds, row.size, first, last, others, fit
        return (*same, canonical(row.parameters))


def paid_prices(quotes: Iterable[Quote]) -> Iterator[Price | None]:
    """The prices of what costs something, as it is reserved."""
    return (each.price for each in quotes if each.offer.backend.is_metered)


def declared_parameters(offers: Mapping[str, Offer]) -> Declared:
    """Return the names of the parameters that can be columns, by model."""
    return {name: [each.name for each in offer.parameters] for name, offer in offers.items()}


def check_batch(owner: User, file: BatchFile, source: ImageSource) -> CheckedBatch:
    """Check every row of a file against the catalogue, open each image once, find the collections that the
    owner may put videos into, and price the rows.

    The images themselves are not kept in memory: a batch may name more of them than fit there.
    """
    rows, size_errors = with_sizes(file.rows)
    counts = _count_images(rows)
    errors = [*file.errors, *size_errors]
    invalid = find_request_errors([build_request(row) for row in rows], counts)
    errors += [
        row.error(name, message)
        for row, fields in zip(rows, invalid, strict=True)
        for name, message in fields.items()
        if row.size or name != "size"  # its ratio or resolution has been told of
    ]
    digests, unusable = _digest_images(source, dict.fromkeys(_list_names(rows)))
    errors += _image_errors(rows, unusable)
    collections, collection_errors = find_collections(owner, rows)
    errors += collection_errors
    if errors:
        return CheckedBatch(rows, [], sorted(errors, key=lambda each: each.place.number), file.warnings)
    offers = available_offers()
    rows = [_clean_parameters(row, offers) for row in rows]
    quotes = quote([build_request(row) for row in rows], counts)
    return CheckedBatch(rows, quotes, [], file.warnings, digests, collections)


def build_request(row: Row, images: Mapping[str, ReferenceImage] | None = None) -> GenerationRequest:
    """Return the row's request; without the `images` by their names, one that has none."""
    request = GenerationRequest(
        row.prompt, row.model, row.seconds, row.size, fit=Fit(row.fit), parameters=row.parameters
    )
    if images is None:
        return request
    return replace(
        request,
        reference=images.get(row.reference),
        last_frame=images.get(row.last_frame),
        references=tuple(images[name] for name in row.references),
    )


def _clean_parameters(row: Row, offers: Mapping[str, Offer]) -> Row:
    """Return the valid row with its parameters as they will be stored, so that both can be compared."""
    offer = offers.get(row.model) if row.parameters else None
    return replace(row, parameters=clean_values(offer.parameters, row.parameters)) if offer else row


def _count_images(rows: Iterable[Row]) -> list[dict[str, int]]:
    """Return how many images each row names, by field: they are not kept yet."""
    return [{name: len(paths) for name, paths in row.image_paths.items() if paths} for row in rows]


def _list_names(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        for names in row.image_paths.values():
            yield from names


def _digest_images(source: ImageSource, names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the SHA-256 of each image by its name, and a sentence by name for each unusable one."""
    digests, unusable = {}, {}
    for name in names:
        try:
            image = source.open(name)
        except ValueError as error:
            unusable[name] = str(error)
            continue
        if isinstance(image, ReferenceImage):
            digests[name] = image.sha256
        else:
            digests[name] = hashlib.sha256(image.content.content).hexdigest()
    return digests, unusable


def _image_errors(rows: Sequence[Row], unusable: Mapping[str, str]) -> list[RowError]:
    return [
        row.error(column, unusable[name])
        for row in rows
        for column, names in row.image_paths.items()
        for name in names
        if name in unusable
    ]
