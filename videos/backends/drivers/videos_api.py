"""The Videos API from inside a running event loop.

The calls go through the SDK's `get`, `post` and `delete` rather than its `videos` methods: those emit a
DeprecationWarning each time, which cannot be silenced without changing the process's warning filters under
other threads' feet, and they build models from replies that nobody has checked. What is sent is the same.
"""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Self

import httpx2
import openai
from openai import RequestOptions

from videos.backends.connection import (
    Connection,
    same_server,
    sdk_for_reads,
    sdk_for_writes,
    unauthenticated_client,
)
from videos.backends.download import Download
from videos.backends.error_mapping import ErrorMapper, is_job_elsewhere
from videos.backends.errors import BackendError, Refused, Unavailable
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
    wants_plain_json,
)
from videos.backends.responses import (
    Job,
    JobPage,
    is_answer,
    parse_character_id,
    parse_job,
    parse_json,
    parse_page,
)

POLL_SECONDS = 10.0  # the longest one job may take to answer when many are asked at once

# `X-Stainless-Raw-Response` is how the SDK itself is told to leave the body unread; compressed, a small chunk
# could unpack to an enormous one.
AS_FILE = {"Accept": "application/binary", "Accept-Encoding": "identity"}
UNREAD: RequestOptions = {"headers": {"X-Stainless-Raw-Response": "stream", **AS_FILE}}

# A refusal of the one who asks says nothing about a job, whatever its body holds.
ABOUT_US = frozenset({401, 403, 429})


@cache
def _tls() -> ssl.SSLContext:
    """One for the whole process: reading the certificates takes 27 ms, and it knows of no connection."""
    return httpx2.create_ssl_context()


class VideosApiDriver:
    """One backend, from inside an event loop. Every call is over within `connection.deadline` seconds.

    Creating it raises `Unavailable` (`bad_base_url`) or `Refused` (`invalid_key`) when the settings cannot
    work.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.check()
        self._verdicts = ErrorMapper(key=connection.secret)
        tls = _tls()
        self._writes = sdk_for_writes(connection, tls)
        self._reads = sdk_for_reads(connection, tls)
        self._strangers = unauthenticated_client(connection, tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._writes.close()
        await self._reads.close()
        await self._strangers.aclose()

    async def create(
        self,
        *,
        prompt: str,
        model: str,
        seconds: int,
        size: str,
        reference: ReferenceFile | None = None,
        characters: Sequence[str] = (),
    ) -> Job:
        """Ask for a video of `seconds` seconds and return the job: one request, and never one that might be
        a second.

        Only a server that said it could not read the JSON's types is asked again, in types that it can. A
        synchronous server's job is completed, with the file in `content` or at `url`; one that failed at
        once is a job too, also when it comes as an HTTP error. Raises `Refused` or `Unavailable` when
        provably no job came of it, `Unknown` when one may have.
        """
        wish = CreateRequest(prompt, model, seconds, size, reference, tuple(characters))
        with self._verdicts.creating():
            wish.check()
            async with asyncio.timeout(self._connection.deadline):
                response = await self._created(wish)
            return self._verdicts.reply(response, parse_job)

    async def remix(self, job_id: str, prompt: str) -> Job:
        """Ask for a variation of the finished job `job_id` and return the new job, as `create` does.

        Exactly one request. Raises as `create` does; `Refused` has the code `source_unknown` when the backend
        said that it does not know the job.
        """
        return await self._derived(RemixRequest(prompt, job_id))

    async def edit(self, prompt: str, source: str | ClipFile) -> Job:
        """Ask for the video `source`, a finished job's id or the file itself, with what `prompt` changes.

        Returns and raises as `remix` does.
        """
        return await self._derived(DerivedRequest(prompt, source))

    async def extend(self, prompt: str, seconds: int, source: str | ClipFile) -> Job:
        """Ask for the video `source`, a finished job's id or the file itself, made longer by `seconds`.

        Returns and raises as `remix` does.
        """
        return await self._derived(DerivedRequest(prompt, source, seconds))

    async def create_character(self, name: str, clip: ClipFile) -> str:
        """Have a character made of the clip and return its id. One request; raises as `create` does."""
        with self._verdicts.creating():
            response = await self._sent(CharacterRequest(name, clip))
            return self._verdicts.reply(response, parse_character_id)

    async def retrieve(self, job_id: str) -> Job:
        """The job as it is now, always under the id asked for: LiteLLM may reply with another.

        A 4xx or 5xx whose body is a job is an answer. Raises `Refused` (`not_found`, `invalid_key` …) or
        `Unavailable`.
        """
        return await self._retrieve(job_id, self._connection.deadline)

    async def retrieve_many(
        self, job_ids: Iterable[str], *, concurrency: int
    ) -> dict[str, Job | BackendError]:
        """Each job or what went wrong with it, asking for at most `concurrency` at once.

        One job that does not answer takes up its place for at most ten seconds; the others go on meanwhile.
        """
        gate = asyncio.Semaphore(concurrency)
        seconds = min(POLL_SECONDS, self._connection.deadline)

        async def answer(job_id: str) -> Job | BackendError:
            async with gate:
                try:
                    return await self._retrieve(job_id, seconds)
                except BackendError as error:
                    return error

        wanted = list(dict.fromkeys(job_ids))
        return dict(zip(wanted, await asyncio.gather(*map(answer, wanted)), strict=True))

    async def list(self, *, after: str | None = None, limit: int = 100) -> JobPage:
        """One page of at most `limit` (up to 100) jobs, asked for newest first, those after job `after`.

        Raises `Refused` when the backend cannot list, `Unavailable` when it cannot now or sends something
        unreadable.
        """
        params = {"limit": limit, "order": "desc"} | ({"after": after} if after else {})
        with self._verdicts.reading():
            response = await self._get("/videos", self._connection.deadline, {"params": params})
            return self._verdicts.reply(response, lambda *reply: parse_page(*reply, limit=limit))

    async def list_many(
        self, afters: Iterable[str | None], *, limit: int = 100, concurrency: int
    ) -> Sequence[JobPage]:
        """The page after each of these jobs, at most `concurrency` at once. Raises as `list` does."""
        gate = asyncio.Semaphore(concurrency)

        async def page(after: str | None) -> JobPage:
            async with gate:
                return await self.list(after=after, limit=limit)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(page(after)) for after in afters]
        except BaseExceptionGroup as errors:  # the first failure ends them all, so there is one
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def delete(self, job_id: str) -> None:
        """Delete a finished job and its files; a job that is already gone is a success.

        Raises `Refused` when the backend will not (the protocol lets only finished jobs be deleted) or
        cannot, and `Unavailable` otherwise.
        """
        path = job_path(job_id)
        with self._verdicts.reading():
            try:
                async with asyncio.timeout(self._connection.deadline):
                    response = await self._writes.delete(path, cast_to=httpx2.Response)
            except openai.APIStatusError as error:
                if error.status_code in {404, 410}:
                    return
                raise
        self._check_deleted(response)

    async def open(self, job_id: str, url: str | None = None) -> Download:
        """Begin to download the video; see `Client.download`. The caller closes what is returned."""
        if url is not None:
            return await self._open(url)
        try:
            # `variant` is left out: SGLang reads it as a number and answers 404 to "video".
            return await self._open(job_path(job_id) + "/content")
        except BackendError as error:
            link = await self._link(job_id) if is_job_elsewhere(error) else None
            if link is None:
                raise
        return await self._open(link)

    @property
    def _json_only(self) -> bool:
        return self._connection.body == "json"

    async def _created(self, wish: CreateRequest) -> httpx2.Response:
        try:
            return await self._post(wish)
        except openai.APIStatusError as error:
            if not (self._json_only and wants_plain_json(error)):
                raise
        return await self._post(wish, Body(wish.plain_json()))

    async def _derived(self, asking: RemixRequest | DerivedRequest) -> Job:
        with self._verdicts.deriving(asking.source_id):
            response = await self._sent(asking)
            return self._verdicts.reply(response, partial(parse_job, but_not=asking.source_id))

    async def _sent(self, asking: ApiRequest) -> httpx2.Response:
        asking.check()
        async with asyncio.timeout(self._connection.deadline):
            return await self._post(asking)

    async def _post(self, asking: ApiRequest, body: Body | None = None) -> httpx2.Response:
        body = body or asking.body(json_only=self._json_only)
        # The Content-Type is what makes the SDK send a form; it adds the boundary.
        form: RequestOptions = {"headers": {"Content-Type": "multipart/form-data"}}
        try:
            return await self._writes.post(
                asking.path,
                cast_to=httpx2.Response,
                body=body.fields,
                files=body.files,
                options={} if body.files is None else form,
            )
        except openai.APIStatusError as error:
            payload = parse_json(error.response.content)
            if error.status_code in ABOUT_US or not is_answer(payload, but_not=asking.source_id):
                raise
            return error.response

    async def _link(self, job_id: str) -> str | None:
        """Where the job says its file is: SGLang's content call is a 400 when it stores in a cloud."""
        try:
            return (await self.retrieve(job_id)).url
        except BackendError:
            return None

    async def _open(self, address: str) -> Download:
        """Begin to download from a path of the backend or from a URL; other servers never see the key."""
        with self._verdicts.fetching():
            async with asyncio.timeout(self._connection.deadline):
                if address.startswith("/") or same_server(address, self._connection.base_url):
                    response = await self._reads.get(address, cast_to=httpx2.Response, options=UNREAD)
                else:
                    response = await self._from_stranger(address)
                return await Download.checked(response, self._verdicts, self._connection.timeout)

    async def _from_stranger(self, url: str) -> httpx2.Response:
        request = self._strangers.build_request("GET", url, headers=AS_FILE)
        response = await self._strangers.send(request, stream=True)
        if not response.is_success:
            try:
                await response.aread()
            finally:
                await response.aclose()
            response.raise_for_status()
        return response

    async def _get(self, path: str, seconds: float, options: RequestOptions) -> httpx2.Response:
        async with asyncio.timeout(seconds):
            return await self._reads.get(path, cast_to=httpx2.Response, options=options)

    async def _retrieve(self, job_id: str, seconds: float) -> Job:
        path = job_path(job_id)
        with self._verdicts.reading():
            try:
                response = await self._get(path, seconds, {})
            except openai.APIStatusError as error:
                if not is_answer(parse_json(error.response.content)):
                    raise
                response = error.response
            return replace(self._verdicts.reply(response, parse_job), id=job_id)

    def _check_deleted(self, response: httpx2.Response) -> None:
        payload = parse_json(response.content)
        if response.content and not isinstance(payload, dict):
            raise Unavailable(
                "The backend sent a reply that cannot be understood.",
                code="bad_reply",
                status=response.status_code,
                detail=self._verdicts.received(response),
            )
        if isinstance(payload, dict) and payload.get("deleted") is False:
            raise Refused(
                "The backend did not delete the job.",
                code="not_deleted",
                status=response.status_code,
                detail=self._verdicts.received(response),
            )
