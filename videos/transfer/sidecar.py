"""What the file beside a video says of it: JSON of a studio or of another program, or a plain text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from videos.models.tag import TAG_LIMIT
from videos.models.video import MAX_RATING
from videos.transfer.archive import Archive, parse_object, read_bytes
from videos.transfer.errors import RowError
from videos.validation import clean_line, clean_text, has_visible_text, is_storable

PROMPT_LIMIT = 32_000  # characters
NOTE_LIMIT = 2000
MODEL_LIMIT = 100
MAX_TAGS = 50
_SUFFIXES = (".json", ".txt")
_KEYS = ("prompt", "title", "model", "seconds", "tags", "note", "created", "created_at", "favourite")


@dataclass(frozen=True)
class Told:
    """What is told of a video. Texts are clean and fit their columns; what is not told is empty or None."""

    prompt: str = ""
    model: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    favourite: bool = False
    rating: int | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None


def find_sidecar(archive: Archive, paths: Mapping[str, str], path: str) -> str | None:
    """Return the path of what is told of the video at `path`: `a.json`, `a.mp4.json`, `a.txt` or `a.mp4.txt`.

    `paths` are those of the archive, by what they are where case does not count.
    """
    stem = str(PurePosixPath(path).with_suffix(""))
    names = [f"{each}{suffix}" for suffix in _SUFFIXES for each in (stem, path)]
    return next((paths[name.casefold()] for name in names if name.casefold() in paths), None)


def read_sidecar(archive: Archive, path: str) -> Told:
    """Return what the file says. Raises `RowError` for one that cannot be read."""
    content = read_bytes(archive, path)
    if path.lower().endswith(".json"):
        return parse_told(parse_object(content, path), path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RowError(f"{path}: it is no text in UTF-8.") from error
    return parse_told(_parse_text(text), path)


def _parse_text(text: str) -> dict[str, Any]:
    """Read lines such as `model: sora-2`; where none begins like that, all of it is the prompt."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if colon and key in _KEYS and key not in found:
            found[key] = value.strip()
    return found if "prompt" in found or "title" in found else {"prompt": text} | found


def parse_told(document: Mapping[str, Any], place: str) -> Told:
    """Return what a document says. Raises `RowError`, which begins with `place`, for another form."""
    prompt = document.get("prompt") or document.get("title") or ""
    return Told(
        prompt=_text(prompt, PROMPT_LIMIT, f"{place}: prompt"),
        model=clean_line(_text(document.get("model") or "", MODEL_LIMIT, f"{place}: model")),
        note=_text(document.get("note") or "", NOTE_LIMIT, f"{place}: note"),
        tags=_tags(document.get("tags"), place),
        favourite=document.get("favourite") is True,
        rating=_rating(document.get("rating")),
        created_at=_moment(document.get("created_at") or document.get("created"), place),
        finished_at=_moment(document.get("finished_at"), place),
    )


def _rating(value: Any) -> int | None:
    return value if type(value) is int and 1 <= value <= MAX_RATING else None


def _text(value: Any, limit: int, place: str) -> str:
    if not isinstance(value, str) or not is_storable(value) or len(value) > limit:
        raise RowError(f"{place} must be a text of at most {limit:,} characters.")
    return clean_text(value) if has_visible_text(value) else ""


def _tags(value: Any, place: str) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RowError(f"{place}: tags must be a list of texts.")
    clean = [clean_line(name) for name in names if is_storable(name)]
    kept = [name for name in clean if has_visible_text(name)]
    if any(len(name) > TAG_LIMIT or "," in name for name in kept) or len(kept) > MAX_TAGS:
        raise RowError(f"{place}: at most {MAX_TAGS} tags of at most {TAG_LIMIT} characters.")
    return tuple(dict.fromkeys(kept))


def _moment(value: Any, place: str) -> datetime | None:
    """Return a time in ISO 8601, a day, or Unix seconds. One in the future is none."""
    if value in (None, ""):
        return None
    try:
        found = _parse_moment(value)
    except (ValueError, OverflowError, OSError) as error:
        raise RowError(f"{place}: created must be a time such as 2026-03-02T17:30:00Z.") from error
    return found if found <= timezone.now() else None


def _parse_moment(value: Any) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    text = str(value)
    day = parse_date(text) if len(text) == len("2026-03-02") else None
    found = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
    if found is None:
        raise ValueError(text)
    return found if found.tzinfo else timezone.make_aware(found)
