"""Bringing in lines of the ledger: each once, and none that charges anybody anew."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from billing.models import LedgerLine
from videos import lifecycle
from videos.models import Collection, Video
from videos.transfer import fields
from videos.transfer.bring_videos import collection_key
from videos.transfer.errors import RowError
from videos.transfer.places import Places, stand_in_key
from videos.transfer.rows import Document, values_of

CHUNK = 500  # lines in one transaction

# What makes two lines the same one, beside the video and the attempt. Keys differ from studio to studio.
_SAME = (
    *("at", "kind", "transition", "reserved", "spent", "net", "confirms", "is_priced", "video", "attempt"),
    *("counts_at", "model", "note"),
)


def find_former_keys(documents: Iterable[Document]) -> dict[str, int]:
    """Return the keys by which the ledger here has videos that are gone, by their public ids."""
    found: dict[str, int] = {}
    for chunk in _chunks(documents):
        lines = _known_lines(line for each in chunk if (line := _parse_or_none(each)) is not None)
        known = {line.video: line.video_id for line in lines}
        there = Video.objects.filter(public_id__in=known).values_list("public_id", flat=True)
        found |= {name: key for name, key in known.items() if name not in set(there)}
    return found


def bring(places: Places, documents: Iterable[Document]) -> Iterator[tuple[int, int]]:
    """Add the lines that are not here, and yield how many of each portion were new and were here already.

    What cannot be added is named in the result of the import.
    """
    for chunk in _chunks(documents):
        with transaction.atomic():
            yield _bring_chunk(places, chunk)


def _bring_chunk(places: Places, chunk: list[Document]) -> tuple[int, int]:
    lines = [line for each in chunk if (line := _build(places, each)) is not None]
    known = _known_lines(lines)
    there = {_identity(line) for line in known}
    keys = {line.video: line.video_id for line in known}
    new = [line for line in lines if _identity(line) not in there]
    _find_videos(new, keys)
    _insert(places, new)
    return len(new), len(lines) - len(new)


_REQUIRED = ("at", "kind", "video", "attempt", "counts_at", "username", "model", "backend_name")


def _insert(places: Places, lines: list[LedgerLine]) -> None:
    """Add the lines; where some contradict what is here, one by one, and those are named."""
    try:
        with transaction.atomic():
            lifecycle.restore_ledger(lines)
    except IntegrityError:
        for line in lines:
            try:
                with transaction.atomic():
                    lifecycle.restore_ledger([line])
            except IntegrityError:
                about = f"{line.video}: a ledger line of {line.at:%Y-%m-%d %H:%M:%S}"
                places.result.problems.append(f"{about} contradicts one that is here.")


def _known_lines(lines: Iterable[LedgerLine]) -> list[LedgerLine]:
    """Return the lines that the ledger has of the same videos and reservations, by their public ids.

    Videos may have gone and come back under other keys; the times of the reservations are indexed.
    """
    wanted = list(lines)
    times, videos = {line.counts_at for line in wanted}, {line.video for line in wanted}
    return list(LedgerLine.objects.filter(counts_at__in=times, video__in=videos).order_by("pk"))


def _identity(line: LedgerLine) -> tuple[Any, ...]:
    return tuple(getattr(line, name) for name in _SAME)


def _parse(document: Document) -> LedgerLine:
    """Return the line without its keys. Raises `RowError`."""
    values = values_of(fields.LEDGER_LINE, document)
    missing = [name for name in _REQUIRED if name not in values]
    if missing:
        raise RowError(f"“{missing[0]}” is missing.")
    if values.get("net") != values.get("reserved", 0) + values.get("spent", 0):
        raise RowError("it does not add up.")
    return LedgerLine(**values)


def _parse_or_none(document: Document) -> LedgerLine | None:
    try:
        return _parse(document)
    except RowError:  # which is named when it is to be brought in
        return None


def _build(places: Places, document: Document) -> LedgerLine | None:
    try:
        line = _parse(document)
        line.backend_id = places.backends.find(line.backend_name).pk
    except RowError as error:
        places.result.problems.append(f"A ledger line of {document.get('video')}: {error}")
        return None
    user = places.people.find(line.username)
    line.user_id = user.pk if user else stand_in_key(line.username)  # who paid may be gone: it is nobody's
    line.collection_id = collection_key(places, document.get("collection_id"))
    budgets = document.get("budgets")
    line.budgets = [_budget(places, str(code)[:200]) for code in budgets] if isinstance(budgets, list) else []
    return line


def _budget(places: Places, code: str) -> str:
    """Return the code of a budget with the key that its person or collection has here."""
    target, _, period = code.partition("/")
    scope, _, name = target.partition(":")
    if scope == "user":
        user: User | None = places.people.find(name)
        return f"{scope}:{user.pk if user else '?'}/{period}"
    if scope == "collection":
        return f"{scope}:{places.resolve(Collection, name) or '?'}/{period}"
    return code


def _find_videos(lines: list[LedgerLine], keys: dict[str, int]) -> None:
    """Give the lines the keys of their videos: of those that are here, else those that the ledger has."""
    named = {line.video for line in lines}
    keys |= dict(Video.objects.filter(public_id__in=named).values_list("public_id", "pk"))
    for line in lines:
        line.video_id = keys.get(line.video) or stand_in_key(line.video)


def _chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    for each in documents:
        chunk.append(each)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
