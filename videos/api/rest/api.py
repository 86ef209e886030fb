"""The REST API as an object: its authentication, its errors and its documentation."""

from dataclasses import replace
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser

from videos.api.auth import Caller, authenticate
from videos.api.bodies import read_json_object, receive
from videos.api.contract import Contract
from videos.api.errors import ApiError
from videos.api.http import View, error_response, with_error_shape
from videos.api.paths import hint_for
from videos.api.rest.document import complete
from videos.services.images import max_images_size

CONTRACT = Contract(
    name="REST API",
    max_body_size=lambda: settings.MAX_FILE_SIZE + settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    json_may_hold_files=False,
    invalid_status=422,
    wrong_type_code="invalid_value",
    body_param="body",
    too_large_code="too_large",
    unreadable_code="bad_request",
    internal_error_code="internal_error",
    cache_control={"private": True, "no_cache": True},
    field_names={"reference": "input_reference", "is_studio_wide": "studio_wide"},
    # What is wrong with the video that another is to be made from, and an image of too many bytes.
    exceptional_statuses={"video": 409, "too_large": 413},
)

# Of a request for a video, which may bring several images.
IMAGES_CONTRACT = replace(
    CONTRACT, max_body_size=lambda: max_images_size() + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
)


# Of a batch, whose file and images come as one form.
BATCH_CONTRACT = replace(
    CONTRACT,
    max_body_size=lambda: (
        settings.MAX_BATCH_FILE_SIZE + settings.MAX_BATCH_ZIP_SIZE + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    ),
)
_CONTRACTS = {"generate": IMAGES_CONTRACT, "create_batch": BATCH_CONTRACT}


class Request(HttpRequest):
    """A request of an authenticated caller."""

    auth: Caller


class ApiToken:
    """The authentication that django-ninja calls for every request, and its entry in the documentation."""

    openapi_security_schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from the page “API tokens”. A read token may only GET.",
    }

    def __call__(self, request: HttpRequest) -> Caller:
        caller = authenticate(request)
        receive(request)  # before django-ninja looks whether there is a body
        return caller


class JsonObjects(Parser):
    """Reads a JSON body as everywhere else: an object, whole, with each field once."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return read_json_object(request, CONTRACT)


class Documentation(DocsBase):
    """Swagger UI from our own static files, so that the pages' strict Content-Security-Policy holds."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(request, "api/docs.html", {"address": self.get_openapi_url(api, kwargs)})


class StudioAPI(NinjaAPI):
    """A NinjaAPI whose every error, also for a wrong method, has the one shape, and is kept out of caches."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the file, which is made once: that takes a second of computing, and anybody may ask."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._documents:
            document = super().get_openapi_schema(path_prefix=prefix)
            complete(document)
            self._documents[prefix] = document
        return self._documents[prefix]

    @cached_property
    def _documents(self) -> dict[str, OpenAPISchema]:
        return {}

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return error_response(exc, CONTRACT)

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            contract = _CONTRACTS.get(getattr(pattern, "name", ""), CONTRACT)
            pattern.callback = with_error_shape(contract)(cast(View, pattern.callback))
        return patterns, app_name, namespace


@with_error_shape(CONTRACT)
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer 404 to every other address below /api/, and to what was to be an address of an API."""
    where = reverse("api:openapi-view")
    message = f"There is nothing at {request.path[:200]}.{hint_for(request.path_info)} See {where}."
    raise ApiError(404, "not_found", message)
