"""Whether a server refuses our key altogether, found out with reads that cost nothing.

A 401 or 403 on one request may be about that request: the model is not for this key, the organisation is not
verified, a firewall dislikes the prompt, a gateway's own key for one provider has run out. So the same key is
shown to three other addresses. Where one of them is open to it and closed to a request without a key, the
server looked at the key and accepted it. An address that is open to anybody (some gateways list their models
in public) proves nothing.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Literal

import httpx2

from videos.backends.connection import Connection
from videos.backends.error_causes import is_page
from videos.backends.errors import RefusedError
from videos.backends.hops import via_headers
from videos.backends.network_errors import TRANSPORT_ERRORS
from videos.backends.responses import is_key_refusal, parse_json

KeyCheck = Literal["accepted", "refused", "blocked", "unknown"]
_Answer = Literal["open", "unauthorized", "forbidden", "page", "nothing"]

CHECK_TIMEOUT = 5.0  # seconds for all of it; the lease of a submission allows for more than that


async def check_key(connection: Connection, http: httpx2.AsyncClient) -> KeyCheck:
    """Return whether the server accepts the key; "unknown" when its answers, or their absence, do not say.

    It is "blocked" when web pages came instead, as a firewall in front of the server sends them: then nobody
    knows about the key, but nothing of ours gets through.

    `http` sends no key by itself. Raises nothing.
    """
    # A job that nobody has, the list, and the models: not every server has all three.
    paths = f"/videos/video_{secrets.token_hex(16)}", "/videos?limit=1", "/models"
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            with_key = await _ask_all(connection, http, paths, sends_key=True)
            opened = [path for path, answer in zip(paths, with_key, strict=True) if answer == "open"]
            without = await _ask_all(connection, http, opened, sends_key=False)
    except TimeoutError:
        return "unknown"
    if "unauthorized" in without or "forbidden" in without:
        return "accepted"
    if "unauthorized" in with_key:
        return "refused"
    # A 403 of one address may be about what this key may do there; all are closed only to a refused one.
    if opened:
        return "unknown"
    return "refused" if "forbidden" in with_key else "blocked" if "page" in with_key else "unknown"


def with_verdict(error: RefusedError, check: KeyCheck) -> RefusedError:
    """Return a 401 or 403 as it is to be understood after the key was checked."""
    message, code = error.message, error.code
    if check == "refused":
        message, code = "The backend refused its API key.", "invalid_key"
    elif check == "blocked":
        message, code = "The backend, or a firewall in front of it, refuses all our requests.", "blocked"
    return RefusedError(message, code=code, status=error.status, detail=error.detail)


async def _ask_all(
    connection: Connection, http: httpx2.AsyncClient, paths: Sequence[str], *, sends_key: bool
) -> list[_Answer]:
    headers = {"Accept": "application/json", **via_headers(connection.hops)}
    if sends_key:
        headers["Authorization"] = f"Bearer {connection.sent_key}"
    base_url = connection.base_url.rstrip("/")
    return await asyncio.gather(*(_ask(http, base_url + path, headers) for path in paths))


async def _ask(http: httpx2.AsyncClient, url: str, headers: dict[str, str]) -> _Answer:
    try:
        response = await http.get(url, headers=headers, follow_redirects=False)
    except TRANSPORT_ERRORS:
        return "nothing"
    status = response.status_code
    if is_key_refusal(status, parse_json(response.content)):
        if is_page(response.content):
            return "page"
        return "forbidden" if status == 403 else "unauthorized"
    # A 404 for a job that is not there is as good as any: the server got as far as looking for it.
    return "open" if status < 300 or status in {400, 404, 405, 422} else "nothing"
