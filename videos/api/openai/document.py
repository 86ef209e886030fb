"""The OpenAPI file of the Videos API, at `/v1/openapi.json`: for clients that are generated from it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from videos.api.openai import schemas
from videos.api.openapi import Part, binary_content, content_of

JSON, MULTIPART = "application/json", "multipart/form-data"
_TAGS = {
    "Videos": "Create videos, follow them, fetch them.",
    "Derivations": "Videos made from videos.",
    "Characters": "Figures that can appear in videos.",
    "Models": "What can be asked for.",
}
_READ = {400: "The request cannot be used.", 401: "The token is missing or not valid.", 404: "Not found."}
_ALWAYS = {
    405: "The method is not possible here.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Something went wrong on our side.",
    503: "The studio is busy; nothing was changed.",
}
_WRITE = {403: "The token may only read.", 409: "Not possible now.", 413: "The request is too large."}


@login_not_required
@require_safe
def openapi(_: HttpRequest) -> JsonResponse:
    """GET /openapi.json."""
    return JsonResponse({**build_document(), "servers": [{"url": get_script_prefix().rstrip("/") or "/"}]})


@cache
def build_document() -> Part:
    """Return the file without the address of the server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ContentGen Videos API",
            "version": "1",
            "description": "OpenAI's Videos API, as this studio speaks it. Send an API token of the studio:"
            " `Authorization: Bearer cg_…`. The studio's own REST API is described at `/api/openapi.json`.",
        },
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "security": [{"ApiToken": []}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "ApiToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token from the page “API tokens”. A read token may only GET.",
                }
            },
        },
    }


def _schemas() -> dict[str, Part]:
    models: list[tuple[type[BaseModel], Any]] = [
        (each, "validation")
        for each in vars(schemas).values()
        if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__ == schemas.__name__
        if not each.__name__.startswith("_")
    ]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
    found: dict[str, Part] = definitions["$defs"]
    return found


def _paths() -> dict[str, Part]:
    video_id = _parameter("path", "video_id", "The id of a video of yours.", example="video_2k7c0s5pq9v1")
    return {**_video_paths(video_id), **_derivation_paths(video_id), **_character_paths(), **_model_paths()}


def _video_paths(video_id: Part) -> dict[str, Part]:
    return {
        "/v1/videos": {
            "post": _write(
                "create_video",
                "Videos",
                "Create a video. It is queued at once, and submitted exactly once.",
                {JSON: "CreateVideo", MULTIPART: "CreateVideoForm"},
            ),
            "get": _read("list_videos", "Videos", "List your videos.", "VideoList", _page_parameters()),
        },
        "/v1/videos/{video_id}": {
            "get": _read("retrieve_video", "Videos", "Return a video.", "Video", [video_id]),
            "delete": _write(
                "delete_video",
                "Videos",
                "Delete a video. One that has not ended is canceled first.",
                {},
                "VideoDeleted",
                [video_id],
            ),
        },
        "/v1/videos/{video_id}/content": {"get": _content([video_id, _variant()])},
    }


def _derivation_paths(video_id: Part) -> dict[str, Part]:
    return {
        "/v1/videos/{video_id}/remix": {
            "post": _write(
                "remix_video",
                "Derivations",
                "Make a variation of a completed video.",
                {JSON: "RemixVideo"},
                parameters=[video_id],
            )
        },
        "/v1/videos/edits": {
            "post": _write(
                "edit_video",
                "Derivations",
                "Change what the prompt says.",
                {JSON: "EditVideo", MULTIPART: "EditVideoForm"},
            )
        },
        "/v1/videos/extensions": {
            "post": _write(
                "extend_video",
                "Derivations",
                "Continue a video from its end. The new video includes its source.",
                {JSON: "ExtendVideo", MULTIPART: "ExtendVideoForm"},
            )
        },
    }


def _character_paths() -> dict[str, Part]:
    character_id = _parameter("path", "character_id", "The id of a character.", example="char_8d1f0a6b3c2e")
    return {
        "/v1/videos/characters": {
            "post": _write(
                "create_character",
                "Characters",
                "Make a character. It answers when the backend has it, or after ten seconds.",
                {JSON: "CreateCharacter", MULTIPART: "CreateCharacterForm"},
                "Character",
            )
        },
        "/v1/videos/characters/{character_id}": {
            "get": _read(
                "retrieve_character", "Characters", "Return a character.", "Character", [character_id]
            )
        },
    }


def _model_paths() -> dict[str, Part]:
    name = _parameter("path", "model", "The name of a model.", example="sora-2")
    return {
        "/v1/models": {"get": _read("list_models", "Models", "List the models.", "ModelList")},
        "/v1/models/{model}": {"get": _read("retrieve_model", "Models", "Return a model.", "Model", [name])},
    }


def _read(
    name: str, tag: str, summary: str, schema: str, parameters: list[Part] | None = None
) -> dict[str, Any]:
    return _operation(name, tag, summary, _answers({JSON: schema}, _READ), parameters)


def _write(
    name: str,
    tag: str,
    summary: str,
    bodies: Mapping[str, str],
    schema: str = "Video",
    parameters: list[Part] | None = None,
) -> dict[str, Any]:
    """Return an operation that changes something, with a body of one of several content types."""
    operation = _operation(
        name, tag, summary, _answers({JSON: schema}, _READ | _WRITE), [*(parameters or []), *_keys(bodies)]
    )
    if bodies:
        operation["requestBody"] = {"required": True, "content": content_of(bodies)}
    return operation


def _operation(
    name: str, tag: str, summary: str, answers: Part, parameters: list[Part] | None
) -> dict[str, Any]:
    operation = {"operationId": name, "tags": [tag], "summary": summary.partition(".")[0]}
    return operation | {"description": summary, "parameters": parameters or [], "responses": answers}


def _answers(content: Mapping[str, str], errors: Mapping[int, str]) -> Part:
    refusals = {
        str(status): {"description": text, "content": content_of({JSON: "ErrorAnswer"})}
        for status, text in sorted({**errors, **_ALWAYS}.items())
    }
    return {"200": {"description": "Done.", "content": content_of(content)}, **refusals}


def _content(parameters: list[Part]) -> dict[str, Any]:
    text = "Fetch the file, also by byte ranges: 404 until the video is completed."
    operation = _operation(
        "download_video", "Videos", text, _answers({}, {**_READ, 416: "Past the end."}), parameters
    )
    operation["responses"]["200"] = {
        "description": "The file, as the backend delivered it.",
        "content": binary_content(),
    }
    operation["responses"]["302"] = {"description": "The file is stored elsewhere: follow the redirect."}
    return operation


def _parameter(place: str, name: str, description: str, *, example: object, **schema: object) -> Part:
    return {
        "in": place,
        "name": name,
        "required": place == "path",
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


def _page_parameters() -> list[Part]:
    after = "Id of the last video of the page before."
    limit: Part = {"type": "integer", "minimum": 0, "maximum": 100, "default": 20}
    order = {"enum": ["asc", "desc"], "default": "desc"}
    return [
        _parameter("query", "after", after, example="video_2k7c0s5pq9v1"),
        _parameter("query", "limit", "How many to return.", example=20, **limit),
        _parameter("query", "order", "By time of creation.", example="desc", **order),
    ]


def _variant() -> Part:
    kinds = {"enum": ["video", "thumbnail", "spritesheet"], "default": "video"}
    return _parameter("query", "variant", "Which file of the video.", example="thumbnail", **kinds)


def _keys(bodies: Mapping[str, str]) -> list[Part]:
    if not bodies:
        return []
    text = "Any text. The same request with the same key is carried out once, for 7 days."
    return [_parameter("header", "Idempotency-Key", text, example="boat-1", maxLength=255)]
