"""What both APIs share about requests and answers: body limits, JSON, and every error in one shape."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

from videos.api.errors import ApiError, database_unavailable, from_validation, is_database_unavailable
from videos.media.errors import BadReferenceError
from videos.services.storage_errors import BUSY, StorageUnavailableError, StudioBusyError
from videos.services.storage_errors import MESSAGE as STORAGE_UNAVAILABLE

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]

FORM_TYPES = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_FIELD_NAMES = {"reference": "input_reference"}  # fields that the APIs call otherwise than the services


@dataclass(frozen=True)
class Contract:
    """What one API has published that the other does differently: statuses, codes and limits.

    `exceptional_statuses` are those of single fields, and of single codes of an unusable image.
    """

    name: str
    max_body_size: Callable[[], int]  # bytes
    requires_length: bool
    invalid_status: int
    wrong_type_code: str
    body_param: str | None  # what an error about the whole body names as its field
    too_large_code: str
    unreadable_code: str
    internal_error_code: str
    cache_control: Mapping[str, bool]
    exceptional_statuses: Mapping[str, int] = field(default_factory=dict)

    def status_for(self, name: str) -> int:
        return self.exceptional_statuses.get(name, self.invalid_status)

    def too_large(self, max_size: int, *, what: str = "request") -> ApiError:
        """Return the error for a request, or `what` of it, of more than `max_size` bytes."""
        message = f"The {what} is larger than {max_size / 1048576:.3g} MB."
        return ApiError(413, self.too_large_code, message)


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
                check_body_length(request, contract)
                response = view(request, *args, **kwargs)
            except Exception as error:  # noqa: BLE001  # `error_response` logs what nobody expected
                response = error_response(error, contract)
            if response.status_code == 405 and "Allow" in response.headers:
                response = _method_not_allowed(request, response.headers["Allow"]).response()
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
            return _bad_reference(error, contract)
        case Http404():
            return ApiError(404, "not_found", "There is nothing here.")
        case RequestDataTooBig():
            return contract.too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, what="text beside the files")
        case HttpError() if error.status_code == 400:  # the only one that django-ninja raises itself
            return _invalid_json()
        case MultiPartParserError() | SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return ApiError(400, contract.unreadable_code, "The request could not be read.")
    logger.error("The %s failed", contract.name, exc_info=error)
    return ApiError(
        500, contract.internal_error_code, "Something went wrong on our side. It has been logged."
    )


def _bad_reference(error: BadReferenceError, contract: Contract) -> ApiError:
    if error.code == "busy":  # not the image's fault
        return ApiError(503, "busy", str(error), headers={"Retry-After": "5"})
    return ApiError(contract.status_for(error.code), error.code, str(error), param=_FIELD_NAMES["reference"])


def _refused_by_service(error: ValidationError, contract: Contract) -> ApiError:
    if isinstance(error, StudioBusyError):
        return ApiError(503, "busy", BUSY, headers={"Retry-After": "5"})
    if isinstance(error, StorageUnavailableError):
        return ApiError(503, "storage_unavailable", STORAGE_UNAVAILABLE, headers={"Retry-After": "60"})
    return from_validation(error, status_for=contract.status_for, names=_FIELD_NAMES)


def _method_not_allowed(request: HttpRequest, allowed: str) -> ApiError:
    message = f"{request.method} is not allowed here; use {allowed}."
    return ApiError(405, "method_not_allowed", message, headers={"Allow": allowed})


def _first_invalid_field(errors: Sequence[Any]) -> ApiError:
    """Return the error for the first of pydantic's `errors`.

    Its location begins with where it was found; in a body, the name of our own argument comes next.
    """
    first = errors[0]
    where, *names = (str(name) for name in first["loc"])
    names = names[1:] if where == "body" else names
    message = "This field is required." if first["type"] == "missing" else first["msg"]
    return ApiError(422, "invalid_value", message, param=".".join(names) or where)


def parse_json_object(body: bytes, contract: Contract) -> dict[str, Any]:
    """Return the JSON object in `body`. Raises `ApiError` for anything else."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid_json() from error
    if not isinstance(parsed, dict):
        message = "The body of the request must be a JSON object."
        raise ApiError(contract.invalid_status, contract.wrong_type_code, message, param=contract.body_param)
    return parsed


def _invalid_json() -> ApiError:
    return ApiError(400, "invalid_json", "The body of the request is not valid JSON.")


def check_body_length(request: HttpRequest, contract: Contract) -> None:
    """Raise `ApiError` for a body that is too long before any of it is read: Django writes a form to disk.

    Also for a body of unknown length, where the contract requires one.
    """
    length = request.headers.get("content-length") or ""
    if contract.requires_length and not length and "Transfer-Encoding" in request.headers:
        raise ApiError(411, "length_required", "Send the body with its Content-Length.")
    max_size = contract.max_body_size()
    if length.isdecimal() and int(length[:20]) > max_size:
        raise contract.too_large(max_size)
