"""Bounds what a backend sends: how many bytes a reply has, also when it is compressed or comes in chunks."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx2

# No compression is asked for: a few bytes can unpack to any number.
PLAIN_HEADERS = {"Accept-Encoding": "identity"}
FILE_TYPE = "application/binary"  # what is accepted where a video is asked for

PIECE = 64 * 1024  # bytes that are unpacked at once
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})  # those that servers use unasked

Hook = Callable[[httpx2.Response], Awaitable[None]]


class ReplyTooLargeError(httpx2.DecodingError):
    """The reply has more bytes than are read of one."""


def bound_replies(max_bytes: int) -> Hook:
    """Return an event hook for an HTTP client: of a reply it lets `max_bytes` through, unpacked.

    Reading on raises ReplyTooLargeError. The file of a video, which is no reply, is only unpacked piece by
    piece: `Download` bounds it.
    """

    async def bound(response: httpx2.Response) -> None:
        is_file = response.request.headers.get("accept") == FILE_TYPE and response.is_success
        encoding = response.headers.pop("content-encoding", "identity").strip().lower()
        response.stream = _BoundedStream(
            response.stream,  # type: ignore[arg-type]  # of an asynchronous client
            float("inf") if is_file else max_bytes,
            encoding,
        )

    return bound


class _BoundedStream(httpx2.AsyncByteStream):
    """A response's body, unpacked, and no more of it than `limit` bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: float, encoding: str) -> None:
        self._stream = stream
        self._limit = limit
        self._encoding = encoding

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpack = _unpacker(self._encoding)
        count = 0
        async for chunk in self._stream:
            for piece in unpack(chunk):
                count += len(piece)
                if count > self._limit:
                    raise ReplyTooLargeError(f"the reply is larger than {self._limit / 1048576:.3g} MB")
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    if encoding in ("", "identity"):
        return lambda chunk: iter((chunk,))
    if encoding not in ENCODINGS:
        raise httpx2.DecodingError(f"the reply is packed with {encoding[:40]!r}, which nobody asked for")
    unpacked = zlib.decompressobj(GZIP_OR_ZLIB)

    def unpack(chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk:
                if piece := unpacked.decompress(chunk, PIECE):
                    yield piece
                chunk = unpacked.unconsumed_tail
        except zlib.error as error:
            raise httpx2.DecodingError(str(error)) from error

    return unpack
