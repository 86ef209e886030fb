"""Finding out what a server can do without asking it for anything that could cost money.

Nothing but GET, OPTIONS and a DELETE of ids made up on the spot is ever sent. A POST is not, not even an
empty one: a lenient gateway that fills in what is missing would start a paid job. So whether there are remix,
edit, extend and characters is read from

1. the server's own description, `openapi.json`, which FastAPI servers (vLLM-Omni, SGLang, LiteLLM and
   TensorRT-LLM) publish beside the API unless it is switched off;
2. else the `Allow` header of OPTIONS: a route that names POST has it. That a route is *not* there is believed
   only of remix, whose path no other route shares (`/videos/edits` looks like the job "edits"), and only from
   a server that tells a path it has from one it cannot have.

What neither tells stays None: not known.
"""

import asyncio
import secrets
from dataclasses import replace
from typing import Literal

import httpx2

from videos.backends.connection import Connection
from videos.backends.error_mapping import MOVED, TRANSPORT_ERRORS, ErrorMapper
from videos.backends.errors import BackendError
from videos.backends.openapi_routes import Routes, described
from videos.backends.probe_report import Answer, Check, ProbeReport, assess, blocking_problem, failure
from videos.backends.responses import parse_json

__all__ = ["Check", "ProbeReport", "probe"]

PATIENCE = 10.0  # seconds for one answer at most: somebody is waiting in front of a screen


def probe(connection: Connection) -> ProbeReport:
    """Look at a backend, in about three times `PATIENCE` at most. Trouble is among the findings, not raised.

    A redirecting base URL is a problem whose sentence names the right one.
    """
    patient = replace(connection, timeout=min(connection.timeout, PATIENCE))
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        try:
            patient.check()
            return runner.run(_probe(patient))
        except BackendError as error:
            return failure(f"{error.message} {error.detail}".strip())


async def _probe(connection: Connection) -> ProbeReport:
    async with httpx2.AsyncClient(
        timeout=httpx2.Timeout(connection.timeout, connect=connection.connect_timeout),
        headers={"Authorization": f"Bearer {connection.secret}", "Accept": "application/json"},
        follow_redirects=False,
    ) as http:
        return await _Probe(connection, http).run()


class _Probe:
    """One look at one server."""

    def __init__(self, connection: Connection, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._connection = connection
        self._base = connection.base_url.rstrip("/")
        self._verdicts = ErrorMapper(key=connection.secret)
        self._job = f"/videos/video_{secrets.token_hex(16)}"  # nobody's
        self._nowhere = f"{self._job}/{secrets.token_hex(8)}"  # no server has such a route

    async def run(self) -> ProbeReport:
        """Ask what shows whether the backend is usable at all, then the rest."""
        models, job, page, nowhere = await asyncio.gather(
            self._ask("GET", "/models"),
            self._ask("GET", self._job),
            self._ask("GET", "/videos?limit=1"),
            self._ask("GET", self._nowhere),
        )
        for answer, path in ((job, self._job), (page, "/videos"), (models, "/models")):
            if moved := self._moved(answer, path):
                return failure(moved)
        if found := blocking_problem(self._base, job, page, nowhere):
            return found
        gone, undone, routes = await asyncio.gather(
            self._ask("DELETE", self._job), self._ask("DELETE", self._nowhere), self._routes()
        )
        return assess(
            key=bool(self._connection.api_key),
            models=models,
            job=job,
            page=page,
            nowhere=nowhere,
            gone=gone,
            undone=undone,
            routes=routes,
        )

    async def _routes(self) -> Routes:
        root = self._base.rpartition("/")[0]
        return described((await self._ask("GET", "/openapi.json", root)).payload) or await self._allowed()

    async def _allowed(self) -> Routes:
        paths = "/videos/edits", "/videos/extensions", "/videos/characters"
        create, nowhere, remix, *shared = await asyncio.gather(
            *(self._ask("OPTIONS", path) for path in ("/videos", self._nowhere, f"{self._job}/remix", *paths))
        )
        if nowhere.status != 404:  # it says the same of everything, as CORS middleware does
            return Routes("OPTIONS")
        absent = False if create.allow and remix.status == 404 else None
        edit, extend, characters = ("POST" in answer.allow or None for answer in shared)
        return Routes("OPTIONS", "POST" in remix.allow or absent, edit, extend, characters)

    async def _ask(
        self, method: Literal["GET", "DELETE", "OPTIONS"], path: str, base: str | None = None
    ) -> Answer:
        url = (self._base if base is None else base) + path
        try:
            async with asyncio.timeout(self._connection.deadline):
                reply = await self._http.request(method, url)
        except TRANSPORT_ERRORS as error:
            return Answer(0, trouble=self._verdicts.on_read(error).message)
        allow = frozenset(word.strip().upper() for word in reply.headers.get("allow", "").split(",") if word)
        words = reply.text.replace(reply.request.url.path, "")
        location = reply.headers.get("location", "") if reply.status_code in MOVED else ""
        return Answer(reply.status_code, parse_json(reply.content), words, allow, location)

    def _moved(self, answer: Answer, path: str) -> str:
        """The sentence about a redirect to another base URL; empty when there is none."""
        if not answer.location:
            return ""
        try:
            target = httpx2.URL(self._base + path).join(answer.location).copy_with(query=None, fragment=None)
        except (httpx2.InvalidURL, ValueError):
            return "The base URL redirects to an address that cannot be read."
        shown = self._verdicts.hidden(str(target)).rstrip("/")[:500]
        right = shown.removesuffix(path)
        if right == shown:
            return f"The base URL redirects to {shown}, which is no Videos API. Ask for the right base URL."
        return f"The base URL redirects. Use {right} instead." if right != self._base else ""
