"""Many videos as one ZIP, written while it is sent: nothing is stored, and memory use stays flat."""

import json
import logging
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import PurePath
from typing import Any, TypeVar

from django.core.files.base import File
from django.db.models import QuerySet, prefetch_related_objects
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext, gettext_noop, override
from zipstream import ZipStream

from accounts.models import User
from videos.containers import container_of
from videos.media.file_response import readable_name
from videos.models import ReferenceImage, Video
from videos.models.video_queries import VideoQuerySet
from videos.services import personal_data, visibility

_Row = TypeVar("_Row", Video, ReferenceImage)

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024  # bytes read at once
_PAGE = 200  # rows read at once
_RELATED = ("backend", "reference", "last_frame", "video_references", "source", "tags")
MISSING = "missing.txt"  # lists the files that could not be read
_NO_FILE, _BROKE_OFF = gettext_noop("there is no file"), gettext_noop("broke off")  # why they could not

_Missing = list[tuple[str, str]]  # a file, and the reason


def zip_response(videos: Sequence[Video], person: User, name: str = "contentgen") -> StreamingHttpResponse:
    """Send the videos' files, each with a JSON file beside it that tells what `person` may know of the video.

    Everything is read from the database before the archive is sent, which may take long.
    """
    visibility.note_looks(person, videos, gettext_noop("Its file."))
    prefetch_related_objects(videos, *_RELATED)
    return _stream(archive(videos, person, language=get_language()), name)


def batch_zip_response(videos: VideoQuerySet, person: User, name: str) -> StreamingHttpResponse:
    """Send the files of maybe ten thousand videos as `zip_response` does, in an archive called `name`.

    Their rows are read a page at a time while the archive is sent.
    """
    return _stream(archive(_pages(videos), person, language=get_language()), name)


def personal_zip_response(user: User) -> StreamingHttpResponse:
    """Send all that the studio has of a person: what `describe_account` tells, images, and videos.

    Rows are read a page at a time while the archive is sent: the first byte waits for none of them.
    """
    videos = personal_data.videos_of(user)
    images = _pages(personal_data.references_of(user))
    documents = chain(
        ((name, iter([_dump(rows)])) for name, rows in personal_data.describe_account(user)),
        [("videos_without_a_file", _json_list(sidecar(video) for video in _pages(videos.filter(file=""))))],
    )
    content = archive(_pages(videos.exclude(file="")), user, documents, images, language=get_language())
    return _stream(content, "contentgen-my-data")


def _pages(rows: QuerySet[_Row]) -> Iterator[_Row]:
    """Yield the rows, newest first, read in small queries: no cursor is held open while files are sent."""
    related = _RELATED if rows.model is Video else ()
    rows = rows.order_by("-pk").prefetch_related(*related)
    page = list(rows[:_PAGE])
    while page:
        yield from page
        page = list(rows.filter(pk__lt=page[-1].pk)[:_PAGE]) if len(page) == _PAGE else []


def _json_list(items: Iterable[Any]) -> Iterator[bytes]:
    """Yield a list in JSON, item by item."""
    before = b"["
    for item in items:
        yield before + b"\n" + _dump(item)
        before = b","
    yield b"[]" if before == b"[" else b"\n]"


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def _suffix(image: ReferenceImage) -> str:
    return PurePath(image.file.name or "").suffix


def _stream(content: Iterator[bytes], name: str) -> StreamingHttpResponse:
    name = f"{name}-{timezone.localtime():%Y-%m-%d-%H%M}.zip"
    response = StreamingHttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Accel-Buffering"] = "no"  # a proxy that collects it all first would need room for it
    return response


def archive(
    videos: Iterable[Video],
    person: User,
    documents: Iterable[tuple[str, Iterator[bytes]]] = (),
    images: Iterable[ReferenceImage] = (),
    *,
    language: str | None = None,
) -> Iterator[bytes]:
    """Yield a ZIP of the videos. They are compressed already, so they are stored as they are (ZIP64).

    Before them come `documents`, as JSON in the folder `account`, and `images` in the folder `references`.

    A file that cannot be read is listed in `missing.txt`, at the end, instead of breaking the archive; what
    was read of it before stays in. It is written in `language`: that of the request, which is over by then.
    """
    stream = ZipStream()
    missing: _Missing = []
    for name, document in documents:
        stream.add(document, f"account/{name}.json")
        yield from stream.all_files()
    for image in images:
        _add_image(stream, image, missing)
        yield from stream.all_files()
    taken = {MISSING.partition(".")[0]}
    for video in videos:
        _add_video(stream, video, sidecar_for(person, video), _file_name(video, taken), missing)
        yield from stream.all_files()
    if missing:
        with override(language):
            stream.add(_list_missing(missing), MISSING)
    yield from stream.finalize()


def _list_missing(missing: _Missing) -> str:
    listed = [f"{name}  {gettext(reason)}" for name, reason in missing]
    return "\n".join([gettext("These files could not be read, or not to their end:"), "", *listed, ""])


def _add_image(stream: ZipStream, image: ReferenceImage, missing: _Missing) -> None:
    name = f"references/{image.public_id}{_suffix(image)}"
    if (picture := _open(image)) is None:
        missing.append((name, _NO_FILE))
    else:
        stream.add(_chunks(picture, name, missing), name)


def _add_video(stream: ZipStream, video: Video, told: dict[str, Any], name: str, missing: _Missing) -> None:
    """Add the video's file, beside what is `told` of it."""
    stream.add(_dump(told), f"{name}.json")
    file, suffix = _open(video), container_of(video.file.name).suffix
    if file is None:
        missing.append((f"{name}{suffix}  {video.public_id}", _NO_FILE))
    else:
        stream.add(_chunks(file, f"{name}{suffix}  {video.public_id}", missing), f"{name}{suffix}")


def _open(row: Video | ReferenceImage) -> "File[bytes] | None":
    try:
        file: File[bytes] = row.file.storage.open(row.file.name or "")
    except OSError as error:
        logger.warning("%s has no file to put into an archive: %s", row, error)
        return None
    return file


def _chunks(file: "File[bytes]", name: str, missing: _Missing) -> Iterator[bytes]:
    """Yield the bytes of the file, and add it to `missing` when it breaks off."""
    with file:
        try:
            while chunk := file.read(CHUNK):
                yield chunk
        except OSError as error:
            logger.warning("A file broke off while it was archived: %s: %s", name, error)
            missing.append((name, _BROKE_OFF))


def _file_name(video: Video, taken: set[str]) -> str:
    """Return a file name without suffix: readable, and unique even where case does not count."""
    readable = name = unicodedata.normalize("NFC", readable_name(video.prompt) or video.public_id)[:60]
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{readable}-{number}"
    taken.add(name.casefold())
    return name


_OF_OWNER = (
    "backend_job_id",
    "source_id",
    "reference",
    "last_frame",
    "references",
    "favourite",
    "tags",
    "note",
)
_OF_COST = ("price_usd", "price_estimated_from_videos", "charged_usd", "charge_problem")


def sidecar_for(person: User, video: Video) -> dict[str, Any]:
    """Return of `sidecar` what the person may know of the video."""
    private = () if visibility.is_owner(person, video) else _OF_OWNER
    costs = () if visibility.sees_cost(person, video) else _OF_COST
    return {name: value for name, value in sidecar(video).items() if name not in (*private, *costs)}


def sidecar(video: Video) -> dict[str, Any]:
    """Return what is known of a video, for whoever finds its file years later."""
    return {
        "id": video.public_id,
        "prompt": video.prompt,
        "model": video.model,
        "size": video.size,
        "seconds": video.seconds,
        "parameters": video.parameters,
        "seed": video.seed,
        "used_seed": video.used_seed,
        "status": video.status,
        "backend": video.backend.name,
        "backend_job_id": video.backend_job_id or None,
        "created_at": _timestamp(video.created_at),
        "accepted_at": _timestamp(video.accepted_at),
        "generated_at": _timestamp(video.generated_at),
        "finished_at": _timestamp(video.finished_at),
        "price_usd": None if video.price is None else str(video.price),
        "price_estimated_from_videos": video.price_samples,
        "charged_usd": None if video.charged is None else str(video.charged),
        "charge_problem": video.charge_problem or None,
        "kind": video.kind,
        "source_id": video.source.public_id if video.source else video.remixed_from or None,
        "source_seconds": video.source_seconds,
        "reference": video.reference and _image(video.reference) | {"fit": video.reference_fit},
        "last_frame": video.last_frame and _image(video.last_frame) | {"fit": video.reference_fit},
        "references": [_image(image) for image in video.references],
        "favourite": video.favourite,
        "rating": video.rating,
        "tags": [tag.name for tag in video.tags.all()],
        "note": video.note,
        "file": {
            "width": video.width,
            "height": video.height,
            "duration": video.duration,
            "bytes": video.byte_count,
            "sha256": video.sha256,
            "container": video.container or None,
            "codec": video.codec or None,
            **_removed_original(video),
        },
    }


def _removed_original(video: Video) -> dict[str, Any]:
    """Return what is to be said of an original that is gone; nothing where the file is the original."""
    if video.original_dropped_at is None:
        return {}
    removed_at = _timestamp(video.original_dropped_at)
    return {"original_codec": video.original_codec, "original_removed_at": removed_at}


def _image(image: ReferenceImage) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "content_type": image.content_type,
        "width": image.width,
        "height": image.height,
    }


def _timestamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
