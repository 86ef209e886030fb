"""The file of a video while it is downloaded: checked to be a video, and bounded in memory and time."""

import asyncio
from typing import Self

import httpx2

from videos.backends.connection import Connection
from videos.backends.error_causes import is_gone
from videos.backends.error_mapping import ErrorMapper
from videos.backends.errors import RefusedError, UnavailableError
from videos.backends.responses import parse_retry_after
from videos.containers import HEADER_BYTES, detect_container

EXCERPT_BYTES = 2000  # of what came instead of a video, for operators


async def read_bounded(response: httpx2.Response, max_bytes: int) -> bytes:
    """Return the body of a response that has not been read. Raises `UnavailableError` (`too_large`)."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise UnavailableError(
                "The backend sent more than was asked for.", code="too_large", status=response.status_code
            )
    return bytes(body)


class Download:
    """An open response whose body is read chunk by chunk, each of at most 64 KiB.

    Whoever has one closes it with `aclose`.
    """

    def __init__(self, response: httpx2.Response, errors: ErrorMapper, connection: Connection) -> None:
        self._response = response
        self._errors = errors
        self._connection = connection
        self._ends_at = asyncio.get_running_loop().time() + connection.max_download_seconds
        self._received = 0
        self._body = response.aiter_bytes()
        self._buffer = b""

    @classmethod
    async def start(cls, response: httpx2.Response, errors: ErrorMapper, connection: Connection) -> Self:
        """Return the download of a response whose body has not been read.

        Each read may take `connection.timeout` seconds, and all together `connection.max_download_seconds`.
        Raises, having closed the response, `RefusedError` (`file_too_large`) when it announces more than
        `connection.max_download_bytes`, and `UnavailableError` (`not_a_video`) if it is no container that
        videos come in. The first bytes decide, not the content type: LiteLLM answers 200 video/mp4 with a
        JSON error inside. What came instead is in the error's detail.
        """
        download = cls(response, errors, connection)
        try:
            download._check_length()
            await download._require_video()
        except BaseException:
            await download.aclose()
            raise
        return download

    async def _require_video(self) -> None:
        await self._fill_buffer(HEADER_BYTES)
        if detect_container(self._buffer):
            return
        await self._fill_buffer(EXCERPT_BYTES)
        is_own_server = self._errors.is_own(self._response)  # elsewhere it is the link that is gone
        if is_own_server and is_gone(self._response.status_code, self._buffer):
            raise RefusedError(
                "The backend no longer has this video.",
                code="gone",
                status=self._response.status_code,
                detail=self._describe_excerpt(),
            )
        raise UnavailableError(
            "The backend sent something that is not a video.",
            code="not_a_video",
            status=self._response.status_code,
            detail=self._describe_excerpt(),
            retry_after=parse_retry_after(self._response.headers),
        )

    def _describe_excerpt(self) -> str:
        content_type = self._response.headers.get("content-type", "no content type")
        text = self._buffer[:EXCERPT_BYTES].decode("utf-8", "replace") or "nothing"
        if not self._errors.is_own(self._response):
            text = f"(not a video, from {self._response.url.host}, whose words are not kept)"
        return self._errors.redact(f"HTTP {self._response.status_code}, {content_type}\n{text}")

    async def read_chunk(self) -> bytes:
        """Return the next bytes, b"" at the end.

        Raises `UnavailableError`: `truncated` when the connection breaks, `timeout` when nothing comes or the
        download lasts too long; `RefusedError` (`file_too_large`) when more comes than a file may have.
        """
        if self._buffer:
            chunk, self._buffer = self._buffer, b""
            return chunk
        return await self._read()

    async def aclose(self) -> None:
        """Drop the rest of the body and close the connection."""
        await self._body.aclose()
        await self._response.aclose()

    async def _fill_buffer(self, size: int) -> None:
        """Read on until the buffer holds `size` bytes, or the body ends."""
        parts = [self._buffer]
        while sum(map(len, parts)) < size and (chunk := await self._read()):
            parts.append(chunk)
        self._buffer = b"".join(parts)

    async def _read(self) -> bytes:
        remaining = self._ends_at - asyncio.get_running_loop().time()
        if remaining <= 0:
            raise UnavailableError(
                f"The download took longer than {self._connection.max_download_seconds:.0f} seconds.",
                code="timeout",
                detail=f"{self._received} bytes had arrived",
            )
        with self._errors.downloading():
            async with asyncio.timeout(min(self._connection.timeout, remaining)):
                chunk = await anext(self._body, b"")
        self._received += len(chunk)
        self._check_size(self._received)
        return chunk

    def _check_length(self) -> None:
        length = self._response.headers.get("content-length", "")
        if length.isdecimal():
            self._check_size(int(length[:20]))

    def _check_size(self, size: int) -> None:
        limit = self._connection.max_download_bytes
        if size > limit:
            raise RefusedError(
                f"The video's file is larger than the {limit / (1 << 30):.3g} GB that the studio takes.",
                code="file_too_large",
                detail=f"{size} bytes or more",
            )
