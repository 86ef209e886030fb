"""What an account may do, asked of every request to a page."""

import logging
from collections.abc import Callable
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.usersessions.models import UserSession
from django.core.cache import cache, caches
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django_htmx.http import HttpResponseClientRedirect

from accounts import formats, languages, presence, roles, second_factor
from accounts.client_address import client_address
from accounts.models import User
from audit.origin import Origin, coming_from
from audit.vocabulary import Door
from contentgen.monitoring.log_context import current_request_id

logger = logging.getLogger(__name__)

_DOORS = {"admin": Door.ADMIN, "api": Door.REST, "v1": Door.V1, "webhooks": Door.SYSTEM}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ACTIVITY_PRECISION = 60  # seconds; a page polls every two, and each note is a write
_ASKED_FOR = 10  # seconds for which a process does not ask the cache again whether it was noted

# The pages of people's own accounts, where a viewer may post, and where a second factor is set up.
_ACCOUNT_PAGES = (
    *("account_", "mfa_", "api_token", "socialaccount_", "openid_connect_", "invitation"),
    "notifications:",
)
_SETUP_PAGES = ("account_logout", "account_reauthenticate", "mfa_")

View = Callable[..., HttpResponseBase]


class AuditOriginMiddleware:
    """Says where what a request does comes from, for the audit log. Before all that may write there."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = Origin(
            door=_door_of(request.path_info),
            address=client_address(request),
            request_id=current_request_id(),
            find_person=lambda: _signed_in(request),
        )
        with coming_from(origin):
            return self.get_response(request)


def _door_of(path: str) -> Door:
    first = path.lstrip("/").partition("/")[0]
    return {"admin": Door.ADMIN, "api": Door.REST, "v1": Door.V1, "webhooks": Door.SYSTEM}.get(
        first, Door.PAGE
    )


def _signed_in(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


class SessionActivityMiddleware:
    """Notes once a minute from where a session is used, for the page that lists one's sessions."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 500 and _has_session(request) and request.user.is_authenticated:
            _note_activity(request)
        return response


def _note_activity(request: HttpRequest) -> None:
    key = request.session.session_key or ""
    name = f"session-activity:{key}"
    if not caches["process"].add(name, True, _ASKED_FOR) or not cache.add(name, True, _ACTIVITY_PRECISION):
        return
    try:
        if request.session.exists(key):  # it may have ended meanwhile
            UserSession.objects.create_from_request(request)
            presence.note_seen(cast(int, request.user.pk))
    except DatabaseError as error:  # the page is ready; it must not fail for this
        logger.warning("The use of a session was not noted: %s", error)


def _has_session(request: HttpRequest) -> bool:
    """Whether the request came with a session that somebody looked at; no query is made to find out."""
    return bool(hasattr(request, "session") and request.session.accessed and request.session.session_key)


class PreferencesMiddleware:
    """Shows pages in the language, times in the time zone, dates and numbers in the style that the person
    chose.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()  # the next request of this thread is another person's
            formats.deactivate()

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        if getattr(view_func, "login_required", True) and isinstance(request.user, User):
            if language := languages.chosen_by(request.user):
                translation.activate(language)  # until LanguageMiddleware ends
            formats.activate(request.user.date_style)
            try:
                timezone.activate(ZoneInfo(request.user.time_zone))
            except (ValueError, ZoneInfoNotFoundError):  # none was chosen, or this machine does not know it
                timezone.deactivate()
        return None


class RoleMiddleware:
    """Lets viewers only look: of the studio's own pages, they may request none by another method than GET.

    The APIs ask for themselves (`videos.api.auth`), and so does the admin, by its permissions.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        is_open = not getattr(view_func, "login_required", True)  # what everybody may, a viewer may too
        if request.method in _SAFE_METHODS or is_open or not isinstance(request.user, User):
            return None
        if getattr(view_func, "has_error_shape", False) or _is_elsewhere(request):
            return None
        if roles.may_create(request.user):
            return None
        return render(request, "account/viewers_only_look.html", status=403)


def _is_elsewhere(request: HttpRequest) -> bool:
    match = request.resolver_match
    name = (match and match.view_name) or ""
    return name.startswith((*_ACCOUNT_PAGES, "admin:"))


class SecondFactorMiddleware:
    """Takes staff without a second factor to where one is set up, if MFA_REQUIRED_FOR_STAFF asks for it."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        if not getattr(view_func, "login_required", True) or not isinstance(request.user, User):
            return None
        match = request.resolver_match
        if ((match and match.view_name) or "").startswith(_SETUP_PAGES):
            return None
        if not second_factor.is_missing(request.user):
            return None
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(reverse("mfa_index"))
        return redirect("mfa_index")
