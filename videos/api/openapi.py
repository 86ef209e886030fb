"""What the OpenAPI files of both APIs have in common."""

from collections.abc import Mapping
from typing import Any

from videos.containers import CONTAINERS
from videos.media.file_response import POSTER_TYPE, SCRUB_TYPE

Part = dict[str, Any]  # of an OpenAPI file


def content_of(names: Mapping[str, str]) -> Part:
    """Return the content of a body or an answer: for each content type the name of its schema."""
    return {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}} for kind, name in names.items()}


def binary_content() -> Part:
    """Return the content types that files have. The first one, for generators of clients, stands for all."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    kinds = (each.content_type for each in CONTAINERS)
    return dict.fromkeys(("application/octet-stream", *kinds, POSTER_TYPE, SCRUB_TYPE), binary)
