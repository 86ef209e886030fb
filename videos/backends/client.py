"""A driver for plain code: each method runs the driver's coroutine of the same name to its end."""

import asyncio
from collections.abc import Coroutine, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from videos.backends.connection import Connection
from videos.backends.download import Download
from videos.backends.drivers.videos_api import VideosApiDriver
from videos.backends.errors import BackendError
from videos.backends.requests import ClipFile, ReferenceFile
from videos.backends.responses import Job, JobPage

__all__ = ["Client", "ClipFile", "Connection", "ReferenceFile", "VideosApiDriver"]

T = TypeVar("T")


class Client:
    """One backend, from code without an event loop; use it in a `with` block, or call `close`.

    The methods are `VideosApiDriver`'s, with the same guarantees: asyncio is what makes the deadlines hold
    against a backend that drips its reply byte by byte. Not for use from several threads at once.
    """

    def __init__(self, connection: Connection) -> None:
        self._async = VideosApiDriver(connection)
        # A loop of its own, which never becomes the thread's current one.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        try:
            self._run(self._async.aclose())
        finally:
            self._runner.close()

    def create(
        self,
        *,
        prompt: str,
        model: str,
        seconds: int,
        size: str,
        reference: ReferenceFile | None = None,
        characters: Sequence[str] = (),
    ) -> Job:
        """See `VideosApiDriver.create`: exactly one request, over within `connection.deadline`."""
        return self._run(
            self._async.create(
                prompt=prompt,
                model=model,
                seconds=seconds,
                size=size,
                reference=reference,
                characters=characters,
            )
        )

    def remix(self, job_id: str, prompt: str) -> Job:
        """See `VideosApiDriver.remix`."""
        return self._run(self._async.remix(job_id, prompt))

    def edit(self, prompt: str, source: str | ClipFile) -> Job:
        """See `VideosApiDriver.edit`."""
        return self._run(self._async.edit(prompt, source))

    def extend(self, prompt: str, seconds: int, source: str | ClipFile) -> Job:
        """See `VideosApiDriver.extend`."""
        return self._run(self._async.extend(prompt, seconds, source))

    def create_character(self, name: str, clip: ClipFile) -> str:
        """See `VideosApiDriver.create_character`."""
        return self._run(self._async.create_character(name, clip))

    def retrieve(self, job_id: str) -> Job:
        """See `VideosApiDriver.retrieve`."""
        return self._run(self._async.retrieve(job_id))

    def retrieve_many(self, job_ids: Iterable[str], *, concurrency: int) -> dict[str, Job | BackendError]:
        """See `VideosApiDriver.retrieve_many`."""
        return self._run(self._async.retrieve_many(job_ids, concurrency=concurrency))

    def list(self, *, after: str | None = None, limit: int = 100) -> JobPage:
        """See `VideosApiDriver.list`."""
        return self._run(self._async.list(after=after, limit=limit))

    def list_many(
        self, afters: Iterable[str | None], *, limit: int = 100, concurrency: int
    ) -> Sequence[JobPage]:
        """See `VideosApiDriver.list_many`."""
        return self._run(self._async.list_many(afters, limit=limit, concurrency=concurrency))

    def delete(self, job_id: str) -> None:
        """See `VideosApiDriver.delete`."""
        self._run(self._async.delete(job_id))

    @contextmanager
    def download(self, job_id: str, url: str | None = None) -> Generator[Iterator[bytes]]:
        """A finished job's MP4 as chunks of at most 64 KiB, each within `connection.timeout` seconds.

        It comes from `url` if given, else from the backend's content call, and where that does not have it,
        from the address that the job itself names. The key goes to the backend only.

        Entering raises `Unavailable` (`content_not_ready`, or `not_a_video` when the first bytes are no MP4
        whatever the content type says) or `Refused`; the chunks raise `Unavailable` (`truncated`, `timeout`)
        when the rest does not arrive. There is no deadline over the whole file: the caller may stop between
        any two chunks.
        """
        download = self._run(self._async.open(job_id, url))
        try:
            yield self._chunks(download)
        finally:
            self._run(download.aclose())

    def _chunks(self, download: Download) -> Iterator[bytes]:
        while chunk := self._run(download.chunk()):
            yield chunk

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)
