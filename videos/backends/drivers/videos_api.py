"""The driver for servers that speak the Videos API.

The calls go through the SDK's `get`, `post` and `delete` rather than its `videos` methods. Those emit a
DeprecationWarning each time, which cannot be silenced without changing the process's warning filters while
other threads use them, and they build models from responses that nobody has checked. What is sent is the
same.
"""

import asyncio
from asyncio import timeout
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import httpx2
import openai
from openai import RequestOptions

from videos.backends.address_guard import AddressGuard
from videos.backends.bounds import FILE_TYPE, PLAIN_HEADERS
from videos.backends.capability import Capability
from videos.backends.connection import Connection
from videos.backends.download import Download, read_bounded
from videos.backends.drivers.keyed import KeyedDriver
from videos.backends.drivers.litellm_ids import restore_model
from videos.backends.error_mapping import ErrorMapper, may_be_stored_elsewhere
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.backends.http_clients import (
    is_same_origin,
    sdk_for_reads,
    sdk_for_writes,
    ssl_context,
    unauthenticated_client,
)
from videos.backends.key_check import KeyCheck, check_key
from videos.backends.parameters import NO_PARAMETERS, ParameterValue
from videos.backends.probe import probe_server
from videos.backends.probe_report import OnCheck, ProbeReport, ignore_check
from videos.backends.requests import (
    ApiRequest,
    Body,
    CharacterRequest,
    ClipFile,
    CreateRequest,
    DerivedRequest,
    ReferenceFile,
    RemixRequest,
    job_path,
    wants_dynamo_json,
)
from videos.backends.responses import (
    Job,
    JobPage,
    is_job,
    parse_character_id,
    parse_job,
    parse_json,
    parse_key_retention,
    parse_page,
)

FILE_HEADERS = {"Accept": FILE_TYPE, **PLAIN_HEADERS}
# `X-Stainless-Raw-Response` is how the SDK itself is told to leave the body unread.
STREAMED: RequestOptions = {"headers": {"X-Stainless-Raw-Response": "stream", **FILE_HEADERS}}

# These refuse the caller, and say nothing about a job, whatever the body holds.
CALLER_STATUSES = frozenset({401, 403, 429})


class VideosApiDriver(KeyedDriver):
    """A server that speaks the Videos API. What each method does and guarantees is said at `Driver`."""

    capabilities = frozenset(Capability)

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._errors = ErrorMapper(connection)
        tls, guard = ssl_context(), AddressGuard(connection)
        self._writes = sdk_for_writes(connection, tls, guard)
        self._reads = sdk_for_reads(connection, tls, guard)
        self._unauthenticated = unauthenticated_client(connection, tls, guard)

    async def aclose(self) -> None:
        await self._writes.close()
        await self._reads.close()
        await self._unauthenticated.aclose()

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
        """See `Driver.create`. One request; only a server that said that it could not read the types of the
        JSON, and so accepted nothing, is sent a second one, in types that it can read.

        The protocol knows no image but the first frame. The others are sent as `last_frame` and
        `input_references`, as this studio and its simulator take them.
        """
        request = CreateRequest(
            prompt,
            model,
            seconds,
            size,
            reference,
            tuple(characters),
            last_frame,
            tuple(references),
            parameters=parameters,
        )
        async with self._judge_refusals(is_paid=True):
            return await self._create(request, idempotency_key)

    async def _create(self, request: CreateRequest, key: str) -> Job:
        with self._errors.creating():
            request.check()
            async with timeout(self._connection.deadline):
                response = await self._post_create(request, key)
            return self._errors.parse_reply(response, parse_job)

    async def remix(self, job_id: str, prompt: str, *, model: str, idempotency_key: str = "") -> Job:
        """See `Driver.remix`. The server takes the source's model; only LiteLLM's ids need `model`."""
        return await self._derive(RemixRequest(prompt, job_id), model, idempotency_key)

    async def edit(
        self, prompt: str, source: str | ClipFile, *, model: str, idempotency_key: str = ""
    ) -> Job:
        """See `Driver.edit`, and `remix` about the model."""
        return await self._derive(DerivedRequest(prompt, source), model, idempotency_key)

    async def extend(
        self, prompt: str, seconds: int, source: str | ClipFile, *, model: str, idempotency_key: str = ""
    ) -> Job:
        """See `Driver.extend`, and `remix` about the model."""
        return await self._derive(DerivedRequest(prompt, source, seconds), model, idempotency_key)

    async def create_character(self, name: str, clip: ClipFile) -> str:
        async with self._judge_refusals(is_paid=True):
            with self._errors.creating():
                response = await self._send(CharacterRequest(name, clip))
                return self._errors.parse_reply(response, parse_character_id)

    async def retrieve(self, job_id: str, *, deadline: float | None = None) -> Job:
        """See `Driver.retrieve`. A job whose word for its state we do not know, and that shows an address or
        100 %, is completed if its file can be had: that is tried once in each call.
        """
        async with self._judge_refusals():
            return await self._retrieve_one(job_id, deadline=deadline)

    async def _retrieve_one(self, job_id: str, *, deadline: float | None = None) -> Job:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + (self._connection.deadline if deadline is None else deadline)
        job = await self._retrieve(job_id, deadline)
        if job.may_be_completed and await self._has_file(job, ends_at - loop.time()):
            return replace(job, status="completed", may_be_completed=False)
        return job

    async def _retrieve(self, job_id: str, deadline: float | None = None) -> Job:
        """Return the job. A 4xx or 5xx whose body is a job is an answer. LiteLLM may answer with another id;
        the one that was asked for stays.
        """
        path = job_path(job_id)
        with self._errors.reading():
            try:
                response = await self._get(path, {}, deadline)
            except openai.APIStatusError as error:
                response = error.response
                if not is_job(parse_json(self._errors.content_of(response)), expected_id=job_id):
                    if refusal := self._errors.content_refusal(response):
                        raise refusal from error
                    raise
            return replace(self._errors.parse_reply(response, parse_job), id=job_id)

    async def list(self, *, after: str | None = None, limit: int = 100) -> JobPage:
        params = {"limit": limit, "order": "desc"} | ({"after": after} if after else {})
        async with self._judge_refusals():
            with self._errors.reading():
                response = await self._get("/videos", {"params": params})
                return self._errors.parse_reply(response, lambda *reply: parse_page(*reply, limit=limit))

    async def idempotency_key_retention(self) -> float:
        """See `Driver.idempotency_key_retention`. It is told with the list of models, which is free."""
        with self._errors.reading():
            response = await self._get("/models", {})
            return parse_key_retention(response.headers)

    async def delete(self, job_id: str) -> None:
        path = job_path(job_id)
        async with self._judge_refusals():
            with self._errors.reading():
                try:
                    async with timeout(self._connection.deadline):
                        response = await self._writes.delete(path, cast_to=httpx2.Response)
                except openai.APIStatusError as error:
                    if error.status_code in {404, 410}:
                        return
                    raise
            self._check_deletion(response)

    async def download(self, job_id: str, url: str | None = None) -> Download:
        """See `Driver.download`. Without `url` the file comes from the content call, and where that does not
        have it, from the address that the job names. A job that names none and says by now that it failed is
        a `FailedJobError` in the server's words: LiteLLM calls an operation completed that ended in an error.
        """
        if url is not None:
            return await self._start_download(url)
        try:
            return await self._start_download(self._content_path(job_id))
        except BackendError as error:
            job = await self._find_job(job_id) if may_be_stored_elsewhere(error) else None
            if job is None or job.url is None:
                if job is not None and job.reports_failure:
                    raise self._failure_of(job, error) from error
                raise
        return await self._start_download(job.url)

    async def thumbnail(self, job_id: str, *, max_bytes: int) -> bytes:
        """See `Driver.thumbnail`. Servers that do not know the `variant` send the video."""
        path, options = (
            self._content_path(job_id),
            RequestOptions(params={"variant": "thumbnail"}, **STREAMED),
        )
        with self._errors.downloading():
            async with timeout(self._connection.deadline):
                response = await self._reads.get(path, cast_to=httpx2.Response, options=options)
                try:
                    return await read_bounded(response, max_bytes)
                finally:
                    await response.aclose()

    async def probe(self, on_check: OnCheck = ignore_check) -> ProbeReport:
        return await probe_server(self._connection, on_check)

    @property
    def _json_only(self) -> bool:
        return self._connection.body == "json"

    async def _post_create(self, request: CreateRequest, key: str) -> httpx2.Response:
        try:
            return await self._post(request, key=key)
        except openai.APIStatusError as error:
            unreadable = wants_dynamo_json(error.status_code, error.response.content)
            if not (self._json_only and unreadable):
                raise
        return await self._post(request, Body(request.dynamo_json()), key=key)

    async def _derive(self, request: RemixRequest | DerivedRequest, model: str, key: str) -> Job:
        async with self._judge_refusals(is_paid=True):
            with self._errors.deriving(request.source_id):
                response = await self._send(request, key)
                job = self._errors.parse_reply(response, partial(parse_job, excluded_id=request.source_id))
                return replace(job, id=restore_model(job.id, model))

    async def _check_key(self) -> KeyCheck:
        return await check_key(self._connection, self._unauthenticated)

    async def _send(self, request: ApiRequest, key: str = "") -> httpx2.Response:
        request.check()
        async with timeout(self._connection.deadline):
            return await self._post(request, key=key)

    async def _post(self, request: ApiRequest, body: Body | None = None, *, key: str = "") -> httpx2.Response:
        body = body or request.body(json_only=self._json_only)
        headers = {"Idempotency-Key": key} if key else {}
        if body.files is not None:
            # This is what makes the SDK send a form; it adds the boundary.
            headers["Content-Type"] = "multipart/form-data"
        try:
            return await self._writes.post(
                request.path,
                cast_to=httpx2.Response,
                body=body.fields,
                files=body.files,
                options={"headers": headers} if headers else {},
            )
        except openai.APIStatusError as error:
            payload = parse_json(error.response.content)
            if error.status_code in CALLER_STATUSES or not is_job(payload, excluded_id=request.source_id):
                raise
            return error.response

    async def _find_job(self, job_id: str) -> Job | None:
        """Return the job for what it says about its file: SGLang's content call is a 400 when that is in a
        cloud.
        """
        try:
            return await self._retrieve(job_id)
        except BackendError:
            return None

    async def _has_file(self, job: Job, seconds: float) -> bool:
        """Whether the job's file can be had, found out within `seconds` by reading its first bytes."""
        addresses = [self._content_path(job.id), *([job.url] if job.url else [])]
        for address in addresses:
            try:
                async with timeout(seconds / len(addresses)):
                    download = await self._start_download(address)
                await download.aclose()
            except (BackendError, TimeoutError):
                continue
            return True
        return False

    def _failure_of(self, job: Job, error: BackendError) -> FailedJobError:
        words = self._errors.redact(job.error_message) or f"status {job.raw_status}"
        code = self._errors.redact(job.error_code) or "generation_failed"
        return FailedJobError(words, code=code, status=error.status, detail=error.detail)

    @staticmethod
    def _content_path(job_id: str) -> str:
        # `variant` is left out: SGLang reads it as a number and answers 404 to "video".
        return job_path(job_id) + "/content"

    async def _start_download(self, address: str) -> Download:
        """Begin to download from a path of the backend or from a URL; other servers never see the key."""
        with self._errors.downloading():
            async with timeout(self._connection.deadline):
                if address.startswith("/") or is_same_origin(address, self._connection.base_url):
                    response = await self._reads.get(address, cast_to=httpx2.Response, options=STREAMED)
                else:
                    response = await self._get_unauthenticated(address)
                return await Download.start(response, self._errors, self._connection)

    async def _get_unauthenticated(self, url: str) -> httpx2.Response:
        request = self._unauthenticated.build_request("GET", url, headers=FILE_HEADERS)
        response = await self._unauthenticated.send(request, stream=True)
        if not response.is_success:
            try:
                await response.aread()
            finally:
                await response.aclose()
            response.raise_for_status()
        return response

    async def _get(
        self, path: str, options: RequestOptions, deadline: float | None = None
    ) -> httpx2.Response:
        async with timeout(self._connection.deadline if deadline is None else deadline):
            return await self._reads.get(path, cast_to=httpx2.Response, options=options)

    def _check_deletion(self, response: httpx2.Response) -> None:
        payload = parse_json(response.content)
        if response.content and not isinstance(payload, dict):
            raise UnavailableError(
                "The backend sent a reply that cannot be understood.",
                code="bad_reply",
                status=response.status_code,
                detail=self._errors.describe_response(response),
            )
        if isinstance(payload, dict) and payload.get("deleted") is False:
            raise RefusedError(
                "The backend did not delete the job.",
                code="not_deleted",
                status=response.status_code,
                detail=self._errors.describe_response(response),
            )
