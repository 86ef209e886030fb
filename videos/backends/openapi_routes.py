"""Which routes a server has, read from the description that FastAPI servers publish of themselves."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_PARAMETER = re.compile(r"\{[^}]*\}")
_REFERENCE = re.compile(r'"\$ref": "#/components/schemas/([^"]+)"')


@dataclass(frozen=True, slots=True)
class Routes:
    """Whether each optional route exists; None when that is not known. `source` says where it was read."""

    source: str
    remix: bool | None = None
    edit: bool | None = None
    extend: bool | None = None
    characters: bool | None = None
    reference: bool | None = None


def parse_openapi(document: object) -> Routes | None:
    """Return the routes in a decoded OpenAPI document, or None when it does not describe a Videos API.

    `document` may be any JSON value. A field for the reference image is believed when it is there; that it is
    missing proves nothing, because servers may read forms by hand.
    """
    paths = document.get("paths") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(paths, Mapping):
        return None
    posts = {
        _PARAMETER.sub("{}", path).rstrip("/"): methods["post"]
        for path, methods in paths.items()
        if isinstance(path, str) and isinstance(methods, Mapping) and "post" in methods
    }
    creates = [operation for path, operation in posts.items() if path.endswith("/videos")]
    if not creates:
        return None

    def has_route(suffix: str) -> bool:
        return any(path.endswith(suffix) for path in posts)

    return Routes(
        "openapi.json",
        remix=has_route("/videos/{}/remix"),
        edit=has_route("/videos/edits"),
        extend=has_route("/videos/extensions"),
        characters=has_route("/videos/characters"),
        reference=any(_mentions(document, operation, "input_reference") for operation in creates) or None,
    )


def _mentions(document: Mapping[str, object], operation: object, field: str) -> bool:
    """Whether the operation, or a schema that it refers to directly, names the field."""
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    text = json.dumps(operation)
    if isinstance(schemas, Mapping):
        text += "".join(json.dumps(schemas.get(name)) for name in _REFERENCE.findall(text))
    return f'"{field}"' in text
