"""A driver for plain code: each method runs the driver's coroutine of the same name to its end."""

import asyncio
from collections.abc import Coroutine, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from videos.backends.catalogue import CatalogueModel
from videos.backends.connection import Connection
from videos.backends.drivers.registry import open_driver
from videos.backends.errors import BackendError
from videos.backends.parameters import NO_PARAMETERS, ParameterValue
from videos.backends.probe_report import OnCheck, ProbeReport, failed_report, ignore_check
from videos.backends.requests import ClipFile, ReferenceFile
from videos.backends.responses import Job, JobPage

if TYPE_CHECKING:
    from videos.backends.download import Download

__all__ = ["Client", "ClipFile", "Connection", "ReferenceFile", "probe"]

T = TypeVar("T")


class Client:
    """One backend, for code without an event loop; use it in a `with` block, or call `close`.

    Which driver it runs is said by `connection.service`. The methods are those of `Driver`, with the same
    arguments, results, errors and guarantees: asyncio is what makes the deadlines hold against a backend
    that sends its response byte by byte. Not for use from several threads at once.
    """

    def __init__(self, connection: Connection) -> None:
        """See `open_driver`, also for what is raised."""
        self._driver = open_driver(connection)
        # A loop of its own, which never becomes the thread's current one.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        try:
            self._run(self._driver.aclose())
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
        last_frame: ReferenceFile | None = None,
        references: Sequence[ReferenceFile] = (),
        characters: Sequence[str] = (),
        parameters: Mapping[str, ParameterValue] = NO_PARAMETERS,
        idempotency_key: str = "",
    ) -> Job:
        """See `Driver.create`: at most one paid job, and over within `connection.deadline` seconds."""
        return self._run(
            self._driver.create(
                prompt=prompt,
                model=model,
                seconds=seconds,
                size=size,
                reference=reference,
                last_frame=last_frame,
                references=references,
                characters=characters,
                parameters=parameters,
                idempotency_key=idempotency_key,
            )
        )

    def remix(self, job_id: str, prompt: str, *, model: str, idempotency_key: str = "") -> Job:
        """See `Driver.remix`."""
        return self._run(self._driver.remix(job_id, prompt, model=model, idempotency_key=idempotency_key))

    def edit(self, prompt: str, source: str | ClipFile, *, model: str, idempotency_key: str = "") -> Job:
        """See `Driver.edit`."""
        return self._run(self._driver.edit(prompt, source, model=model, idempotency_key=idempotency_key))

    def extend(
        self, prompt: str, seconds: int, source: str | ClipFile, *, model: str, idempotency_key: str = ""
    ) -> Job:
        """See `Driver.extend`."""
        return self._run(
            self._driver.extend(prompt, seconds, source, model=model, idempotency_key=idempotency_key)
        )

    def create_character(self, name: str, clip: ClipFile) -> str:
        """See `Driver.create_character`."""
        return self._run(self._driver.create_character(name, clip))

    def retrieve(self, job_id: str) -> Job:
        """See `Driver.retrieve`."""
        return self._run(self._driver.retrieve(job_id))

    def retrieve_many(self, job_ids: Iterable[str], *, concurrency: int) -> dict[str, Job | BackendError]:
        """See `Driver.retrieve_many`."""
        return self._run(self._driver.retrieve_many(job_ids, concurrency=concurrency))

    def list(self, *, after: str | None = None, limit: int = 100) -> JobPage:
        """See `Driver.list`."""
        return self._run(self._driver.list(after=after, limit=limit))

    def list_many(
        self, afters: Iterable[str | None], *, limit: int = 100, concurrency: int
    ) -> Sequence[JobPage]:
        """See `Driver.list_many`."""
        return self._run(self._driver.list_many(afters, limit=limit, concurrency=concurrency))

    def idempotency_key_retention(self) -> float:
        """See `Driver.idempotency_key_retention`."""
        return self._run(self._driver.idempotency_key_retention())

    def delete(self, job_id: str) -> None:
        """See `Driver.delete`."""
        self._run(self._driver.delete(job_id))

    @contextmanager
    def download(self, job_id: str, url: str | None = None) -> Generator[Iterator[bytes]]:
        """Yield a finished job's MP4 as chunks of at most 64 KiB; the connection is closed with the block.

        See `Driver.download` for where it comes from and what entering raises. The chunks raise
        `UnavailableError` (`truncated`, `timeout`) when the rest does not arrive, or not within
        `connection.max_download_seconds`, and `RefusedError` (`file_too_large`) when it has no end.
        """
        download = self._run(self._driver.download(job_id, url))
        try:
            yield self._chunks(download)
        finally:
            self._run(download.aclose())

    def catalogue(self) -> Sequence[CatalogueModel]:
        """See `Driver.catalogue`."""
        return self._run(self._driver.catalogue())

    def thumbnail(self, job_id: str, *, max_bytes: int) -> bytes:
        """See `Driver.thumbnail`."""
        return self._run(self._driver.thumbnail(job_id, max_bytes=max_bytes))

    def probe(self, on_check: OnCheck = ignore_check) -> ProbeReport:
        """See `Driver.probe`."""
        return self._run(self._driver.probe(on_check))

    def _chunks(self, download: "Download") -> Iterator[bytes]:
        while chunk := self._run(download.read_chunk()):
            yield chunk

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)


def probe(connection: Connection, on_check: OnCheck = ignore_check) -> ProbeReport:
    """Find out what a backend can do, without any request that could cost money; see `Driver.probe`.

    Raises nothing: the report also says when the settings themselves cannot work.
    """
    try:
        with Client(connection) as client:
            return client.probe(on_check)
    except BackendError as error:
        return failed_report(f"{error.message} {error.detail}".strip())
