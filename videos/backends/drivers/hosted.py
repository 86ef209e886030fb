"""What the drivers of hosted services share: one JSON request for a video, its job at an address, its file.

A service of this kind adds how it is asked, what its answers mean and what it offers: see `HostedDriver`.
"""

from abc import abstractmethod
from asyncio import timeout
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import httpx2

from videos.backends.address_guard import AddressGuard
from videos.backends.bounds import FILE_TYPE, PLAIN_HEADERS
from videos.backends.capability import Capability
from videos.backends.catalogue import CatalogueModel
from videos.backends.connection import Connection
from videos.backends.download import Download
from videos.backends.drivers.keyed import KeyedDriver
from videos.backends.error_causes import is_unknown_model
from videos.backends.error_mapping import ErrorMapper
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.backends.http_clients import (
    MAX_REDIRECTS,
    client_for_reads,
    client_for_writes,
    ssl_context,
)
from videos.backends.key_check import CHECK_TIMEOUT, KeyCheck
from videos.backends.network_errors import TRANSPORT_ERRORS
from videos.backends.probe_report import ProbeReport, failed_report, hosted_report
from videos.backends.requests import CreateRequest, ReferenceFile
from videos.backends.responses import Job

FILE_HEADERS = {"Accept": FILE_TYPE, **PLAIN_HEADERS}
PROBE_TIMEOUT = 20.0  # seconds: somebody is waiting in front of a screen


class HostedDriver(KeyedDriver):
    """A service that everybody reaches at one address with a key of their own.

    It makes videos from a prompt and perhaps a first frame. None of these services lists its jobs, so a lost
    answer to a create is always the owner's decision. The base URL ends in the API's version.
    """

    capabilities = frozenset({Capability.REFERENCE})
    key_header: ClassVar[tuple[str, str]] = ("Authorization", "Bearer {}")

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._errors = ErrorMapper(connection)
        self._guard = AddressGuard(connection)
        self._writes = client_for_writes(connection, ssl_context(), self._guard)
        self._reads = client_for_reads(connection, ssl_context(), self._guard)
        self._base_url = connection.base_url.rstrip("/")

    async def aclose(self) -> None:
        await self._writes.aclose()
        await self._reads.aclose()

    # --- What a service adds -------------------------------------------------------------------------------

    @property
    @abstractmethod
    def _key_url(self) -> str:
        """An address that is free to ask, and open to nobody without a key that the service accepts."""

    @abstractmethod
    async def _submit(self, request: CreateRequest) -> httpx2.Response:
        """Send the one request that asks for a video and return the response, whatever its status.

        Raises what the network raises, or a `BackendError` when the request cannot even be put into the
        service's words.
        """

    @abstractmethod
    def _job_url(self, job_id: str) -> str:
        """Return the address of a job. Raises `RefusedError` (`not_found`) for what cannot be an id."""

    @abstractmethod
    def _parse_job(self, payload: object, headers: Mapping[str, str]) -> Job:
        """Return the job in a decoded response, with its file's address in `url`. Raises as `parse_job`."""

    @abstractmethod
    async def _find_models(self) -> Sequence[CatalogueModel]:
        """Ask the service for its models that make videos. Raises what the network raises, or
        `UnknownOutcomeError` for an answer that cannot be read.
        """

    def _special_refusal(self, response: httpx2.Response) -> BackendError | None:
        """Return the error that only this service's words tell, None when there is nothing special to it."""
        return None

    # --- What they share -----------------------------------------------------------------------------------

    async def create(
        self,
        *,
        prompt: str,
        model: str,
        seconds: int,
        size: str,
        reference: ReferenceFile | None = None,
        characters: Sequence[str] = (),
        idempotency_key: str = "",
    ) -> Job:
        """See `Driver.create`. One request. None of these services honors idempotency keys."""
        if characters:
            self._refuse("use characters")
        request = CreateRequest(prompt, model, seconds, size, reference)
        async with self._judge_refusals(is_paid=True):
            with self._errors.creating():
                request.check()
                async with timeout(self._connection.deadline):
                    response = await self._submit(request)
                    await response.aread()
                self._require_success(response, is_create=True)
                return self._errors.parse_reply(response, self._parse_job)

    async def retrieve(self, job_id: str, *, deadline: float | None = None) -> Job:
        async with self._judge_refusals():
            return await self._retrieve_one(job_id, deadline=deadline)

    async def _retrieve_one(self, job_id: str, *, deadline: float | None = None) -> Job:
        url = self._job_url(job_id)
        with self._errors.reading():
            response = await self._get(url, deadline)
            return replace(self._errors.parse_reply(response, self._parse_job), id=job_id)

    async def download(self, job_id: str, url: str | None = None) -> Download:
        """See `Driver.download`. The job says where its file is, unless `url` does."""
        with self._errors.downloading():
            async with timeout(self._connection.deadline):
                response = await self._open(url or await self._find_file(job_id))
                return await Download.start(response, self._errors, self._connection)

    async def catalogue(self) -> Sequence[CatalogueModel]:
        async with self._judge_refusals():
            with self._errors.reading():
                async with timeout(self._connection.deadline):
                    return await self._find_models()

    async def probe(self) -> ProbeReport:
        try:
            async with timeout(PROBE_TIMEOUT):
                report = await self._find_out()
        except BackendError as error:
            report = failed_report(f"{error.message} {error.detail}".strip())
        except TimeoutError:
            report = failed_report("The service did not answer in time. Try again later.")
        return replace(report, in_private_network=self._guard.is_backend_private)

    async def _find_out(self) -> ProbeReport:
        check = await self._check_key()
        models = None if check == "refused" else await self.catalogue()
        return hosted_report(check, models, self.capabilities)

    async def _check_key(self) -> KeyCheck:
        """See `KeyedDriver`: the service is asked for something free that is open to nobody without a key."""
        try:
            async with timeout(CHECK_TIMEOUT):
                response = await self._request(self._reads, "GET", self._key_url)
        except TRANSPORT_ERRORS:
            return "unknown"
        if self._refuses_key(response):
            return "refused"
        return "accepted" if response.is_success else "unknown"

    def _refuses_key(self, response: httpx2.Response) -> bool:
        return response.status_code in {401, 403}

    @property
    def _key_headers(self) -> dict[str, str]:
        name, value = self.key_header
        return {name: value.format(self._connection.sent_key)}

    async def _request(
        self, client: httpx2.AsyncClient, method: str, url: str, json: object = None
    ) -> httpx2.Response:
        headers = {"Accept": "application/json", **self._key_headers}
        return await client.request(method, url, headers=headers, json=json)

    async def _get(self, url: str, deadline: float | None = None) -> httpx2.Response:
        async with timeout(self._connection.deadline if deadline is None else deadline):
            response = await self._request(self._reads, "GET", url)
        self._require_success(response)
        return response

    def _require_success(self, response: httpx2.Response, *, is_create: bool = False) -> None:
        """Raise the error of a response that is none, as a `BackendError` or for the mapper to read."""
        if response.is_success:
            return
        if special := self._special_refusal(response):
            raise special
        status = response.status_code
        if is_create and 400 <= status < 500 and status not in {401, 402, 408, 409, 429}:
            if filtered := self._errors.content_refusal(response):
                raise filtered
            if is_unknown_model(response.content):
                raise self._refusal(response, "not_served")
        response.raise_for_status()

    def _refusal(self, response: httpx2.Response, code: str) -> RefusedError:
        """Return a refusal with one of our codes and the service's own sentence."""
        mapped = self._errors.map_create_error(_status_error(response))
        return RefusedError(mapped.message, code=code, status=response.status_code, detail=mapped.detail)

    async def _find_file(self, job_id: str) -> str:
        """Return the address of a finished job's file. Raises as `Driver.download` does."""
        job = await self.retrieve(job_id)
        if job.status == "failed":
            words = self._errors.redact(job.error_message) or f"status {job.raw_status}"
            raise FailedJobError(words, code=job.error_code or "generation_failed", detail=words)
        if job.url is None:
            raise UnavailableError(
                "The backend does not have the video's file ready.", code="content_not_ready", status=200
            )
        return job.url

    async def _open(self, address: str) -> httpx2.Response:
        """Return the open response of a file. Redirects are followed; only the service is sent the key."""
        url = httpx2.URL(address)
        for _ in range(MAX_REDIRECTS + 1):
            headers = FILE_HEADERS | (self._key_headers if self._connection.owns(url) else {})
            request = self._reads.build_request("GET", url, headers=headers)
            response = await self._reads.send(request, stream=True)
            if response.is_success:
                return response
            try:
                await response.aread()
            finally:
                await response.aclose()
            if not response.has_redirect_location:
                self._require_file(response)
            url = url.join(response.headers["location"])
        raise httpx2.TooManyRedirects("the file's address redirects in circles", request=request)

    def _require_file(self, response: httpx2.Response) -> None:
        if self._errors.is_own(response) and (special := self._special_refusal(response)):
            raise special
        response.raise_for_status()


def _status_error(response: httpx2.Response) -> httpx2.HTTPStatusError:
    return httpx2.HTTPStatusError("refused", request=response.request, response=response)
