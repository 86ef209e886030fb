"""The administration's site: Django's, with the desk as its first page and a navigation of its own."""

import hashlib
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from contentgen.desk.groups import group_models
from contentgen.desk.tiles import visible_parts


class DeskSite(AdminSite):
    site_header = site_title = "ContentGen"
    index_title = "Administration"
    enable_nav_sidebar = False  # the desk's own navigation is on every page

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {**context, "nav_groups": group_models(context["available_apps"])}

    def index(  # type: ignore[override]  # Django's own is never asked for a part
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Draw the desk. HTMX, which asks every few seconds, gets its parts alone, or 204 for the same."""
        drawn = render_to_string("admin/desk/_parts.html", {"parts": visible_parts(request, self)}, request)
        version = hashlib.sha256(drawn.encode()).hexdigest()[:16]
        if "HX-Request" not in request.headers:
            context = {"desk": drawn, "desk_version": version, **(extra_context or {})}
            return _vary(super().index(request, context))
        if request.GET.get("version") == version:
            return _vary(HttpResponse(status=204))
        context = {"desk": drawn, "desk_version": version}
        return _vary(HttpResponse(render_to_string("admin/desk/_desk.html", context, request)))


def _vary(response: HttpResponse) -> HttpResponse:
    """Say that one address answers twice, so that going back in the browser never shows the parts alone."""
    patch_vary_headers(response, ["HX-Request"])
    return response
