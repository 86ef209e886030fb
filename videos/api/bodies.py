"""Bodies of requests to both APIs: bounded before they are read, whole, and each field once.

A body whose length is not known (`Transfer-Encoding: chunked`, as Go's pipes, Node's streams and Python's
generators send it) is written to a temporary file first, under the same bound as any other.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from videos.api.contract import Contract
from videos.api.errors import ApiError

FORM_TYPES = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_WATCHED, _CHUNKS = "contentgen.body", "contentgen.chunks"  # in the request's META
_CHUNK = 64 * 1024  # bytes read at once


class WatchedStream:
    """A body on its way to whoever reads it: how much of it came, and whether its boundaries are there."""

    def __init__(self, stream: IO[bytes], boundary: bytes | None, length: int) -> None:
        self._stream = stream
        self._last = b""  # so much of what came before as may be the beginning of a boundary
        self._first, self._final = b"--" + (boundary or b""), b"--" + (boundary or b"") + b"--"
        self.received, self.length = 0, length  # bytes
        self.has_boundary = self.has_final_boundary = boundary is None

    def read(self, size: int = -1) -> bytes:
        return self._watch(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        return self._watch(self._stream.readline(size))

    def close(self) -> None:
        """Let go of the body, as Django does with one that it has read as a whole."""
        self._stream.close()

    def _watch(self, data: bytes) -> bytes:
        self.received += len(data)
        if not self.has_final_boundary:
            seen = self._last + data
            self.has_boundary = self.has_boundary or self._first in seen
            self.has_final_boundary = self._final in seen
            self._last = seen[-len(self._final) :]
        return data


@contextmanager
def received_body(request: HttpRequest, contract: Contract) -> Iterator[None]:
    """Let the body of `request` be read in the block, whatever its length is told by.

    Raises `ApiError` for one that is too long, before Django writes any of it to disk.
    """
    max_size = contract.max_body_size()
    length = request.headers.get("content-length") or ""
    if "chunked" in request.headers.get("transfer-encoding", "").lower():
        with ExitStack() as files:
            request.META[_CHUNKS] = lambda: files.enter_context(_chunks_in_file(request, max_size, contract))
            yield
        return
    if length.isdecimal() and int(length[:20]) > max_size:
        raise contract.too_large(max_size)
    if length:
        _watch(
            request, request._stream, int(length) if length.isdecimal() else 0
        )  # what `request.read` reads from
    yield


def receive(request: HttpRequest) -> None:
    """Have all of a body whose length was not known, before anything reads it.

    Not before it is known who is asking: what strangers send is not kept. Raises `ApiError` for one that is
    too long or broken.
    """
    if receive_chunks := request.META.pop(_CHUNKS, None):
        receive_chunks()


def _watch(request: HttpRequest, stream: IO[bytes], length: int) -> None:
    is_multipart = request.content_type == "multipart/form-data"
    boundary = (request.content_params or {}).get("boundary") if is_multipart else None
    encoded = None if boundary is None else str(boundary).encode(errors="replace")
    request._stream = request.META[_WATCHED] = WatchedStream(stream, encoded, length)  # type: ignore[assignment]


@contextmanager
def _chunks_in_file(request: HttpRequest, max_size: int, contract: Contract) -> Iterator[None]:
    source = request.META["wsgi.input"]
    # A server that says nothing of the kind leaves the chunks as they are, and their end for us to find.
    if not (request.META.get("wsgi.input_terminated") or isinstance(source, Sized)):
        raise ApiError(411, "length_required", "Send the body with its Content-Length.")
    limits = settings.FILE_UPLOAD_MAX_MEMORY_SIZE, settings.FILE_UPLOAD_TEMP_DIR
    with tempfile.SpooledTemporaryFile(limits[0], dir=limits[1]) as file:
        length = 0
        while data := _read_some(source, contract):
            length += len(data)
            if length > max_size:
                raise contract.too_large(max_size)
            file.write(data)
        file.seek(0)
        request.META["CONTENT_LENGTH"] = str(length)
        _watch(request, file, length)
        yield


def _read_some(source: IO[bytes], contract: Contract) -> bytes:
    # Django's test client fails a read of more than is left.
    size = min(_CHUNK, len(source)) if isinstance(source, Sized) else _CHUNK
    try:
        return source.read(size)
    except Exception as error:  # each server has its own errors for chunks that are none
        raise ApiError(400, contract.unreadable_code, "The chunks of the body could not be read.") from error


def parse_json_object(body: bytes, contract: Contract) -> dict[str, Any]:
    """Return the JSON object in `body`. Raises `ApiError` for anything else, and for a field sent twice."""
    try:
        parsed = json.loads(body, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "invalid_json", "The body of the request is not valid JSON.") from error
    if not isinstance(parsed, dict):
        message = "The body of the request must be a JSON object."
        raise ApiError(contract.invalid_status, contract.wrong_type_code, message, param=contract.body_param)
    return parsed


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise sent_twice(next(name for name in fields if names.count(name) > 1))
    return fields


def read_json_object(request: HttpRequest, contract: Contract) -> dict[str, Any]:
    """Return the JSON object that the body holds. Raises `ApiError`, also for a body that is not whole."""
    receive(request)
    body = request.read(contract.max_body_size()) if contract.json_may_hold_files else request.body
    _require_whole(request, contract)
    return parse_json_object(body, contract)


Form = tuple[dict[str, list[str]], dict[str, list["UploadedFile[bytes]"]]]


def read_form(request: HttpRequest, contract: Contract, *, lists: Iterable[str] = ()) -> Form:
    """Return the texts and the files of a form, by name. Each name has one value, except those in `lists`.

    Raises `ApiError` for a form that is not whole, not in UTF-8 or sends a field twice, and what Django
    raises for one that it cannot read.
    """
    receive(request)
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower().replace("-", "") != "utf8":
        raise ApiError(400, contract.unreadable_code, "Send the form in UTF-8.")
    texts = {str(name): list(values) for name, values in request.POST.lists()}
    files = {str(name): uploads for name, uploads in request.FILES.lists()}
    _require_whole(request, contract)
    _require_utf8(texts, contract)
    lists = set(lists)
    for name in {**texts, **files}:
        if len(texts.get(name, ())) + len(files.get(name, ())) > 1 and name not in lists:
            raise sent_twice(name)
    return texts, {
        name: [each for each in uploads if isinstance(each, UploadedFile)] for name, uploads in files.items()
    }


def _require_whole(request: HttpRequest, contract: Contract) -> None:
    stream = request.META.get(_WATCHED)
    if not isinstance(stream, WatchedStream):
        return
    if not stream.has_boundary:
        message = "The boundary that the Content-Type names never occurs in the body."
    elif stream.received < stream.length:
        message = "The body ends before its Content-Length."
    elif not stream.has_final_boundary:
        message = "The form ends before its final boundary."
    else:
        return
    raise ApiError(400, contract.unreadable_code, message)


def _require_utf8(texts: Mapping[str, list[str]], contract: Contract) -> None:
    """Raise `ApiError` for text that Django could not decode: it puts U+FFFD where it could not."""
    for name, values in texts.items():
        if any("\ufffd" in each for each in (name, *values)):
            message = "This text is not in UTF-8."
            raise ApiError(400, contract.unreadable_code, message, param=name.replace("\ufffd", "?"))


def sent_twice(name: str) -> ApiError:
    """Return the error for a field of which nobody can tell which of its values is meant."""
    return ApiError(400, "duplicate_parameter", f"'{name[:100]}' was sent more than once.", param=name[:100])
