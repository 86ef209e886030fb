"""What happens to every request and response of the studio."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.template import loader
from django.urls import resolve
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect

from contentgen.monitoring import log_context
from contentgen.uploads import body_limit, form_limit

# Videos and archives are compressed already, and nobody could ask for ranges of them any more.
TEXT_TYPES = ("text/html", "text/css", "text/javascript", "image/svg+xml")

HEALTH_CHECKS = (
    *("/health", "/health/live", "/health/ready", "/health/startup", "/health/proxy"),
    "/metrics",
)

View = Callable[..., HttpResponseBase]


class HealthCheckMiddleware:
    """Answers health checks, and those who scrape metrics, before anything else looks at the request.

    They ask by address, which is not among ALLOWED_HOSTS, and over plain HTTP. Nothing in these responses
    depends on the host.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in HEALTH_CHECKS:
            request.resolver_match = match = resolve(request.path_info)
            view: View = match.func
            return view(request)
        return self.get_response(request)


class TextCompressionMiddleware(GZipMiddleware):
    """Django's compression, for text alone; for static files too that were not compressed beforehand.

    A page may be compressed although it holds a secret (BREACH): its CSRF token is masked anew for every
    response, and Django makes the length of what it compresses random.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        content_type = response.headers.get("Content-Type", "").partition(";")[0]
        if content_type not in TEXT_TYPES or response.status_code == 206 or request.method == "HEAD":
            return response
        return super().process_response(request, response)


class BodyLimitMiddleware:
    """Refuses a body that is too large before any of it is read: Django would write its files to the disk.

    What a view may be sent is said by `takes_upload`, and is for people who are signed in; from anybody else,
    and everywhere else, it is as much as a form needs. A page takes no body without a length. The APIs have
    bounds of their own, answer in their own shape, and ask who it is before they read.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if getattr(view_func, "has_error_shape", False):
            return None
        length = request.headers.get("Content-Length") or ""
        if not length and "Transfer-Encoding" in request.headers:
            return _error_page("411.html", 411)
        if not length.isdecimal() or int(length[:20]) <= form_limit():
            return None
        is_known = request.user.is_authenticated
        if is_known and int(length[:20]) <= body_limit(view_func):
            return None
        return _error_page("413.html", 413)


def _error_page(template: str, status: int) -> HttpResponse:
    """Return a page that needs no context: nothing is known of who is asking."""
    page = loader.get_template(template).render()
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})


class LoginRequiredMiddleware(auth_middleware.LoginRequiredMiddleware):
    """Django's middleware: a view is open to people who are not signed in only with `login_not_required`.

    Where HTMX asks for a part of a page, the browser is sent to the sign-in page as a whole, and back to the
    page it showed: the sign-in form must not land inside a card when a session ends while the page is open.
    Responses to people who are signed in are kept out of shared caches.
    """

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        # Before Django asks who it is, which may take a query that an open view does not need.
        if not _requires_login(view_func):
            return None
        refusal = super().process_view(request, view_func, view_args, view_kwargs)
        log_context.bind(user=request.user.pk)
        return refusal

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code >= 500:  # perhaps because the database is away, which knows who it is
            return response
        match = request.resolver_match
        is_private = match is not None and _requires_login(match.func)
        if is_private and request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response

    def handle_no_permission(  # type: ignore[override]  # django-stubs know Django's redirect alone
        self, request: HttpRequest, view_func: View
    ) -> HttpResponseBase:
        if "HX-Request" not in request.headers:
            return super().handle_no_permission(request, view_func)
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        login_url = resolve_url(self.get_login_url(view_func))
        login = redirect_to_login(page, login_url, self.get_redirect_field_name(view_func))
        return HttpResponseClientRedirect(login.url)


def _requires_login(view: View) -> bool:
    return getattr(view, "login_required", True)  # `login_not_required` sets it
