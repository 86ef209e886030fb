"""How the views of the REST API are registered with their router."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ninja import Router

from videos.api.rest import parameters
from videos.api.rest.schemas import Refusal

READ_ERRORS = frozenset({400, 401, 404, 405, 422, 429, 500, 503})
WRITE_ERRORS = READ_ERRORS | {402, 403, 409, 413}

_View = Callable[..., Any]


def register_get(router: Router, path: str, schema: Any, **options: Any) -> Callable[[_View], _View]:
    """Register a view for GET, and for HEAD, which the documentation leaves out."""
    options["response"] = {200: schema, READ_ERRORS | options.pop("errors", set()): Refusal}

    def register(view: _View) -> _View:
        checked = parameters.refuse_unknown(view)
        router.api_operation(["HEAD"], path, include_in_schema=False, **options)(checked)
        return router.get(path, **options)(checked)

    return register


def register_write(
    router: Router,
    method: str,
    path: str,
    schema: Any,
    *,
    others: Mapping[int, Any] = MappingProxyType({}),
    **options: Any,
) -> Callable[[_View], _View]:
    """Register a view for a method that changes something. `others` are schemas of answers beside 200."""

    def register(view: _View) -> _View:
        answers: dict[Any, Any] = {200: schema, **others, WRITE_ERRORS: Refusal}
        operation = router.api_operation([method], path, response=answers, **options)
        return operation(parameters.refuse_unknown(view))

    return register
