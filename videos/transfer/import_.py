"""Bringing in an export: checked first, then kind by kind, each row once, whatever has gone before."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from audit.trail import Subject, record
from audit.vocabulary import Action, Kind
from videos.models import Video
from videos.transfer import archive as reading
from videos.transfer import bring_ledger, bring_rows, bring_videos, layout, quota, signature
from videos.transfer.archive import Archive
from videos.transfer.errors import RowError, TransferError
from videos.transfer.export import Report
from videos.transfer.people import Backends, People
from videos.transfer.places import Places, Result
from videos.transfer.room import require_room
from videos.transfer.rows import Document

MAX_PEOPLE = 100_000  # in one export, and backends
_LIMIT = 64 << 30  # bytes of a file that is only compared with its checksum

_ASK = (
    "This export was not written with this studio's SECRET_KEY, so nobody can tell who wrote it. If you know "
    "that it is one of yours, say --trusted. With --untrusted the videos come without jobs and ledger lines, "
    "their pictures are made anew, and what had not finished has failed."
)


@dataclass(frozen=True)
class Options:
    """How to import. `is_trusted` is None where nobody said. `over_quota`: also into a full storage."""

    mapping: dict[str, str] = field(default_factory=dict)
    create_people: bool = False
    is_trusted: bool | None = None
    over_quota: bool = False


@dataclass
class Export:
    """An export that was opened: its manifest, its checksums, and whether they are signed by this studio."""

    archive: Archive
    manifest: Document
    sums: dict[str, str]
    is_genuine: bool

    def lines(self, name: str) -> Iterator[Document]:
        """Yield the documents of a table. Raises `RowError`, and for one that is missing as well."""
        return reading.read_lines(self.archive, layout.table(name))

    def people(self) -> list[Document]:
        return self._few("people")

    def backends(self) -> list[Document]:
        return self._few("backends")

    def _few(self, name: str) -> list[Document]:
        found = []
        for document in self.lines(name):
            found.append(document)
            if len(found) > MAX_PEOPLE:
                raise TransferError(f"It names more than {MAX_PEOPLE:,} {name}.")
        return found


def is_export(archive: Archive) -> bool:
    """Whether this is an export of a studio, whole or not; else it is a folder of videos."""
    return bool({layout.MANIFEST, layout.UNFINISHED, layout.SUMS} & set(archive.paths))


def open_export(archive: Archive) -> Export:
    """Read the manifest and the checksums, and compare those of all tables. Raises `TransferError`."""
    if layout.MANIFEST not in archive.paths:
        raise TransferError("The export is not whole: it was never finished. Run export_videos again.")
    try:
        manifest = reading.read_object(archive, layout.MANIFEST)
        if manifest.get("format") != layout.FORMAT:
            told = str(manifest.get("format"))[:20]
            raise TransferError(f"It is of format {told}, and this release reads format {layout.FORMAT}.")
        sums, digest = reading.read_sums(archive)
        if digest != manifest.get("sums_sha256"):
            raise TransferError(f"The list of checksums ({layout.SUMS}) was damaged or changed.")
        for path in (path for path in sums if path.startswith(f"{layout.DATA}/")):
            _require_sum(archive, path, sums[path])
    except RowError as error:
        raise TransferError(f"The export cannot be read. {error}") from error
    is_genuine = signature.is_genuine(digest, str(manifest.get("signature", "")))
    return Export(archive, manifest, sums, is_genuine)


def _require_sum(archive: Archive, path: str, sha256: str) -> None:
    if reading.digest_of(archive, path, limit=_LIMIT) != sha256:
        raise RowError(f"{path}: it was damaged or changed since it was exported: its checksum differs.")


def require_quotas(export: Export, options: Options) -> None:
    """Raise `TransferError` where somebody's storage has no room for what comes to them."""
    if not options.over_quota:
        find = People(options.mapping).find
        quota.require_quota(quota.arrivals(export.archive, export.lines, export.people(), find))


def check(export: Export, options: Options, report: Report) -> Result:
    """Compare every file with its checksum, and say which videos are new. Writes nothing.

    Who has no room for what comes to them is among the problems.
    """
    result = Result()
    try:
        require_quotas(export, options)
    except TransferError as error:
        result.problems.append(str(error))
    for done, (path, sha256) in enumerate(export.sums.items(), 1):
        try:
            _require_sum(export.archive, path, sha256)
        except RowError as error:
            result.problems.append(str(error))
        report(done / len(export.sums), f"{done:,} of {len(export.sums):,} files compared")
    for document in export.lines("videos"):
        known = Video.objects.filter(public_id=str(document.get("public_id"))[:64]).exists()
        (result.known if known else result.new)["videos"] += 1
    return result


def bring_in(export: Export, options: Options, report: Report) -> Result:
    """Bring in all of the export. What cannot be taken over is named in the result, and the rest goes on.

    What is here already stays as it is, so an import that was cut off is simply started again. Raises
    `TransferError` where nothing can be imported.
    """
    is_known = export.is_genuine if options.is_trusted is None else options.is_trusted
    if not export.is_genuine and options.is_trusted is None:
        raise TransferError(_ASK)
    currency = export.manifest.get("currency")
    if is_known and currency != settings.CURRENCY:
        raise TransferError(
            f"Its amounts are in {str(currency)[:10]}, and this studio counts in {settings.CURRENCY}. With "
            "--untrusted it comes without its ledger."
        )
    require_room(sum(export.archive.size(path) for path in _media(export)))
    require_quotas(export, options)
    try:
        return _Import(export, options, report, is_known=is_known).run()
    except RowError as error:
        raise TransferError(f"The import stopped: {error}") from error


def _media(export: Export) -> Iterator[str]:
    return (path for path in export.archive.paths if not path.endswith((".json", ".jsonl")))


class _Import:
    """One import under way."""

    def __init__(self, export: Export, options: Options, report: Report, *, is_known: bool) -> None:
        self._export, self._options, self._report = export, options, report
        self._counts = export.manifest.get("counts")
        self._places = Places(
            export.archive, export.sums, People(options.mapping), Backends(), is_known=is_known
        )

    def run(self) -> Result:
        places, people = self._places, self._export.people()
        made = places.people.require(people, create=self._options.create_people, is_known=places.is_known)
        places.result.new["people"] = len(made)
        places.backends.read(self._export.backends())
        self._each("people", bring_rows.person, counted=False)
        for name, bring in (
            ("templates", bring_rows.template),
            ("references", bring_rows.reference),
            ("characters", bring_rows.character),
            ("batches", bring_rows.batch),
            ("collections", bring_rows.collection),
        ):
            self._each(name, bring)
        if places.is_known:
            places.former_keys = bring_ledger.find_former_keys(self._export.lines("ledger"))
        self._each("videos", self._video)
        bring_videos.link_lineage()
        self._each("batch_rows", bring_rows.batch_row)
        self._each("collections", bring_rows.cover, counted=False)
        self._each("share_links", bring_rows.share_link)
        self._each("comments", bring_rows.comment)
        self._ledger()
        self._tell_rest()
        self._record()
        return places.result

    def _each(self, name: str, bring: Callable[[Places, Document], bool], *, counted: bool = True) -> None:
        result = self._places.result
        for number, document in enumerate(self._export.lines(name), 1):
            label = str(document.get("public_id") or document.get("title") or f"line {number}")[:80]
            try:
                is_new = self._bring(bring, document)
            except RowError as error:
                result.problems.append(f"{name.replace('_', ' ')}, {label}: {error}")
                continue
            if counted:
                (result.new if is_new else result.known)[name] += 1
            self._tell(name, number)

    def _bring(self, bring: Callable[[Places, Document], bool], document: Document) -> bool:
        try:
            return bring(self._places, document)
        except (IntegrityError, DataError) as error:  # another import was first, or it contradicts itself
            raise RowError(f"it does not fit to what is here: {error}") from error

    def _video(self, places: Places, told: Document) -> bool:
        """Bring in the video that a line of the table of videos names."""
        path, wanted = told.get("document"), told.get("sha256")
        if not isinstance(path, str) or places.sums.get(path) != wanted:
            raise RowError("its document is not in the list of checksums.")
        content = reading.read_bytes(places.archive, path)
        if reading.digest_bytes(content) != wanted:
            raise RowError(f"{path}: it was damaged or changed since it was exported: its checksum differs.")
        document = reading.parse_object(content, path)
        if document.get("public_id") != told.get("public_id"):
            raise RowError(f"{path}: it tells of another video.")
        return bring_videos.video(places, document)

    def _ledger(self) -> None:
        result = self._places.result
        if not self._places.is_known:
            return
        for new, known in bring_ledger.bring(self._places, self._export.lines("ledger")):
            result.new["ledger"] += new
            result.known["ledger"] += known

    def _tell(self, name: str, number: int) -> None:
        total = self._counts.get(name) if isinstance(self._counts, dict) else None
        if isinstance(total, int) and total > 0 and (name == "videos" or number == total):
            self._report(min(1.0, number / total), f"{number:,} of {total:,} {name.replace('_', ' ')}")

    def _tell_rest(self) -> None:
        places = self._places
        if places.result.new["share_links"]:
            places.result.notes.append("Share links came back revoked: their secrets are in no export.")
        for name in places.backends.created:
            places.result.notes.append(
                f"The backend “{name}” was not here. It was added, switched off: give it its address and key."
            )
        missing = self._export.manifest.get("missing")
        if isinstance(missing, list) and missing:
            places.result.notes.append(f"{len(missing)} files were missing already when it was exported.")

    def _record(self) -> None:
        result = self._places.result
        origin = f"studio {str(self._export.manifest.get('studio'))[:40]}"
        note = f"Imported an export of {origin}: {json.dumps(dict(+result.new))}"
        with transaction.atomic():
            record(Action.CREATED, Subject(Kind.STUDIO, "", "Import"), note=note)
