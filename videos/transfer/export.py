"""Writing an export: everything of a person, of a collection or of the studio, with checksums."""

import hashlib
import json
import logging
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from accounts.models import User
from audit.trail import Subject, record
from audit.vocabulary import Action
from audit.vocabulary import Kind as Subjects
from videos import subjects
from videos.containers import MP4, container_of
from videos.models import Backend, StudioState, Video
from videos.transfer import documents, fields, layout, signature
from videos.transfer.errors import TransferError
from videos.transfer.rows import Document, document_of
from videos.transfer.scope import Scope, in_pages
from videos.transfer.sinks import CHUNK, Sink

logger = logging.getLogger(__name__)

Report = Callable[[float, str], None]  # how far it is, from 0 to 1, and in words

_ROOM_FOR_PICTURES = 1.05  # posters and scrub sheets, whose sizes no row knows
_RESERVE = 64 << 20  # bytes that are left free


@dataclass
class Result:
    """What an export holds: how many rows of each kind, how many files and bytes; what it lacks, and why."""

    counts: Counter[str] = field(default_factory=Counter)
    files: int = 0
    byte_count: int = 0
    problems: list[str] = field(default_factory=list)


def estimate(scope: Scope) -> tuple[int, int]:
    """Return how many videos there are, and how many bytes their files take, as far as rows know."""
    videos = scope.videos()
    sums = videos.aggregate(files=Sum("byte_count"), copies=Sum("browser_byte_count"))
    return videos.count(), (sums["files"] or 0) + (sums["copies"] or 0)


def scope_marker(scope: Scope) -> bytes:
    """Return what an unfinished folder is recognised by: the studio, and what is asked for."""
    installation = str(StudioState.objects.load().installation)
    return _dump({"format": layout.FORMAT, "studio": installation, "scope": scope.describe()})


def export(scope: Scope, sink: Sink, report: Report) -> Result:
    """Write all that `scope` holds to `sink`.

    A file that cannot be read is named in the result, and the rest goes on. Raises `TransferError` where
    nothing can be written, such as on a full disk.
    """
    count, byte_count = estimate(scope)
    needed = int(byte_count * _ROOM_FOR_PICTURES) + _RESERVE
    if (free := sink.free_space()) < needed:
        sink.discard()
        raise TransferError(
            f"There is not enough room: it takes about {needed >> 20:,} MB, and {free >> 20:,} "
            "MB are free. Nothing was exported."
        )
    try:
        result = _Export(scope, sink, report, count, byte_count).run()
    except OSError as error:
        sink.discard()
        raise TransferError(f"It stopped: {error.strerror or error}. Start it again.") from error
    except BaseException:
        sink.discard()
        raise
    return result


class _Export:
    """One export under way."""

    def __init__(self, scope: Scope, sink: Sink, report: Report, count: int, byte_count: int) -> None:
        self._scope, self._sink, self._report = scope, sink, report
        self._video_count, self._total = count, byte_count
        self._result = Result()
        self._owners: set[int] = set()  # of what is exported
        self._named: set[int] = set()  # in what is exported
        self._backends: set[int] = set()
        self._templates: dict[int, int] = {}  # their numbers in the export, by their keys

    def run(self) -> Result:
        scope = self._scope
        self._table("videos", self._videos())
        self._table("references", map(self._reference, in_pages(self._with_owner(scope.references()))))
        characters = self._with_owner(scope.characters()).select_related("backend")
        self._table("characters", map(self._character, in_pages(characters)))
        self._table("templates", map(self._template, in_pages(self._with_owner(scope.templates()))))
        self._table("batches", map(self._batch, in_pages(self._with_owner(scope.batches()))))
        rows = scope.batch_rows().select_related("batch")
        self._table("batch_rows", map(documents.row_document, in_pages(_with_video(rows))))
        self._table("collections", map(self._collection, in_pages(self._collections())))
        links = self._with_owner(scope.share_links()).select_related("video", "collection")
        self._table("share_links", (self._plain(fields.SHARE_LINK, each) for each in in_pages(links)))
        comments = scope.comments().select_related("link", "video", "author")
        self._table("comments", (self._comment(each) for each in in_pages(comments)))
        self._table("ledger", documents.line_documents(self._lines()))
        self._table("backends", map(documents.backend_document, self._used_backends()))
        self._table("people", self._people())
        self._finish()
        return self._result

    def _with_owner(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("owner")

    def _collections(self) -> QuerySet[Any]:
        return self._with_owner(self._scope.collections()).select_related("cover", "template")

    def _table(self, name: str, rows: Iterable[Document]) -> None:
        """Write a table. Its lines wait on the disk while the files that they tell of are written."""
        self._result.counts[name] = 0
        with tempfile.TemporaryFile() as lines:
            for row in rows:
                self._result.counts[name] += 1
                lines.write(_line(row))
            lines.seek(0)
            self._count(self._sink.write(layout.table(name), iter(partial(lines.read, CHUNK), b"")).size)

    # --- Videos --------------------------------------------------------------------------------------------

    def _videos(self) -> Iterator[Document]:
        """Write each video's files and document, and yield what the table of videos says: where it is."""
        related = ("owner", "backend", "reference", "last_frame", "batch", "source", "made_in")
        for video in in_pages(self._scope.videos().select_related(*related).prefetch_related("tags")):
            self._note(video.owner_id, video.backend_id)
            stem = layout.video_stem(video.owner.username, video.prompt, video.public_id)
            told = documents.video_document(video)
            self._named |= {each.added_by_id or 0 for each in video.collection_items.all()}
            told["files"] = self._video_files(video, stem)
            sidecar = self._sink.write(f"{stem}{layout.SIDECAR}", [_dump(told)])
            self._count(sidecar.size)
            yield {"public_id": video.public_id, "document": sidecar.path, "sha256": sidecar.sha256}
            self._tell()

    def _video_files(self, video: Video, stem: str) -> Document:
        suffixes = {
            "file": container_of(video.file.name).suffix,
            "poster": ".poster.webp",
            "scrub_sheet": ".scrub.jpg",
            "browser_file": f".browser{MP4.suffix}",
        }
        known = {
            "file": (video.byte_count or 0, video.sha256),
            "browser_file": (video.browser_byte_count or 0, video.browser_sha256),
        }
        found: Document = {}
        for name, suffix in suffixes.items():
            size, sha256 = known.get(name, (0, ""))
            if stored := getattr(video, name):
                written = self._file(str(video), stored, f"{stem}{suffix}", size, sha256)
                found |= {name: written} if written else {}
        return found

    def _file(
        self, whose: str, stored: FieldFile, path: str, size: int = 0, sha256: str = ""
    ) -> Document | None:
        """Copy a stored file, and return what its row's document tells of it; None where it cannot be read.

        `size` and `sha256` are what the row knows of it, if anything.
        """
        written = self._sink.find(path, size, sha256)
        if written is None:
            source = _Source(stored, sha256)
            try:
                written = self._sink.write(path, source.chunks())
            except _UnreadableError as error:
                self._result.problems.append(f"{whose}: {path}: {error}")
                logger.warning("%s has a file that cannot be exported: %s", whose, error)
                return None
        self._count(written.size)
        return {"path": written.path, "bytes": written.size, "sha256": written.sha256}

    # --- Other rows ----------------------------------------------------------------------------------------

    def _plain(self, kept: fields.Kept, row: Any) -> Document:
        self._note(row.owner_id)
        return document_of(kept, row)

    def _reference(self, image: Any) -> Document:
        told = self._plain(fields.REFERENCE, image)
        stem = f"references/{image.public_id}"
        suffix = _suffix(image.file)
        files = {
            "file": self._file(str(image.public_id), image.file, f"{stem}{suffix}", 0, image.sha256),
            "thumbnail": image.thumbnail
            and self._file(str(image.public_id), image.thumbnail, f"{stem}.thumbnail.webp"),
        }
        return told | {"files": {name: each for name, each in files.items() if each}}

    def _character(self, character: Any) -> Document:
        self._note(character.owner_id, character.backend_id)
        path = f"characters/{character.public_id}{_suffix(character.file)}"
        file = self._file(character.public_id, character.file, path) if character.file else None
        return document_of(fields.CHARACTER, character) | {"files": {"file": file} if file else {}}

    def _template(self, template: Any) -> Document:
        if template.owner_id is not None:
            self._note(template.owner_id)
        key = self._templates[template.pk] = len(self._templates) + 1
        return {"key": key, **document_of(fields.TEMPLATE, template)}

    def _batch(self, batch: Any) -> Document:
        self._note(batch.owner_id)
        path = f"batches/{batch.public_id}{_suffix(batch.file)}"
        file = self._file(batch.public_id, batch.file, path) if batch.file else None
        return documents.batch_document(batch) | {"files": {"file": file} if file else {}}

    def _collection(self, collection: Any) -> Document:
        self._note(collection.owner_id)
        self._named |= set(collection.memberships.values_list("person", flat=True))
        told = documents.collection_document(collection)
        return told | {"template": self._templates.get(collection.template_id)}

    def _comment(self, comment: Any) -> Document:
        self._named.add(comment.author_id or 0)
        return document_of(fields.SHARE_COMMENT, comment)

    def _lines(self) -> Iterator[Any]:
        for line in in_pages(self._scope.ledger_lines()):
            self._owners.add(line.user_id)
            self._backends.add(line.backend_id)
            yield line

    def _used_backends(self) -> Iterable[Backend]:
        return Backend.objects.filter(pk__in=self._backends).order_by("pk")

    def _people(self) -> Iterator[Document]:
        whole = set(self._scope.people().values_list("pk", flat=True))
        for user in in_pages(User.objects.filter(pk__in=self._owners | self._named | whole)):
            yield documents.person_document(user, is_needed=user.pk in self._owners | whole)

    def _note(self, owner_id: int, backend_id: int | None = None) -> None:
        self._owners.add(owner_id)
        if backend_id is not None:
            self._backends.add(backend_id)

    # --- The end -------------------------------------------------------------------------------------------

    def _count(self, size: int) -> None:
        self._result.files += 1
        self._result.byte_count += size

    def _tell(self) -> None:
        result = self._result
        share = result.byte_count / self._total if self._total else 1.0
        done = f"{result.counts['videos']:,} of {self._video_count:,} videos"
        self._report(min(share, 1.0), f"{done}, {result.byte_count >> 20:,} MB")

    def _finish(self) -> None:
        digest = self._sink.sums_digest()
        manifest = {
            "format": layout.FORMAT,
            "made_by": "ContentGen",
            "made_at": timezone.now().isoformat(),
            "studio": str(StudioState.objects.load().installation),
            "currency": settings.CURRENCY,
            "scope": self._scope.describe(),
            "counts": dict(self._result.counts),
            "files": self._result.files,
            "bytes": self._result.byte_count,
            "missing": self._result.problems,
            "sums_sha256": digest,
            "signature": signature.sign(digest),
        }
        with transaction.atomic():
            record(Action.DOWNLOADED, _subject(self._scope), note=_summary(self._result))
            self._sink.finish(_dump(manifest))


def _subject(scope: Scope) -> Subject:
    if scope.collection is not None:
        return subjects.collection(scope.collection)
    if scope.owner is not None:
        return Subject(Subjects.USER, scope.owner.pk, scope.owner.username, scope.owner.pk)
    return Subject(Subjects.STUDIO, "", "Everything")


def _summary(result: Result) -> str:
    missing = f", {len(result.problems)} files are missing" if result.problems else ""
    return f"Exported: {result.counts['videos']} videos, {result.byte_count} bytes{missing}."


class _UnreadableError(Exception):
    """A stored file that is not there, breaks off, or is not what was stored."""


class _Source:
    """A stored file, read once, and compared with the checksum that its row has."""

    def __init__(self, stored: FieldFile, sha256: str) -> None:
        self._stored, self._sha256 = stored, sha256

    def chunks(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        try:
            with self._stored.storage.open(str(self._stored.name)) as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    yield chunk
        except FileNotFoundError as error:
            raise _UnreadableError("there is no file.") from error
        except OSError as error:
            raise _UnreadableError(f"it cannot be read: {error.strerror or error}.") from error
        if self._sha256 and digest.hexdigest() != self._sha256:
            raise _UnreadableError("it is not what was stored: its checksum differs.")


def _with_video(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("video")


def _suffix(stored: FieldFile) -> str:
    suffix = PurePath(stored.name or "").suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,7}", suffix) else ""


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
