"""Carries a rule out: what a call answers, and whether it happened, when it is to go wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse

from simulator import wire
from simulator.faults import Rule
from simulator.protocol import Refusal

Act = Callable[[Rule | None], Awaitable[Response]]

_PAGE = "<!doctype html><title>Welcome</title><h1>It works!</h1><p>This is a web page and no JSON.</p>"
_NO_FILM = b"This is no MP4 file, whatever the content type says. " * 400


async def perform(rule: Rule | None, call: str, act: Act) -> Response:
    """Do what was asked, unless the rule prevents it, and answer as the rule says."""
    if rule is None:
        return await act(None)
    instead = _instead(rule, call)
    if instead is not None:
        return instead
    return await _afterwards(rule, await act(rule))


def _instead(rule: Rule, call: str) -> Response | None:
    """The answer of a rule under which nothing happens (or a Refusal, raised); None under other rules."""
    options = rule.options
    match rule.kind:
        case "refuse":
            raise Refusal(options["message"], code=options["code"], status=options["status"])
        case "rate_limit":
            headers = {"Retry-After": str(options["retry_after"])}
            raise Refusal("Rate limit reached.", code="rate_limit_exceeded", status=429, headers=headers)
        case "error_before":
            raise Refusal("The server had an error.", code="server_error", status=options["status"])
        case "not_found":
            raise Refusal("Not found.", code="not_found", status=404)
        case "hang" if not options["accepted"]:
            return wire.Dropped(options["seconds"])
        case "garbage" if call == "content":
            return Response(_NO_FILM, media_type="video/mp4")
        case "garbage" if not options["accepted"]:
            return HTMLResponse(_PAGE)
    return None


async def _afterwards(rule: Rule, response: Response) -> Response:
    """The answer of a rule under which the thing itself has happened."""
    options = rule.options
    match rule.kind:
        case "error_after":
            raise Refusal("The server had an error.", code="server_error", status=options["status"])
        case "drop_reply":
            return wire.Dropped()
        case "hang":
            return wire.Dropped(options["seconds"])
        case "garbage":
            return HTMLResponse(_PAGE)
        case "unknown_status":
            return _with_status(response, options["status"])
        case "truncate":
            content, media_type = await _file(response)
            return wire.Truncated(content, media_type, options["fraction"])
        case "slow_content":
            content, media_type = await _file(response)
            pieces = wire.trickle(content, options["bytes_per_second"])
            headers = {"Content-Length": str(len(content))}
            return StreamingResponse(pieces, media_type=media_type, headers=headers)
    return response


def _with_status(response: Response, status: str) -> Response:
    """The same video, or list of videos, each in that status."""
    body = json.loads(bytes(response.body))
    for video in body.get("data", [body]):
        video["status"] = status
    return JSONResponse(body)


async def _file(response: Response) -> tuple[bytes, str]:
    if not isinstance(response, FileResponse):
        raise TypeError("only content is a file")
    content = await asyncio.to_thread(Path(response.path).read_bytes)
    return content, response.media_type or "application/octet-stream"
