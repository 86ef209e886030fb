"""A video on its way from the backend: checked to be one, and bounded in memory and time."""

import asyncio
from typing import Self

import httpx2

from videos.backends.error_mapping import ErrorMapper
from videos.backends.errors import Unavailable
from videos.backends.responses import retry_after

# An MP4 begins with the length of its first box and that box's name, "ftyp".
HEAD_BYTES = 8
SHOWN_BYTES = 2000


class Download:
    """An open reply whose body is read chunk by chunk; each chunk is at most 64 KiB, what one read brings."""

    def __init__(self, response: httpx2.Response, verdicts: ErrorMapper, timeout: float) -> None:
        self._response = response
        self._verdicts = verdicts
        self._timeout = timeout
        self._body = response.aiter_bytes()
        self._head = b""

    @classmethod
    async def checked(cls, response: httpx2.Response, verdicts: ErrorMapper, timeout: float) -> Self:
        """The download of a reply, or `Unavailable` (`not_a_video`) and the reply closed if it is no MP4.

        The first bytes decide, not the content type: LiteLLM answers 200 video/mp4 with a JSON error inside.
        What came instead is in the error's detail.
        """
        download = cls(response, verdicts, timeout)
        try:
            await download._check()
        except BaseException:
            await download.aclose()
            raise
        return download

    async def _check(self) -> None:
        await self._fill(HEAD_BYTES)
        if self._head[4:8] == b"ftyp":
            return
        await self._fill(SHOWN_BYTES)
        content_type = self._response.headers.get("content-type", "no content type")
        text = self._head[:SHOWN_BYTES].decode("utf-8", "replace") or "nothing"
        raise Unavailable(
            "The backend sent something that is not a video.",
            code="not_a_video",
            status=self._response.status_code,
            detail=self._verdicts.hidden(f"HTTP {self._response.status_code}, {content_type}\n{text}"),
            retry_after=retry_after(self._response.headers),
        )

    async def chunk(self) -> bytes:
        """The next bytes, b"" at the end. Raises `Unavailable` (`truncated`, `timeout`) when none come."""
        if self._head:
            head, self._head = self._head, b""
            return head
        with self._verdicts.fetching():
            async with asyncio.timeout(self._timeout):
                return await anext(self._body, b"")

    async def aclose(self) -> None:
        """Give up the rest of the body and its connection."""
        await self._body.aclose()
        await self._response.aclose()

    async def _fill(self, enough: int) -> None:
        read = b""
        while len(self._head) + len(read) < enough:
            with self._verdicts.fetching():
                async with asyncio.timeout(self._timeout):
                    more = await anext(self._body, b"")
            if not more:
                break
            read += more
        self._head += read
