"""The door of the REST API: who may come in, one shape for whatever is refused, and the documentation."""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

import pydantic
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as InvalidRequest
from ninja.openapi.docs import DocsBase
from ninja.operation import Operation

from videos.api.auth import Caller, authenticate
from videos.api.errors import ApiError, from_validation

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


class Request(HttpRequest):
    """A request that was let in."""

    auth: Caller


class ApiToken:
    """What django-ninja calls for every request, and how the documentation names it."""

    openapi_security_schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from the page “API tokens”. A read token may only GET.",
    }

    def __call__(self, request: HttpRequest) -> Caller:
        return authenticate(request)


class Documentation(DocsBase):
    """Swagger UI from our own static files, within the pages' strict policy."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(request, "api/docs.html", {"address": self.get_openapi_url(api, kwargs)})


class Door(NinjaAPI):
    """A NinjaAPI whose every answer, also to a wrong method, has the same shape and stays out of caches."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return refusal(exc).response()

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            pattern.callback = in_shape(cast(View, pattern.callback))
        return patterns, app_name, namespace


def in_shape(view: View) -> View:
    """Let `view` answer every refusal as an `ApiError`, and keep its answers private to the caller.

    It is exempt from Django's own CSRF check, whose answer is a page: `authenticate` does the same check.
    """

    @csrf_exempt
    @login_not_required  # `authenticate` answers in the API's own shape
    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            _refuse_too_large(request)
            response = view(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # `refusal` knows them all, and logs what nobody expected
            response = refusal(error).response()
        if response.status_code == 405 and "Allow" in response.headers:
            allowed = response.headers["Allow"]
            message = f"{request.method} is not possible here; use {allowed}."
            response = ApiError(405, "method_not_allowed", message, headers={"Allow": allowed}).response()
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    return shaped


@in_shape
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer to every address under /api/ that there is not."""
    raise ApiError(
        404, "not_found", f"There is nothing at {request.path[:200]}. See {reverse('api:openapi-view')}."
    )


def refusal(error: Exception) -> ApiError:
    """Return what is answered for `error`, whatever it is. What nobody expected is logged with its trace."""
    match error:
        case ApiError():
            return error
        case InvalidRequest():
            return invalid(error.errors)
        case pydantic.ValidationError():
            return invalid([{**each, "loc": ("body", "", *each["loc"])} for each in error.errors()])
        case ValidationError():
            return from_validation(error, status=422)
        case Http404():
            return ApiError(404, "not_found", "There is nothing here.")
        case RequestDataTooBig():
            return _too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        case HttpError() if error.status_code == 400:  # the one that django-ninja raises itself
            return unparsable()
        case MultiPartParserError() | SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return ApiError(400, "bad_request", "The request cannot be read.")
    logger.error("The REST API failed", exc_info=error)
    return ApiError(500, "internal_error", "Something went wrong on our side. It has been logged.")


def invalid(errors: Sequence[Any]) -> ApiError:
    """Return the refusal for the first of pydantic's `errors`.

    Its place begins with where it was found; in a body, the name of our own argument comes next.
    """
    first = errors[0]
    where, *names = (str(name) for name in first["loc"])
    names = names[1:] if where == "body" else names
    message = "This field is required." if first["type"] == "missing" else first["msg"]
    return ApiError(422, "invalid_value", message, param=".".join(names) or where)


def unparsable() -> ApiError:
    return ApiError(400, "invalid_json", "The body cannot be read as JSON.")


def _refuse_too_large(request: HttpRequest) -> None:
    """Before a byte of it is read: a form is otherwise written to disk to its end."""
    most = settings.MAX_FILE_SIZE + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length[:20]) > most:
        raise _too_large(most)


def _too_large(most: int) -> ApiError:
    return ApiError(413, "too_large", f"The request is larger than {most / 1048576:.3g} MB.")
