"""What both APIs share about requests and answers: body limits, JSON, and every error in one shape."""

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
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import HttpError
from ninja.errors import ValidationError as InvalidRequest

from billing.errors import RefusedPaymentError
from videos.api.bodies import received_body
from videos.api.contract import Contract
from videos.api.errors import (
    ApiError,
    database_unavailable,
    from_validation,
    internal_error,
    is_database_unavailable,
    unknown_parameter,
)
from videos.api.images import bad_image
from videos.api.payments import from_refused_payment
from videos.media.errors import BadReferenceError
from videos.parameters import PREFIX
from videos.services.storage_errors import BUSY, StorageUnavailableError, StudioBusyError
from videos.services.storage_errors import MESSAGE as STORAGE_UNAVAILABLE

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


def with_error_shape(contract: Contract) -> Callable[[View], View]:
    """Decorate a view of an API, so that it answers every error in the one shape, and is kept out of caches.

    It is exempt from Django's own CSRF check, whose answer is a page: `authenticate` does the same check.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @login_not_required  # `authenticate` answers in the API's own shape
        @wraps(view)
        def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                with received_body(request, contract):
                    response = view(request, *args, **kwargs)
            except Exception as error:  # noqa: BLE001  # `error_response` logs what nobody expected
                response = error_response(error, contract)
            if response.status_code in (405, 416):
                response = _in_shape(request, response)
            if not response.has_header("Cache-Control"):
                patch_cache_control(response, **contract.cache_control)
            patch_vary_headers(response, ["Authorization", "Cookie"])
            return response

        shaped.has_error_shape = True  # type: ignore[attr-defined]  # read by the middleware
        return shaped

    return decorate


def error_response(error: Exception, contract: Contract) -> HttpResponse:
    """Return the answer to any exception. What nobody expected is logged with its traceback."""
    if is_database_unavailable(error):
        logger.warning("The %s cannot use the database: %s", contract.name, str(error).partition("\n")[0])
        return database_unavailable().response()
    return _to_api_error(error, contract).response()


def _to_api_error(error: Exception, contract: Contract) -> ApiError:
    match error:
        case ApiError():
            return error
        case InvalidRequest():
            return _first_invalid_field(error.errors)
        case pydantic.ValidationError():
            return _first_invalid_field(
                [{**each, "loc": ("body", "", *each["loc"])} for each in error.errors()]
            )
        case ValidationError():
            return _refused_by_service(error, contract)
        case BadReferenceError():
            return bad_image(error, contract, param=contract.field_names["reference"])
        case Http404():
            return ApiError(404, "not_found", "There is nothing here.")
        case RequestDataTooBig():
            return contract.too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, what="text beside the files")
        case HttpError() if isinstance(error.__cause__, Exception):  # what our parser of JSON raised
            return _to_api_error(error.__cause__, contract)
        case MultiPartParserError() | SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return ApiError(400, contract.unreadable_code, "The request could not be read.")
    logger.error("The %s failed", contract.name, exc_info=error)
    return internal_error(contract.internal_error_code)


def _refused_by_service(error: ValidationError, contract: Contract) -> ApiError:
    if isinstance(error, StudioBusyError):
        return ApiError(503, "busy", BUSY, headers={"Retry-After": "5"})
    if isinstance(error, RefusedPaymentError):
        return from_refused_payment(error, contract)
    if isinstance(error, StorageUnavailableError):
        return ApiError(503, "storage_unavailable", STORAGE_UNAVAILABLE, headers={"Retry-After": "60"})
    refused = from_validation(error, status_for=contract.status_for, names=contract.field_names)
    if refused.param and contract.parameters_are_fields:
        refused.param = refused.param.removeprefix(PREFIX)
    return refused


def _in_shape(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return Django's refusal of a method, or of a range of a file, as this API writes it."""
    if "Allow" in response.headers:
        allowed = response.headers["Allow"]
        message = f"{request.method} is not allowed here; use {allowed}."
        return ApiError(405, "method_not_allowed", message, headers={"Allow": allowed}).response()
    if "Content-Range" in response.headers:
        size = {"Content-Range": response.headers["Content-Range"]}
        message = "The range lies past the end of the file."
        return ApiError(416, "range_not_satisfiable", message, headers=size).response()
    return response


def _first_invalid_field(errors: Sequence[Any]) -> ApiError:
    """Return the error for the first of pydantic's `errors`, or for the first field that is not known.

    Its location begins with where it was found; in a body, the name of our own argument comes next.
    """
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    where, *names = (str(name) for name in first["loc"])
    names = names[1:] if where == "body" else names
    name = ".".join(names) or where
    if first["type"] == "extra_forbidden":
        return unknown_parameter(name)
    message = "This field is required." if first["type"] == "missing" else first["msg"]
    return ApiError(422, "invalid_value", message.removeprefix("Value error, "), param=name)
