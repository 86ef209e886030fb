"""The administration's site: Django's, with the dashboard as its first page and a navigation of its own."""

import hashlib
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from contentgen.dashboard.groups import group_models
from contentgen.dashboard.tiles import visible_parts


class AdministrationSite(AdminSite):
    site_header = site_title = "ContentGen"
    index_title = _("Administration")
    enable_nav_sidebar = False  # our own navigation is on every page

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return {**context, "nav_groups": group_models(context["available_apps"])}

    def index(  # type: ignore[override]  # Django's own is never asked for a part
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Draw the dashboard. HTMX asks every few seconds and gets its parts alone, or 204 for the same."""
        drawn = render_to_string(
            "admin/dashboard/_parts.html", {"parts": visible_parts(request, self)}, request
        )
        version = hashlib.sha256(drawn.encode()).hexdigest()[:16]
        if "HX-Request" not in request.headers:
            context = {"dashboard": drawn, "dashboard_version": version, **(extra_context or {})}
            return _vary(super().index(request, context))
        if request.GET.get("version") == version:
            return _vary(HttpResponse(status=204))
        context = {"dashboard": drawn, "dashboard_version": version}
        return _vary(HttpResponse(render_to_string("admin/dashboard/_dashboard.html", context, request)))


def _vary(response: HttpResponse) -> HttpResponse:
    """Say that one address answers twice, so that going back in the browser never shows the parts alone."""
    patch_vary_headers(response, ["HX-Request"])
    return response
