"""Fault injection: performs an operation as a fault rule says, which may be not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse

from simulator.fault_rules import FaultRule
from simulator.faulty_responses import DroppedResponse, TruncatedResponse, throttle
from simulator.protocol import ApiError
from simulator.transcoder import FORMATS, transcode

Action = Callable[[FaultRule | None], Awaitable[Response]]

_HTML_PAGE = "<!doctype html><title>Welcome</title><h1>It works!</h1><p>This is a web page and no JSON.</p>"
_FIREWALL_PAGE = (
    "<!doctype html><title>Access denied</title><h1>Access denied</h1>"
    "<p>This request was blocked by the security rules of this site. Incident 5f3c-90aa.</p>"
)
_INVALID_VIDEO = b"This is no MP4 file, whatever the content type says. " * 400


async def perform(rule: FaultRule | None, operation: str, action: Action) -> Response:
    """Run the action unless the rule prevents it, and return the response that the rule asks for.

    Raises ApiError where that response is an error.
    """
    if rule is None:
        return await action(None)
    fault = _fault_instead_of_action(rule, operation)
    if fault is not None:
        return fault
    return await _fault_after_action(rule, await action(rule))


def _fault_instead_of_action(rule: FaultRule, operation: str) -> Response | None:
    """Return or raise the fault that replaces the action; None when the action is to run."""
    options = rule.options
    match rule.kind:
        case "refuse":
            raise ApiError(
                options["message"],
                code=options["code"],
                error_type=options["type"] or None,
                status=options["status"],
            )
        case "rate_limit":
            delay = options["retry_after"]
            headers = {} if delay is None else {"Retry-After": str(delay)}
            raise ApiError("Rate limit reached.", code="rate_limit_exceeded", status=429, headers=headers)
        case "error_before":
            raise ApiError("The server had an error.", code="server_error", status=options["status"])
        case "not_found":
            raise ApiError("Not found.", code="not_found", status=404)
        case "html_error":
            return HTMLResponse(_FIREWALL_PAGE, status_code=options["status"])
        case "hang" if not options["accepted"]:
            return DroppedResponse(options["seconds"])
        case "garbage" if operation == "content":
            return Response(_INVALID_VIDEO, media_type="video/mp4")
        case "garbage" if not options["accepted"]:
            return HTMLResponse(_HTML_PAGE)
    return None


async def _fault_after_action(rule: FaultRule, response: Response) -> Response:
    """Return or raise the fault that replaces the response of an action that has run."""
    options = rule.options
    match rule.kind:
        case "error_after":
            raise ApiError("The server had an error.", code="server_error", status=options["status"])
        case "drop_reply":
            return DroppedResponse()
        case "hang":
            return DroppedResponse(options["seconds"])
        case "garbage":
            return HTMLResponse(_HTML_PAGE)
        case "unknown_status":
            return _replace_status(response, options["status"])
        case "huge" | "drip":
            return _burden(rule, response)
        case "truncate":
            content, media_type = await _read_file(response)
            return TruncatedResponse(content, media_type, options["fraction"])
        case "slow_content":
            content, media_type = await _read_file(response)
            chunks = throttle(content, options["bytes_per_second"])
            headers = {"Content-Length": str(len(content))}
            return StreamingResponse(chunks, media_type=media_type, headers=headers)
        case "other_format":
            return await _transcode(response, options["format"])
    return response


def _replace_status(response: Response, status: str) -> Response:
    """Return the same video, or list of videos, with each status replaced."""
    body = json.loads(bytes(response.body))
    for video in body.get("data", [body]):
        video["status"] = status
    return JSONResponse(body)


def _burden(rule: FaultRule, response: Response) -> Response:
    """Return the same answer of a chat model, much too large or much too slow."""
    content = bytes(response.body)
    if rule.kind == "drip":
        seconds = rule.options["seconds"] / len(content)
        return StreamingResponse(_drip(content, seconds), media_type="application/json")
    body = json.loads(content)
    body["choices"][0]["message"]["content"] += " and more" * (rule.options["bytes"] // 9)
    return JSONResponse(body)


async def _drip(content: bytes, seconds: float) -> AsyncIterator[bytes]:
    """Yield the bytes one by one, so many seconds apart."""
    for number in range(len(content)):
        yield content[number : number + 1]
        await asyncio.sleep(seconds)


async def _transcode(response: Response, name: str) -> Response:
    """Return the same video in another format; a still picture stays as it is."""
    if not isinstance(response, FileResponse):
        raise TypeError("only content is a file")
    if response.media_type != "video/mp4":
        return response
    path = await asyncio.to_thread(transcode, Path(response.path), name)
    return FileResponse(path, media_type=FORMATS[name].media_type)


async def _read_file(response: Response) -> tuple[bytes, str]:
    if not isinstance(response, FileResponse):
        raise TypeError("only content is a file")
    content = await asyncio.to_thread(Path(response.path).read_bytes)
    return content, response.media_type or "application/octet-stream"
