"""Serves files over HTTP: byte ranges, conditional GET, and headers fit for what only its owner may see.

whitenoise's StaticFile was studied for this and covers too little: it answers 416 to a range of one byte,
serves the whole file for `bytes=-0`, ignores If-Range (so a resumed download can join two files), knows
neither lists nor weak tags in If-None-Match, and answers a ranged HEAD with 206. Only its bounded reader is
used.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import Storage
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, quote_etag
from django.utils.text import Truncator, slugify
from whitenoise.responders import SlicedFile

from contentgen.storage_interface import Served, as_studio_storage, local_folder

# A stored file never changes at its address. Only the user's own browser may keep it, and Vary: Cookie keeps
# the next user of the same browser from getting it.
CACHE_CONTROL = "private, max-age=86400, immutable"

# As `videos.media.poster` makes them. Not imported: that would load FFmpeg into every web process.
POSTER_TYPE, SCRUB_TYPE = "image/webp", "image/jpeg"

# RFC 9110, 14.1.2, for one range. Numbers beyond any file's size need not be understood.
BYTE_RANGE = re.compile(
    r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class ByteRange:
    """The bytes from `start` to `end`, both included, counted from 0."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes it spans."""
        return self.end - self.start + 1


class _FileBodyResponse(FileResponse):
    """A FileResponse that keeps the headers it was given: Django would measure the file, not the range."""

    block_size = 64 * 1024

    def set_headers(self, filelike: IO[bytes]) -> None:
        """Leave the headers alone."""


@dataclass(frozen=True)
class StoredFile:
    """A file and how it is served.

    `file` is a model's file or a path on the disk. `download_name` is the name to save it under, in any
    script, and `as_attachment` whether the browser is to save it rather than show it. `etag` identifies the
    content (its SHA-256, say), quoted or not; without one, modification time and length do. `cache_control`
    says who may keep it for how long. `is_relayed` is for whoever follows no redirect to a storage elsewhere.
    An address there works for `address_seconds`, and for no longer than `STORAGE_URL_SECONDS`; 0 for as long.
    """

    file: FieldFile | Path
    content_type: str
    download_name: str = ""
    as_attachment: bool = False
    etag: str = ""
    cache_control: str = CACHE_CONTROL
    is_relayed: bool = False
    address_seconds: int = 0


def readable_name(prompt: str) -> str:
    """Return a file name, without an extension, from the first words of a prompt: `a-paper-boat-on-a-street`.

    Empty when no word of the prompt can stand in one.
    """
    return slugify(Truncator(prompt).words(8, truncate=""), allow_unicode=True)[:80].strip("-")


def serve_or_404(request: HttpRequest, stored: StoredFile) -> HttpResponseBase:
    """Respond as `file_response` does, and raise Http404 when there is no such file."""
    try:
        return file_response(request, stored)
    except FileNotFoundError as error:
        raise Http404 from error


def picture_response(content: bytes) -> HttpResponse:
    """Respond with a WebP that is kept in memory; b"" with a neutral picture, to be asked for again."""
    if not content:
        response: HttpResponse = redirect(static("icons/no-picture.svg"))
        response["Cache-Control"] = "no-store"
        return response
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": CACHE_CONTROL, "Vary": "Cookie"}
    return HttpResponse(content, content_type=POSTER_TYPE, headers=headers)


def file_response(request: HttpRequest, stored: StoredFile) -> HttpResponseBase:
    """Respond to a GET or HEAD with a file; whether the user may have it is for the view to check.

    One byte range is answered with 206, or 416 when it lies past the end; several ranges, malformed ones and
    ranges of another version get the whole file, as RFC 9110 allows. The file is read in blocks of 64 KiB
    while it is sent, and closed with the response. With `X_ACCEL_REDIRECT` nginx does all of that.

    Where the storage has no local disk, a GET is redirected to an address there that works for
    `STORAGE_URL_SECONDS` or less, and a HEAD is answered from here; the file is read from there where it
    `is_relayed`. Raises FileNotFoundError when there is no file, OSError when it cannot be opened.
    """
    if not stored.file:
        raise FileNotFoundError
    if isinstance(stored.file, Path):
        return _local_response(request, stored, stored.file)
    name = str(stored.file.name)
    storage = _holder(stored.file.storage, name)
    if (folder := local_folder(storage)) is None:
        return _remote_response(request, stored, storage, name)
    if settings.X_ACCEL_REDIRECT and folder == Path(settings.MEDIA_ROOT):
        return _accelerated_response(stored, storage, name)
    return _local_response(request, stored, Path(storage.path(name)))


def _holder(storage: Storage, name: str) -> Storage:
    """Return the storage that has the file, while a studio is moved from one to another."""
    ours = as_studio_storage(storage)
    return ours.holder_of(name) if ours else storage


def _accelerated_response(stored: StoredFile, storage: Storage, name: str) -> HttpResponse:
    """Have nginx send the file: with ranges, its own tag and its length, from the location that is set."""
    if not storage.exists(name):
        raise FileNotFoundError(name)
    headers = {
        "Content-Type": stored.content_type,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": stored.cache_control,
        "Vary": "Cookie",
        "X-Accel-Redirect": f"{settings.X_ACCEL_REDIRECT.rstrip('/')}/{quote(name)}",
    }
    if disposition := _disposition(stored):
        headers["Content-Disposition"] = disposition
    return HttpResponse(headers=headers)


def _remote_response(
    request: HttpRequest, stored: StoredFile, storage: Storage, name: str
) -> HttpResponseBase:
    ours = as_studio_storage(storage)
    if ours is None or stored.is_relayed or request.method == "HEAD":
        return _relayed_response(request, stored, storage, name)
    disposition, seconds = _disposition(stored), stored.address_seconds
    served = Served(stored.content_type, disposition, stored.cache_control, seconds)
    response = redirect(ours.signed_url(name, served))
    # A browser may come back to the address while it works, unless it has to ask each time.
    is_kept = "no-" not in stored.cache_control
    kept_for = min(seconds or settings.STORAGE_URL_SECONDS, settings.STORAGE_URL_SECONDS) // 2
    response["Cache-Control"] = f"private, max-age={kept_for}" if is_kept else "private, no-store"
    response["Vary"] = "Cookie"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _local_response(request: HttpRequest, stored: StoredFile, path: Path) -> HttpResponseBase:
    with ExitStack() as cleanup:
        file = cleanup.enter_context(path.open("rb"))
        stat = os.fstat(file.fileno())
        opened = _OpenFile(file, stat.st_size, stat.st_mtime, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"')
        return _respond(request, stored, opened, cleanup)


def _relayed_response(
    request: HttpRequest, stored: StoredFile, storage: Storage, name: str
) -> HttpResponseBase:
    """Respond with a file of a storage elsewhere, read from there. Its name changes with its bytes."""
    with ExitStack() as cleanup:
        file = cleanup.enter_context(storage.open(name))
        modified = storage.get_modified_time(name).timestamp()
        opened = _OpenFile(file, file.size, modified, quote_etag(hashlib.sha256(name.encode()).hexdigest()))
        return _respond(request, stored, opened, cleanup)


@dataclass(frozen=True)
class _OpenFile:
    """A file to send: its bytes, how many, when they were written (a Unix time), and a tag for them."""

    content: IO[bytes]
    size: int
    modified: float
    etag: str


def _respond(
    request: HttpRequest, stored: StoredFile, opened: _OpenFile, cleanup: ExitStack
) -> HttpResponseBase:
    etag = quote_etag(stored.etag) if stored.etag else opened.etag
    headers = _headers(stored, etag, opened.modified)
    without_body = HttpResponse(headers=headers)
    conditional = get_conditional_response(request, etag, int(opened.modified), without_body)
    if conditional is not None and conditional is not without_body:
        return conditional
    if request.method == "HEAD":
        without_body["Content-Length"] = str(opened.size)
        return without_body
    wanted = _wanted_range(request, headers, opened.size)
    if wanted is not None and wanted.length == 0:
        return _unsatisfiable(opened.size)
    response = _with_body(opened.content, headers, wanted, opened.size)
    cleanup.pop_all()  # from here on the response closes the file
    return response


def byte_range(header: str, size: int) -> ByteRange | None:
    """Return the bytes that a Range `header` asks of a file of `size` bytes.

    None stands for the whole file: the header is malformed, names several ranges or another unit, or the file
    is empty. A range of length 0 stands for one that lies past the end. Never raises.
    """
    match = BYTE_RANGE.fullmatch(header)
    if match is None or size == 0:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    return ByteRange(start, end) if start <= end else ByteRange(size, size - 1)


def _wanted_range(request: HttpRequest, headers: dict[str, str], size: int) -> ByteRange | None:
    """Return the range that was asked for; None, the whole file, also when If-Range names another version."""
    version = request.headers.get("If-Range")
    # A weak tag does not promise the same bytes, so it never equals ours (RFC 9110, 13.1.5).
    if version is not None and (
        version.startswith("W/") or version not in {headers["ETag"], headers["Last-Modified"]}
    ):
        return None
    return byte_range(request.headers.get("Range", ""), size)


def _headers(stored: StoredFile, etag: str, modified: float) -> dict[str, str]:
    """Return the headers that do not depend on the range. `modified` is a Unix time."""
    headers = {
        "Content-Type": stored.content_type,
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Last-Modified": http_date(modified),
        "Cache-Control": stored.cache_control,
        "Vary": "Cookie",
    }
    if disposition := _disposition(stored):
        headers["Content-Disposition"] = disposition
    return headers


def _disposition(stored: StoredFile) -> str:
    return content_disposition_header(stored.as_attachment, _safe_filename(stored.download_name)) or ""


def _safe_filename(filename: str) -> str:
    """Return `filename` without what could end a header, leave a folder or reverse the text of a name."""
    printable = "".join(character for character in filename if character.isprintable())
    return re.sub(r"[/\\:*?\"<>|]", "_", printable).strip(" .")


def _unsatisfiable(size: int) -> HttpResponse:
    headers = {"Content-Range": f"bytes */{size}", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(status=416, headers=headers, content_type="text/plain")


def _with_body(file: IO[bytes], headers: dict[str, str], wanted: ByteRange | None, size: int) -> FileResponse:
    """Return the response that sends `file`, or the `wanted` part of it, and closes it."""
    if wanted is None:
        return _FileBodyResponse(file, headers=headers | {"Content-Length": str(size)})
    part = {
        "Content-Length": str(wanted.length),
        "Content-Range": f"bytes {wanted.start}-{wanted.end}/{size}",
    }
    sliced = SlicedFile(file, wanted.start, wanted.end)
    return _FileBodyResponse(sliced, status=206, headers=headers | part)
