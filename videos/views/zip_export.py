"""Many videos as one ZIP, written while it is sent: nothing is stored, and memory use stays flat."""

import json
import logging
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db.models import prefetch_related_objects
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from zipstream import ZipStream

from accounts.models import User
from videos.containers import container_of
from videos.media.file_response import readable_name
from videos.models import ReferenceImage, Video
from videos.models.video_queries import VideoQuerySet
from videos.services import personal_data

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024  # bytes read at once
_PORTION = 100  # videos read at once, of as many as a batch may have
_RELATED = ("backend", "reference", "last_frame", "video_references", "source", "tags")
MISSING = "missing.txt"  # lists the files that could not be read


def zip_response(videos: Sequence[Video]) -> StreamingHttpResponse:
    """Send the videos' files, each with a JSON file beside it that describes the video.

    Everything is read from the database before the archive is sent, which may take long.
    """
    prefetch_related_objects(videos, *_RELATED)
    return _stream(archive(videos), "contentgen")


def batch_zip_response(videos: VideoQuerySet, name: str) -> StreamingHttpResponse:
    """Send the files of maybe ten thousand videos as `zip_response` does, in an archive called `name`.

    Only their keys are read before; they themselves are read as it is sent, a portion at a time.
    """
    return _stream(archive(_read_in_portions(list(videos.values_list("pk", flat=True)))), name)


def _read_in_portions(keys: Sequence[int]) -> Iterator[Video]:
    for start in range(0, len(keys), _PORTION):
        portion = keys[start : start + _PORTION]
        found = Video.objects.filter(deleted_at=None).prefetch_related(*_RELATED).in_bulk(portion)
        yield from (found[key] for key in portion if key in found)


def personal_zip_response(user: User) -> StreamingHttpResponse:
    """Send all that the studio has of a person: what `describe_account` tells, images, and videos.

    Everything but the files is read from the database before the archive is sent.
    """
    with_files: list[Video] = []
    without: list[Video] = []
    for video in personal_data.videos_of(user).prefetch_related(*_RELATED):
        (with_files if video.file else without).append(video)
    documents = {
        **personal_data.describe_account(user),
        "videos_without_a_file": [sidecar(video) for video in without],
    }
    images = {
        f"references/{each.public_id}{_suffix(each)}": each for each in personal_data.references_of(user)
    }
    return _stream(archive(with_files, documents, images), "contentgen-my-data")


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
    documents: Mapping[str, Any] | None = None,
    images: Mapping[str, ReferenceImage] | None = None,
) -> Iterator[bytes]:
    """Yield a ZIP of the videos. They are compressed already, so they are stored as they are (ZIP64).

    Before them come `documents`, as JSON in the folder `account`, and `images` under their names.

    A file that cannot be read is listed in `missing.txt`, at the end, instead of breaking the archive; what
    was read of it before stays in.
    """
    stream = ZipStream()
    missing: list[str] = []
    for name, document in (documents or {}).items():
        stream.add(json.dumps(document, ensure_ascii=False, indent=2), f"account/{name}.json")
    for name, image in (images or {}).items():
        if (picture := _open(image)) is None:
            missing.append(f"{name}  there is no file")
        else:
            stream.add(_chunks(picture, name, missing), name)
        yield from stream.all_files()
    for name, video in _named(videos):
        stream.add(json.dumps(sidecar(video), ensure_ascii=False, indent=2), f"{name}.json")
        file, suffix = _open(video), container_of(video.file.name).suffix
        if file is None:
            missing.append(f"{name}{suffix}  {video.public_id}  there is no file")
        else:
            stream.add(_chunks(file, f"{name}{suffix}  {video.public_id}", missing), f"{name}{suffix}")
        yield from stream.all_files()
    if missing:
        lines = ["These files could not be read, or not to their end:", "", *missing, ""]
        stream.add("\n".join(lines), MISSING)
    yield from stream.finalize()


def _open(row: Video | ReferenceImage) -> "File[bytes] | None":
    try:
        file: File[bytes] = row.file.storage.open(row.file.name or "")
    except OSError as error:
        logger.warning("%s has no file to put into an archive: %s", row, error)
        return None
    return file


def _chunks(file: "File[bytes]", name: str, missing: list[str]) -> Iterator[bytes]:
    """Yield the bytes of the file, and add it to `missing` when it breaks off."""
    with file:
        try:
            while chunk := file.read(CHUNK):
                yield chunk
        except OSError as error:
            logger.warning("A file broke off while it was archived: %s: %s", name, error)
            missing.append(f"{name}  broke off")


def _named(videos: Iterable[Video]) -> Iterator[tuple[str, Video]]:
    """Yield each with a file name, without suffix: readable, and unique even where case does not count."""
    taken = {MISSING.partition(".")[0]}
    for video in videos:
        readable = name = unicodedata.normalize("NFC", readable_name(video.prompt) or video.public_id)[:60]
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{readable}-{number}"
        taken.add(name.casefold())
        yield name, video


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
        },
    }


def _image(image: ReferenceImage) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "content_type": image.content_type,
        "width": image.width,
        "height": image.height,
    }


def _timestamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
