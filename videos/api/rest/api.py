"""The door of the REST API: who may come in, one shape for whatever is refused, and the documentation."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.operation import Operation

from videos.api.auth import Caller, authenticate
from videos.api.errors import ApiError
from videos.api.http import View, error_response, with_error_shape


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


class StudioAPI(NinjaAPI):
    """A NinjaAPI whose every answer, also to a wrong method, has the same shape and stays out of caches."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return error_response(exc).response()

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            pattern.callback = with_error_shape(cast(View, pattern.callback))
        return patterns, app_name, namespace


@with_error_shape
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer to every address under /api/ that there is not."""
    raise ApiError(
        404, "not_found", f"There is nothing at {request.path[:200]}. See {reverse('api:openapi-view')}."
    )
