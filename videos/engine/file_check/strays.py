"""From the files to their rows: each file is named by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any

from django.db.models import Model, Q

from videos.engine import inline_results
from videos.engine.file_check.files import storage, walk
from videos.engine.file_check.finding import FileFinding, Problem, Remedy
from videos.engine.file_check.rows import COLUMNS
from videos.models import IN_FLIGHT, Batch, Character, DiscardedFile, ReferenceImage, State, Video
from videos.validation import is_storable

_CHUNK = 200  # files that are looked up at a time, within what one query of SQLite may name
# The first folder of what each kind of row names, within which its id is a part of the name.
_ROOMS: dict[str, type[Model]] = {
    "videos": Video,
    "references": ReferenceImage,
    "characters": Character,
    "batches": Batch,
}
OLDER_THAN = timedelta(hours=6)  # as a file of an upload or a store under way never is


def check_strays(older_than: timedelta = OLDER_THAN) -> Iterator[FileFinding]:
    """Yield the files that no row names, and those that were never finished. Younger ones are left alone."""
    files = walk(older_than)
    while found := list(islice(files, _CHUNK)):
        partial = [each for each in found if each.is_partial]
        named = [each for each in found if not each.is_partial]
        yield from (FileFinding(Problem.PARTIAL, each.name, Remedy.QUARANTINE) for each in partial)
        strays = without_row([each.name for each in named])
        # Once more: rows may have been written, and files removed, since they were read.
        yield from (
            FileFinding(Problem.STRAY, name, Remedy.QUARANTINE)
            for name in strays
            if is_stray(name, older_than)
        )


def is_stray(name: str, older_than: timedelta) -> bool:
    """Whether a file is there, is old enough, and no row names it."""
    age = storage().age_of(name)
    return age is not None and age > older_than.total_seconds() and bool(without_row([name]))


def folder_owner(name: str) -> str:
    """Return the id of the video whose folder holds the file; empty where it is in none."""
    parts = PurePosixPath(name).parts
    return parts[2] if len(parts) > 3 and parts[0] == "videos" else ""


def without_row(names: list[str]) -> list[str]:
    """Return those of the names that no row has, in any column, and that no work under way may need."""
    storable = [name for name in names if is_storable(name)]
    by_key = _named_by_owners(storable)
    candidates = [name for name in storable if name not in by_key and not _is_needed(name)]
    # By its name alone, wherever it lies: that reads whole tables, and is asked of what is odd alone.
    named = _named_anywhere(candidates) | _to_be_removed(candidates) if candidates else set()
    odd = [name for name in names if not is_storable(name)]  # no row could name it
    return [name for name in candidates if name not in named] + odd


def _named_by_owners(names: Iterable[str]) -> set[str]:
    """Return what the rows name whose ids are in the names: an index finds them."""
    by_room: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        by_room[PurePosixPath(name).parts[0]].add(folder_owner(name) or PurePosixPath(name).stem)
    found: set[str] = set()
    for room, ids in by_room.items():
        if room in _ROOMS:
            model = _ROOMS[room]
            fields = [column.field for column in COLUMNS[model]]
            rows: Any = model._default_manager.filter(public_id__in=ids).order_by()
            found.update(chain.from_iterable(rows.values_list(*fields)))
    return found


def _named_anywhere(names: list[str]) -> set[str]:
    found: set[str] = set()
    for model, columns in COLUMNS.items():
        condition = Q()
        for column in columns:
            condition |= Q(**{f"{column.field}__in": names})
        rows: Any = model._default_manager.filter(condition).order_by()
        fields = [column.field for column in columns]
        found |= set(chain.from_iterable(rows.values_list(*fields)))
    return found & set(names)


def _to_be_removed(names: list[str]) -> set[str]:
    """Return those that a worker is going to remove by itself."""
    return set(DiscardedFile.objects.filter(name__in=names).values_list("name", flat=True))


def _is_needed(name: str) -> bool:
    """Whether the file lies in the folder of a video that may be stored at this moment, or holds what a
    backend delivered with its reply, which may be the only copy of what was paid for.
    """
    public_id = folder_owner(name)
    video = Video.objects.filter(public_id=public_id).only("state").first() if public_id else None
    if video is None:
        return False
    is_result = inline_results.is_result(PurePosixPath(name).parts[3])
    return video.state in IN_FLIGHT or (is_result and video.state != State.COMPLETED)
