"""The file of a video while it is downloaded: checked to be a video, and bounded in memory and time."""

import asyncio
from typing import Self

import httpx2

from videos.backends.error_causes import is_gone
from videos.backends.error_mapping import ErrorMapper
from videos.backends.errors import RefusedError, UnavailableError
from videos.backends.responses import parse_retry_after
from videos.containers import HEADER_BYTES, detect_container

EXCERPT_BYTES = 2000  # of what came instead of a video, for operators


class Download:
    """An open response whose body is read chunk by chunk, each of at most 64 KiB.

    Whoever has one closes it with `aclose`.
    """

    def __init__(self, response: httpx2.Response, errors: ErrorMapper, timeout: float) -> None:
        self._response = response
        self._errors = errors
        self._timeout = timeout
        self._body = response.aiter_bytes()
        self._buffer = b""

    @classmethod
    async def start(cls, response: httpx2.Response, errors: ErrorMapper, timeout: float) -> Self:
        """Return the download of a response whose body has not been read. Each read may take `timeout` s.

        Raises `UnavailableError` (`not_a_video`), having closed the response, if it is no container that
        videos come in. The first bytes decide, not the content type: LiteLLM answers 200 video/mp4 with a
        JSON error inside. What came instead is in the error's detail.
        """
        download = cls(response, errors, timeout)
        try:
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
        is_own_server = self._errors.was_sent_key(self._response)  # elsewhere it is the link that is gone
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
        return self._errors.redact(f"HTTP {self._response.status_code}, {content_type}\n{text}")

    async def read_chunk(self) -> bytes:
        """Return the next bytes, b"" at the end.

        Raises `UnavailableError`: `truncated` when the connection breaks, `timeout` when nothing comes.
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
        with self._errors.downloading():
            async with asyncio.timeout(self._timeout):
                return await anext(self._body, b"")
