"""The files of an export: compared with their checksums, judged as uploads are, and put into storage."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile

from videos.containers import container_of
from videos.engine import store
from videos.engine.workspace import scratch_folder
from videos.media.errors import BadReferenceError, DecoderBusyError
from videos.media.inspect import NotAVideoError, VideoFacts, inspect_video
from videos.media.reference import Reference, open_reference
from videos.media.sandbox import worker_budget
from videos.models import Batch, Character, ReferenceImage, Video
from videos.models.values import StoredFiles
from videos.transfer.archive import chunks_of
from videos.transfer.errors import RowError
from videos.transfer.places import Places

MAX_IMAGE = 64 << 20  # bytes of a reference image: a large one that was kept without loss
MAX_PICTURE = 16 << 20  # bytes of a poster, a scrub sheet or a thumbnail
MAX_TABLE = 256 << 20  # bytes of the file of a batch

Told = dict[str, Any]


def fetch(places: Places, told: Any, target: Path, *, limit: int) -> Path:
    """Copy a file of the export to `target`, and compare it with its checksum. Raises `RowError`."""
    path = told.get("path") if isinstance(told, dict) else None
    if not isinstance(path, str):
        raise RowError("one of its files is not named.")
    wanted = places.sums.get(path)
    if wanted is None or wanted != told.get("sha256"):
        raise RowError(f"{path}: its checksum is not in the list of checksums.")
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for chunk in chunks_of(places.archive, path, limit=limit):
            file.write(chunk)
            digest.update(chunk)
    if digest.hexdigest() != wanted:
        raise RowError(f"{path}: it was damaged or changed since it was exported: its checksum differs.")
    return target


@contextmanager
def video_files(places: Places, video: Video, told: Told) -> Iterator[StoredFiles | None]:
    """Store the files of a video, and yield their names and what was measured; None where it has no file.

    The file is judged in the sandbox. With an export of ours its pictures and its copy for browsers are taken
    over; else they are made from the file. All are removed again when the block raises. Raises `RowError`.
    """
    if "file" not in told:
        yield None
        return
    with scratch_folder() as folder:
        suffix = container_of(str(told["file"].get("path", ""))).suffix
        limit = settings.MAX_DOWNLOAD_SIZE
        path = fetch(places, told["file"], folder / f"video{suffix}", limit=limit)
        facts = inspect(path)
        if video.sha256 and video.sha256 != facts.sha256:
            raise RowError("its file is another than its document says.")
        if not places.is_known:
            with store.stored_files(video, path, facts, worker_budget()) as made:
                yield made
            return
        with _kept(places, video, told, folder, path) as kept:
            yield kept


def remove_leftovers(video: Video) -> None:
    """Remove what an import that was killed has stored for a video whose row is there by now."""
    kept = PurePosixPath(str(video.file.name)).parent.name
    with suppress(OSError):
        for folder in default_storage.listdir(store.folder_of(video))[0]:
            if folder != kept:
                store.remove_folder(f"{store.folder_of(video)}/{folder}")


@contextmanager
def _kept(places: Places, video: Video, told: Told, folder: Path, path: Path) -> Iterator[StoredFiles]:
    """Store the files as they were, with what the row says of them."""
    names: dict[str, Path] = {"file": path}
    for name, target in (("poster", "poster.webp"), ("scrub_sheet", "scrub.jpg")):
        if name in told:
            names[name] = fetch(places, told[name], folder / target, limit=MAX_PICTURE)
    if "browser_file" in told:
        copied = fetch(places, told["browser_file"], folder / "browser.mp4", limit=settings.MAX_DOWNLOAD_SIZE)
        inspect(copied)
        names["browser_file"] = copied
    place = f"{store.folder_of(video)}/{uuid.uuid4().hex}"
    try:
        saved = {name: _save(f"{place}/{each.name}", each) for name, each in names.items()}
        has_sheet, has_copy = "scrub_sheet" in saved, "browser_file" in saved
        yield StoredFiles(
            file=saved["file"],
            poster=saved.get("poster", ""),
            scrub_sheet=saved.get("scrub_sheet", ""),
            browser_file=saved.get("browser_file", ""),
            byte_count=path.stat().st_size,
            sha256=places.sums[told["file"]["path"]],
            width=video.width or 0,
            height=video.height or 0,
            duration=video.duration or 0.0,
            scrub_frames=video.scrub_frames if has_sheet else 0,
            scrub_columns=video.scrub_columns if has_sheet else 0,
            container=video.container,
            codec=video.codec,
            browser_byte_count=video.browser_byte_count if has_copy else None,
            browser_sha256=video.browser_sha256 if has_copy else "",
            picture_bytes=sum(
                names[each].stat().st_size for each in ("poster", "scrub_sheet") if each in names
            ),
        )
    except BaseException:
        store.remove_folder(place)
        raise


def _save(name: str, path: Path) -> str:
    with path.open("rb") as file:
        return default_storage.save(name, File(file))


def inspect(path: Path) -> VideoFacts:
    """Measure a video in the sandbox. Raises `RowError` for anything else."""
    try:
        return inspect_video(path, worker_budget())
    except NotAVideoError as error:
        raise RowError(f"its file is not taken: {error}") from error
    except DecoderBusyError as error:
        raise RowError("its file could not be looked at: every decoder is busy. Import it again.") from error


def add_image_files(places: Places, image: ReferenceImage, told: Told) -> list[str]:
    """Store a reference image and its thumbnail under the row's names, and return those. Raises `RowError`.

    It is decoded in the sandbox; what is not an export of ours is kept as it was encoded there.
    """
    with scratch_folder() as folder:
        path = fetch(places, told.get("file"), folder / "image", limit=MAX_IMAGE)
        content = path.read_bytes()
        judged = _judge(content)
        suffix = path_suffix(told["file"]["path"]) or f".{judged.extension}"
        thumbnail = judged.thumbnail
        if places.is_known:
            target = folder / "thumbnail"
            kept = told.get("thumbnail")
            thumbnail = fetch(places, kept, target, limit=MAX_PICTURE).read_bytes() if kept else b""
    if not places.is_known:
        content, suffix = judged.content, f".{judged.extension}"
        image.content_type, image.width, image.height = judged.content_type, judged.width, judged.height
        image.sha256 = hashlib.sha256(content).hexdigest()
    _save_as(image.file, f"reference{suffix}", ContentFile(content))
    if thumbnail:
        _save_as(image.thumbnail, "thumbnail.webp", ContentFile(thumbnail))
    image.byte_count = len(content) + len(thumbnail)
    return [str(each.name) for each in (image.file, image.thumbnail) if each]


def add_file(places: Places, row: Character | Batch, told: Told, *, limit: int, is_clip: bool) -> list[str]:
    """Store the one file of a row as it is, and return its name. Raises `RowError`."""
    with scratch_folder() as folder:
        path = fetch(places, told, folder / f"file{path_suffix(str(told.get('path', '')))}", limit=limit)
        if is_clip and not places.is_known:
            inspect(path)
        with path.open("rb") as file:
            _save_as(row.file, path.name, File(file))
        if isinstance(row, Character):
            row.byte_count = path.stat().st_size
    return [str(row.file.name)]


def _save_as(field: FieldFile, name: str, content: "File[Any]") -> None:
    """Store the file of a row that is not there yet; what an import that was killed left of it goes."""
    left = field.field.generate_filename(field.instance, name)
    field.storage.delete(left)
    field.save(name, content, save=False)


@contextmanager
def removed_on_error() -> Iterator[list[str]]:
    """Yield a list for the names of stored files, which are removed again when the block raises."""
    names: list[str] = []
    try:
        yield names
    except BaseException:
        remove_files(names)
        raise


def remove_files(names: Iterable[str]) -> None:
    """Remove stored files that no row has."""
    for name in names:
        with suppress(OSError):
            default_storage.delete(name)


def _judge(content: bytes) -> Reference:
    try:
        return open_reference(content, max_bytes=MAX_IMAGE)
    except BadReferenceError as error:
        raise RowError(f"its image is not taken: {error}") from error


def path_suffix(path: str) -> str:
    """Return the suffix of a path of ours, as storage may have it."""
    dot = path.rfind(".")
    suffix = path[dot:].lower() if dot > path.rfind("/") else ""
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 8 else ""
