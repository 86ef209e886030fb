"""The documents of an export: what is told of each row, beside the columns that are its own."""

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from billing.models import LedgerLine
from videos.models import Backend, Batch, BatchRow, Collection, ReferenceImage, Video
from videos.transfer import fields
from videos.transfer.rows import Document, document_of, key_of, plain


def video_document(video: Video) -> Document:
    """Return what the file beside a video tells; `files` are added when they are written."""
    items = video.collection_items.select_related("collection", "added_by").order_by("pk")
    images = video.video_references.select_related("image")
    return {
        "format": 1,
        **document_of(fields.VIDEO, video),
        "tags": [tag.name for tag in video.tags.all()],
        "characters": [key_of(each) for each in video.characters.order_by("pk")],
        "reference_images": [document_of(fields.VIDEO_REFERENCE, each) for each in images],
        "history": [document_of(fields.TRANSITION, each) for each in video.transitions.order_by("pk")],
        "collections": [document_of(fields.ITEM, each) | {"name": each.collection.name} for each in items],
    }


def collection_document(collection: Collection) -> Document:
    members = collection.memberships.select_related("person").order_by("pk")
    return document_of(fields.COLLECTION, collection) | {
        "members": [document_of(fields.MEMBER, each) for each in members]
    }


def person_document(user: User, *, is_needed: bool) -> Document:
    """Return how a person is named, never how they come in. `is_needed`: something here is theirs."""
    return {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role,
        "is_active": user.is_active,
        "is_needed": is_needed,
        "tags": [tag.name for tag in user.tags.order_by("pk")],
        "favourite_models": [each.name for each in user.favourite_models.order_by("pk")],
    }


def backend_document(backend: Backend) -> Document:
    """Return how a backend is named, and what its videos' costs depend on: no address, and no key."""
    names = ("name", "service", "is_simulator", "costs_nothing", "charges_failures")
    return {name: getattr(backend, name) for name in names}


def row_document(row: BatchRow) -> Document:
    """Return a row of a batch, with the public ids of the images and the collection that it names.

    The video that it became is named by its own document; here only whether it became one.
    """
    return document_of(fields.BATCH_ROW, row) | {"request": _named(row.request)}


def _named(request: dict[str, Any]) -> Document:
    keys = [
        *request["references"],
        *(request[name] for name in ("reference", "last_frame") if name in request),
    ]
    images = dict(ReferenceImage.objects.filter(pk__in=keys).values_list("pk", "public_id"))
    named: Document = {**plain(request), "references": [images.get(key) for key in request["references"]]}
    named |= {name: images.get(request[name]) for name in ("reference", "last_frame") if name in request}
    if "collection" in request:
        found = Collection.objects.filter(pk=request["collection"])
        named["collection"] = found.values_list("public_id", flat=True).first()
    return named


def batch_document(batch: Batch) -> Document:
    return document_of(fields.BATCH, batch)


def line_documents(lines: Iterable[LedgerLine]) -> Iterable[Document]:
    """Yield the lines of the ledger, with collections and budgets by public ids and usernames."""
    names = _BudgetNames()
    for line in lines:
        yield document_of(fields.LEDGER_LINE, line) | {
            "collection_id": names.collection(line.collection_id),
            "budgets": [names.budget(code) for code in line.budgets],
        }


class _BudgetNames:
    """What the codes of budgets in ledger lines stand for, which hold primary keys."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], str | None] = {}

    def collection(self, key: int | None) -> str | None:
        return None if key is None else self._find("collection", key)

    def budget(self, code: str) -> str:
        """Return a code such as user:17/month with a name in place of the key; `?` where nothing has it."""
        target, _, period = code.partition("/")
        scope, _, key = target.partition(":")
        if scope not in ("user", "token", "collection") or not key.isdecimal():
            return code
        return f"{scope}:{self._find(scope, int(key)) or '?'}/{period}"

    def _find(self, scope: str, key: int) -> str | None:
        if (scope, key) not in self._known:
            self._known[scope, key] = self._read(scope, key)
        return self._known[scope, key]

    def _read(self, scope: str, key: int) -> str | None:
        if scope == "user":
            return User.objects.filter(pk=key).values_list("username", flat=True).first()
        if scope == "collection":
            return Collection.objects.filter(pk=key).values_list("public_id", flat=True).first()
        return None  # a token is not exported
