"""What both APIs share about requests and answers: body limits, and errors in one shape."""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import pydantic
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.http import Http404, HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import HttpError
from ninja.errors import ValidationError as InvalidRequest

from videos.api.errors import ApiError, database_unavailable, from_validation, is_database_unavailable

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


def with_error_shape(view: View) -> View:
    """Let `view` answer every refusal as an `ApiError`, and keep its answers private to the caller.

    It is exempt from Django's own CSRF check, whose answer is a page: `authenticate` does the same check.
    """

    @csrf_exempt
    @login_not_required  # `authenticate` answers in the API's own shape
    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            check_body_length(request)
            response = view(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # `refusal` knows them all, and logs what nobody expected
            response = error_response(error).response()
        if response.status_code == 405 and "Allow" in response.headers:
            allowed = response.headers["Allow"]
            message = f"{request.method} is not possible here; use {allowed}."
            response = ApiError(405, "method_not_allowed", message, headers={"Allow": allowed}).response()
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    return shaped


def error_response(error: Exception) -> ApiError:
    """Return what is answered for `error`, whatever it is. What nobody expected is logged with its trace."""
    match error:
        case ApiError():
            return error
        case InvalidRequest():
            return invalid_fields(error.errors)
        case pydantic.ValidationError():
            return invalid_fields([{**each, "loc": ("body", "", *each["loc"])} for each in error.errors()])
        case ValidationError():
            return from_validation(error, status=422)
        case Http404():
            return ApiError(404, "not_found", "There is nothing here.")
        case RequestDataTooBig():
            return too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        case HttpError() if error.status_code == 400:  # the one that django-ninja raises itself
            return unparsable()
        case MultiPartParserError() | SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return ApiError(400, "bad_request", "The request cannot be read.")
    if is_database_unavailable(error):
        logger.warning("The database cannot be used: %s", error)
        return database_unavailable()
    logger.error("The REST API failed", exc_info=error)
    return ApiError(500, "internal_error", "Something went wrong on our side. It has been logged.")


def invalid_fields(errors: Sequence[Any]) -> ApiError:
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


def check_body_length(request: HttpRequest) -> None:
    """Before a byte of it is read: a form is otherwise written to disk to its end."""
    most = settings.MAX_FILE_SIZE + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length[:20]) > most:
        raise too_large(most)


def too_large(most: int) -> ApiError:
    return ApiError(413, "too_large", f"The request is larger than {most / 1048576:.3g} MB.")
