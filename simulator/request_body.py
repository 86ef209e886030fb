"""Request bodies, read without trusting what the client claims about them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.protocol import ApiError

MAX_BODY_BYTES = 100 * 1024 * 1024
_MAX_JSON_BYTES = 32 * 1024 * 1024
_FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


class BodySizeLimitMiddleware:
    """Answers 413 as soon as a body exceeds MAX_BODY_BYTES, whatever its Content-Length says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the bytes received."""
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise _too_large()
            return message

        await self._app(scope, counting_receive, send)


async def read_json(request: Request) -> object:
    """Return the body as JSON, whatever its content type. Raises ApiError when it is not JSON."""
    if int(request.headers.get("content-length", "0")) > _MAX_JSON_BYTES:
        raise _too_large()
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ApiError("We could not parse the JSON body of your request.", code="invalid_json") from error


@asynccontextmanager
async def read_fields(request: Request) -> AsyncIterator[dict[str, Any]]:
    """Yield the fields of a JSON or form body. Uploaded files are UploadFile, open until the block ends.

    A form's `video[id]` becomes {"video": {"id": …}}, `characters[…][id]` a list of such objects, every
    `input_references` one of a list. Raises ApiError when the body cannot be parsed.
    """
    if not request.headers.get("content-type", "").lower().startswith(_FORM_TYPES):
        body = await read_json(request)
        if not isinstance(body, dict):
            raise ApiError("The request body must be an object.", code="invalid_type")
        yield body
        return
    try:
        async with request.form(max_files=10, max_fields=100) as form:
            yield _nest_fields(list(form.multi_items()))
    except HTTPException as error:
        raise ApiError(f"We could not parse the form: {error.detail}", code="invalid_form") from error


async def read_upload(value: object, name: str) -> bytes:
    """Return the bytes of the uploaded file in field `name`. Raises ApiError when it is not a file."""
    if not isinstance(value, UploadFile):
        raise ApiError(f"Invalid type for '{name}': expected a file.", param=name, code="invalid_type")
    return await value.read()


def _too_large() -> ApiError:
    return ApiError("The request is too large.", status=413, code="request_too_large")


def _nest_fields(items: list[tuple[str, str | UploadFile]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in items:
        head, _, key = name.partition("[")
        if head == "input_references":
            fields.setdefault(head, []).append(value)
        elif not key:
            fields[name] = value
        elif head == "characters":
            fields.setdefault(head, []).append({"id": value})
        else:
            known = fields.get(head)
            fields[head] = {**(known if isinstance(known, Mapping) else {}), key.rstrip("]"): value}
    return fields
