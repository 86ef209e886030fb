"""From the rows to their files: each that a row names is there, as it was stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from videos.engine.file_check.files import look_at
from videos.engine.file_check.finding import FileFinding, Problem, Remedy
from videos.models import Batch, Character, ReferenceImage, State, Video

CHUNK = 500  # rows that are read at a time


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column that names a file, and those that say how large it is and what is in it, if any do."""

    field: str
    byte_count: str = ""
    sha256: str = ""
    is_derived: bool = False  # and can be made again from the original

    @property
    def names(self) -> list[str]:
        """The columns of the row that say something of the file."""
        return [name for name in (self.field, self.byte_count, self.sha256) if name]


COLUMNS: dict[type[Model], tuple[FileColumn, ...]] = {
    Video: (
        FileColumn("file", "byte_count", "sha256"),
        FileColumn("poster", is_derived=True),
        FileColumn("scrub_sheet", is_derived=True),
        FileColumn("browser_file", "browser_byte_count", "browser_sha256", is_derived=True),
    ),
    ReferenceImage: (FileColumn("file", sha256="sha256"), FileColumn("thumbnail", is_derived=True)),
    Character: (FileColumn("file"),),
    Batch: (FileColumn("file"),),
}
_WORDS = {Video: "video", ReferenceImage: "image", Character: "character", Batch: "batch"}


@dataclass
class Progress:
    """How far a walk through the rows is: the key of the last video that was looked at, and how many rows."""

    last_video: int = 0
    rows: int = 0


def check_rows(progress: Progress, *, deep: bool = False, after: int = 0) -> Iterator[FileFinding]:
    """Yield what is wrong with the files that rows name; of videos, those with a key above `after`."""
    for model in COLUMNS:
        last = after if model is Video else 0
        while rows := list(_naming_files(model).filter(pk__gt=last).order_by("pk")[:CHUNK]):
            for row in rows:
                yield from _check_row(model, row, deep=deep)
                progress.rows += 1
                last = row.pk
                if model is Video:
                    progress.last_video = row.pk


def find_again(finding: FileFinding, *, deep: bool = False) -> FileFinding | None:
    """Look at a row's file once more. Returns what is wrong with it now, None where nothing is any more."""
    model = _model_of(finding)
    row = _naming_files(model).filter(pk=finding.pk).first()
    if row is None:
        return None
    found = _check_columns(model, row, deep=deep)
    return next((each for each in found if each.field == finding.field), None)


def naming(finding: FileFinding) -> QuerySet[Any]:
    """The row, as long as it names the file in which something was found, and is to have it."""
    return _naming_files(_model_of(finding)).filter(pk=finding.pk, **{finding.field: finding.name})


def _model_of(finding: FileFinding) -> type[Model]:
    return next(each for each in COLUMNS if each.__name__ == finding.model)


def _naming_files(model: type[Model]) -> QuerySet[Any]:
    """The rows that should have files: not those that are being removed, which may have lost some already."""
    fields = {name for column in COLUMNS[model] for name in column.names}
    rows = model._default_manager.order_by().only("public_id", *fields)
    if model is Video:
        rows = rows.only("public_id", "backend_job_id", "concat_with_source", "job_deleted_at", *fields)
        return rows.filter(state=State.COMPLETED, deleted_at=None)
    if model is Batch:
        return rows.exclude(file="")
    if model is Character:
        return rows.filter(deleted_at=None).exclude(file="")
    return rows.filter(~Q(file=""))


def _check_row(model: type[Model], row: Any, *, deep: bool) -> Iterator[FileFinding]:
    """Yield what is wrong with a row's files, and is still so when both are looked at a moment later."""
    for finding in _check_columns(model, row, deep=deep):
        if again := find_again(finding, deep=deep):
            yield again


def _check_columns(model: type[Model], row: Any, *, deep: bool) -> Iterator[FileFinding]:
    original: Problem | None = None
    for column in COLUMNS[model]:
        name = str(getattr(row, column.field) or "")
        if not name and column.field != "file":
            continue  # it went without, when it was stored
        byte_count = getattr(row, column.byte_count) if column.byte_count else None
        sha256 = getattr(row, column.sha256) if column.sha256 else ""
        problem = look_at(name, byte_count, sha256, deep=deep) if name else Problem.MISSING
        if column.field == "file":
            original = problem
        if problem:
            remedy = _remedy(row, column, problem, original)
            label = f"{_WORDS[model]} {row.public_id}"
            yield FileFinding(problem, name, remedy, model.__name__, row.pk, column.field, label)


def _remedy(row: Any, column: FileColumn, problem: Problem, original: Problem | None) -> Remedy:
    if problem == Problem.UNREADABLE:
        return Remedy.NONE  # it is there: its owner or its disk is at fault
    if column.is_derived:
        may_be_had = original is None or _can_be_downloaded(row)
        return Remedy.REMAKE if may_be_had else Remedy.NONE
    return Remedy.DOWNLOAD if _can_be_downloaded(row) else Remedy.NONE


def _can_be_downloaded(row: Any) -> bool:
    """Whether a backend may still have the file itself. Of one that was joined here it has a part alone."""
    if not isinstance(row, Video) or row.job_deleted_at is not None:
        return False
    return bool(row.backend_job_id) and not row.concat_with_source
