"""The interface of a driver: what the engine may ask of a service that makes videos, and what it can rely on.

A new kind of service is one module here with a subclass of `Driver`, and one line in `service_kinds`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NoReturn, Self

from videos.backends.capability import Capability
from videos.backends.errors import BackendError, RefusedError
from videos.backends.parameters import NO_PARAMETERS, ParameterValue
from videos.backends.probe_report import OnCheck, ProbeReport, ignore_check

if TYPE_CHECKING:
    from videos.backends.catalogue import CatalogueModel
    from videos.backends.connection import Connection
    from videos.backends.download import Download
    from videos.backends.requests import ClipFile, ReferenceFile
    from videos.backends.responses import Job, JobPage

POLL_TIMEOUT = 10.0  # seconds that one job may take to answer when many are polled at once


class Driver(ABC):
    """One backend, for code inside an event loop. Used with `async with`, or closed with `aclose`.

    Guarantees of every driver:

    - The methods that start work, `retrieve`, `list` and `delete` are over within `connection.deadline`
      seconds, however slowly the service answers: a lease on a row that is being submitted relies on it. A
      refusal that may concern the account takes up to 5 s more, to find out whether it does.
    - No method raises anything but `BackendError`, and no text of an error holds the API key.
    - `RefusedError` means that the service will not do it, now or later: the request was provably not
      accepted. `UnavailableError` means that provably nothing happened and that it may be tried again.
      `UnknownOutcomeError` means that the request may have been accepted, which nobody can tell. Only the
      methods that start work raise it: `create`, `remix`, `edit`, `extend` and `create_character`.
    - Those methods never send a second request that could start paid work: there are no retries, no
      redirects that repeat a POST, and no connection that the service may be about to close.

    `capabilities` is what a service of this kind can do at most; `probe` finds out what this one can. A
    method that needs a missing capability raises `RefusedError` (`unsupported`) and sends nothing.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def __init__(self, connection: Connection) -> None:
        """Get ready to call the service; no request is sent.

        Raises `UnavailableError` (`bad_base_url`) or `RefusedError` (`invalid_key`) when the settings cannot
        work.
        """
        connection.check()
        self._connection = connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""

    @abstractmethod
    async def create(
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
        """Ask for a video and return its job.

        `seconds` is the video's length and `size` WIDTHxHEIGHT in pixels; `reference` is the image that it
        starts from, of exactly that size; `characters` are ids from `create_character`. `last_frame`, which
        comes only with a `reference` and has its size too, is the image that it ends with; `references` are
        further images, of any size, that it is made after. They come only for a model that is known to take
        them (`CatalogueModel`); a driver that has no words for them refuses. `parameters` are values of the
        model's parameters by name, which the driver says in the service's own words. A synchronous service
        returns a completed job, with the file in `content` or at `url`. A job that failed at once is returned
        as well, also where the service reports it as an HTTP error.

        `idempotency_key` names the attempt: a service that honors such keys answers a second request with the
        same key with the first one's job. Others ignore it.

        Raises `RefusedError` or `UnavailableError` when provably no job came of it, `UnknownOutcomeError`
        when one may have. A refusal of everything that we send has the code `invalid_key` or `blocked`
        (`concerns_account`), one of this request alone any other; the driver makes sure which it is.
        """

    async def remix(self, job_id: str, prompt: str, *, model: str, idempotency_key: str = "") -> Job:
        """Ask for a variation of the finished job `job_id`, made with `model`, and return the new job.

        Raises as `create` does. A `RefusedError` has the code `source_unknown` when the service said that it
        does not know the job.
        """
        self._refuse("remix a video")

    async def edit(
        self, prompt: str, source: str | ClipFile, *, model: str, idempotency_key: str = ""
    ) -> Job:
        """Ask for a video changed as `prompt` says, and return the new job.

        `source` is a finished job's id, or the file itself. Raises as `remix` does.
        """
        self._refuse("edit a video")

    async def extend(
        self, prompt: str, seconds: int, source: str | ClipFile, *, model: str, idempotency_key: str = ""
    ) -> Job:
        """Ask for a video made longer by `seconds`, and return the new job.

        `source` is a finished job's id, or the file itself. Raises as `remix` does.
        """
        self._refuse("extend a video")

    async def create_character(self, name: str, clip: ClipFile) -> str:
        """Have a character made from the clip and return its id. Raises as `create` does."""
        self._refuse("make characters")

    @abstractmethod
    async def retrieve(self, job_id: str, *, deadline: float | None = None) -> Job:
        """Return the job as it is now, always under the id that was asked for.

        The call is over after `deadline` seconds, the connection's if not given. Raises `RefusedError`
        (`not_found`, `gone`, `invalid_key` …), which is a `FailedJobError` when the service refuses to show a
        job because it failed, or `UnavailableError`.
        """

    async def retrieve_many(
        self, job_ids: Iterable[str], *, concurrency: int
    ) -> dict[str, Job | BackendError]:
        """Return each job, or what went wrong with it, polling at most `concurrency` at once.

        A job that does not answer blocks its place for at most `POLL_TIMEOUT` seconds; the others go on
        meanwhile. Raises nothing.
        """
        semaphore = asyncio.Semaphore(concurrency)
        deadline = min(POLL_TIMEOUT, self._connection.deadline)

        async def retrieve_one(job_id: str) -> Job | BackendError:
            async with semaphore:
                try:
                    return await self._retrieve_one(job_id, deadline=deadline)
                except BackendError as error:
                    return error

        unique = list(dict.fromkeys(job_ids))
        return dict(zip(unique, await asyncio.gather(*map(retrieve_one, unique)), strict=True))

    async def _retrieve_one(self, job_id: str, *, deadline: float | None = None) -> Job:
        """Retrieve one of many: what a driver does differently then, it does here."""
        return await self.retrieve(job_id, deadline=deadline)

    async def list(self, *, after: str | None = None, limit: int = 100) -> JobPage:
        """Return one page of jobs, newest first, beginning after the job `after`; the first page without it.

        It holds at most `limit` jobs, which is at most 100. Raises `RefusedError` when the service cannot
        list, `UnavailableError` when it cannot now or sends something unreadable.
        """
        self._refuse("list its jobs")

    async def list_many(
        self, afters: Iterable[str | None], *, limit: int = 100, concurrency: int
    ) -> Sequence[JobPage]:
        """Return the page after each of these jobs, in their order, asking for at most `concurrency` at once.

        Raises as `list` does: the first page that fails ends the others.
        """
        semaphore = asyncio.Semaphore(concurrency)

        async def list_one(after: str | None) -> JobPage:
            async with semaphore:
                return await self.list(after=after, limit=limit)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(list_one(after)) for after in afters]
        except BaseExceptionGroup as errors:  # the first failure ends them all, so there is one
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def idempotency_key_retention(self) -> float:
        """Return for how many seconds after a request the service honors its key; 0 when it does not say.

        Raises `RefusedError` or `UnavailableError`.
        """
        return 0.0

    @abstractmethod
    async def download(self, job_id: str, url: str | None = None) -> Download:
        """Begin to download a finished job's file, which is checked to be an MP4; the caller closes it.

        The file comes from `url` if given: that of the job. The key is sent to the backend only. Each request
        that it takes to find the file is over within the deadline; after that, each chunk may take
        `connection.timeout` seconds, and all of them `connection.max_download_seconds`. Raises
        `UnavailableError` (`content_not_ready`, or `not_a_video` when the first bytes are not those of an
        MP4, whatever the content type says) or `RefusedError`: `gone` where the service says that it has the
        file no longer, `file_too_large`, a `FailedJobError` where it says that the job failed after all.
        """

    async def thumbnail(self, job_id: str, *, max_bytes: int) -> bytes:
        """Return what the service sends as a finished job's still image: not checked to be one, but no more
        than `max_bytes`.

        Raises `UnavailableError` (`content_not_ready`, `too_large`) or `RefusedError`.
        """
        self._refuse("show a job's picture")

    async def delete(self, job_id: str) -> None:
        """Delete a finished job and its files; a job that is already gone is a success.

        Raises `RefusedError` when the service will not (most delete only finished jobs) or cannot, and
        `UnavailableError` otherwise.
        """
        self._refuse("delete jobs")

    async def catalogue(self) -> Sequence[CatalogueModel]:
        """Return the service's models that make videos, with what it says of each. It costs nothing.

        Raises `RefusedError` when the service does not describe its models, or refuses the key, and
        `UnavailableError` when it cannot now or sends something unreadable.
        """
        self._refuse("describe its models")

    @abstractmethod
    async def probe(self, on_check: OnCheck = ignore_check) -> ProbeReport:
        """Find out what the service can do, without any request that could cost money.

        Returns a report, also about a service that cannot be reached; raises nothing. Somebody may be
        waiting in front of a screen: it should be over within half a minute, and `on_check` is told of
        what is known earlier.
        """

    def _refuse(self, action: str) -> NoReturn:
        raise RefusedError(f"This kind of backend cannot {action}.", code="unsupported")
