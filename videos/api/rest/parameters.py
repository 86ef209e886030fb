"""Parameters of an address that an endpoint does not know: refused by name, as fields of a body are."""

import inspect
import typing
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel

from videos.api.errors import unknown_parameter

_IDS = (
    *("video_id", "approval_id", "collection_id", "username", "link_id", "notification_id"),
    *("webhook_id", "delivery_id", "batch_id"),
)
_OTHERS = frozenset({"request", "response", "body", "keyed", *_IDS})  # that are no part of the query


def refuse_unknown(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return `view` with a 400 for the first parameter of the address that it does not name."""
    known = frozenset(_names(view))

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for name in request.GET:
            if name not in known:
                raise unknown_parameter(name)
        return view(request, *args, **kwargs)

    return checked


def _names(view: Callable[..., Any]) -> Iterator[str]:
    hints = typing.get_type_hints(view)
    for name in inspect.signature(view).parameters:
        if name in _OTHERS:
            continue
        schema = hints[name]
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            yield from (field.alias or each for each, field in schema.model_fields.items())
        else:
            yield name
