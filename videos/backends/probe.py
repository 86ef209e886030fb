"""Finds out what a Videos API server can do without asking it for anything that could cost money.

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

from videos.backends.address_guard import AddressGuard
from videos.backends.bounds import PLAIN_HEADERS, bound_replies
from videos.backends.connection import Connection
from videos.backends.error_mapping import REDIRECT_STATUSES, ErrorMapper
from videos.backends.hops import LOOP_HEADER, via_headers
from videos.backends.network_errors import TRANSPORT_ERRORS
from videos.backends.openapi_routes import Routes, parse_openapi
from videos.backends.probe_report import (
    ProbeReport,
    ProbeResponse,
    ProbeResponses,
    blocking_problem,
    build_report,
    failed_report,
)
from videos.backends.responses import parse_json, parse_key_retention

LEADS_BACK = (
    "The base URL leads back to this studio, which cannot be its own backend: one request would breed copies "
    "of itself without end."
)
ANSWER_TIMEOUT = 10.0  # seconds for one answer at most: somebody is waiting in front of a screen


async def probe_server(connection: Connection) -> ProbeReport:
    """Return what the server can do, in about three times `ANSWER_TIMEOUT` at most.

    `connection` has been checked. Problems are in the report, not raised. A base URL that redirects is a
    problem whose sentence names the right one.
    """
    connection = replace(connection, timeout=min(connection.timeout, ANSWER_TIMEOUT))
    guard = AddressGuard(connection)
    async with httpx2.AsyncClient(
        timeout=httpx2.Timeout(connection.timeout, connect=connection.connect_timeout),
        headers={
            "Authorization": f"Bearer {connection.sent_key}",
            "Accept": "application/json",
            **PLAIN_HEADERS,
            **via_headers(connection.hops),
        },
        follow_redirects=False,
        event_hooks={
            "request": [guard.watch],
            "response": [bound_replies(connection.max_reply_bytes)],
        },
    ) as http:
        report = await _Probe(connection, http).run()
    return replace(report, in_private_network=guard.is_backend_private)


class _Probe:
    """One probe of one server."""

    def __init__(self, connection: Connection, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._connection = connection
        self._base_url = connection.base_url.rstrip("/")
        self._errors = ErrorMapper(connection)
        self._job_path = f"/videos/video_{secrets.token_hex(16)}"  # a job that nobody has
        self._missing_path = f"{self._job_path}/{secrets.token_hex(8)}"  # a route that no server has

    async def run(self) -> ProbeReport:
        """Ask first what shows whether the backend is usable at all, then the rest."""
        models, job, page, missing_route = await asyncio.gather(
            self._request("GET", "/models"),
            self._request("GET", self._job_path),
            self._request("GET", "/videos?limit=1"),
            self._request("GET", self._missing_path),
        )
        if any(response.leads_back for response in (models, job, page)):
            return replace(failed_report(LEADS_BACK), leads_back=True)
        for response, path in ((job, self._job_path), (page, "/videos"), (models, "/models")):
            if problem := self._redirect_problem(response, path):
                return failed_report(problem)
        if report := blocking_problem(self._base_url, job, page, missing_route):
            return report
        delete_job, delete_missing_route, routes = await asyncio.gather(
            self._request("DELETE", self._job_path),
            self._request("DELETE", self._missing_path),
            self._find_routes(),
        )
        responses = ProbeResponses(models, job, page, missing_route, delete_job, delete_missing_route)
        return build_report(
            responses, routes, base_url=self._base_url, has_key=bool(self._connection.api_key)
        )

    async def _find_routes(self) -> Routes:
        root = self._base_url.rpartition("/")[0]
        document = (await self._request("GET", "/openapi.json", root)).payload
        return parse_openapi(document) or await self._routes_from_options()

    async def _routes_from_options(self) -> Routes:
        paths = "/videos", self._missing_path, f"{self._job_path}/remix"
        shared_paths = "/videos/edits", "/videos/extensions", "/videos/characters"
        create, missing_route, remix, *shared = await asyncio.gather(
            *(self._request("OPTIONS", path) for path in (*paths, *shared_paths))
        )
        if missing_route.status != 404:  # it says the same of everything, as CORS middleware does
            return Routes("OPTIONS")
        is_absent = create.allow and remix.status == 404
        can_remix = "POST" in remix.allow or (False if is_absent else None)
        edit, extend, characters = ("POST" in response.allow or None for response in shared)
        return Routes("OPTIONS", can_remix, edit, extend, characters)

    async def _request(
        self, method: Literal["GET", "DELETE", "OPTIONS"], path: str, base_url: str | None = None
    ) -> ProbeResponse:
        url = (self._base_url if base_url is None else base_url) + path
        try:
            async with asyncio.timeout(self._connection.deadline):
                response = await self._http.request(method, url)
        except TRANSPORT_ERRORS as error:
            return ProbeResponse(0, error=self._errors.map_read_error(error).message)
        status = response.status_code
        methods = response.headers.get("allow", "").split(",")
        return ProbeResponse(
            status,
            parse_json(response.content),
            text=response.text.replace(response.request.url.path, ""),
            allow=frozenset(method.strip().upper() for method in methods if method),
            location=response.headers.get("location", "") if status in REDIRECT_STATUSES else "",
            key_retention=parse_key_retention(response.headers),
            leads_back=LOOP_HEADER in response.headers,
        )

    def _redirect_problem(self, response: ProbeResponse, path: str) -> str:
        """Return the sentence about a redirect to another base URL; empty when there is none."""
        if not response.location:
            return ""
        try:
            target = httpx2.URL(self._base_url + path).join(response.location)
            target = target.copy_with(query=None, fragment=None)
        except (httpx2.InvalidURL, ValueError):
            return "The base URL redirects to an address that cannot be read."
        shown = self._errors.redact(str(target)).rstrip("/")[:500]
        right = shown.removesuffix(path)
        if right == shown:
            return f"The base URL redirects to {shown}, which is no Videos API. Ask for the right base URL."
        return f"The base URL redirects. Use {right} instead." if right != self._base_url else ""
