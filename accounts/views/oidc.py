"""To the OpenID Connect provider and back. Whatever it does, the answer is a page with a sentence."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views as allauth_views
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

logger = logging.getLogger(__name__)

_AWAY = gettext_noop(
    "There is no answer from %(name)s, or none that makes sense. Nothing was changed. Try again in a minute,"
    " or sign in with a password. If it goes on, tell your administrator."
)

View = Callable[..., HttpResponseBase]


def _explained(view: View) -> View:
    """Decorate a view that asks the provider: what goes wrong there is a page, and a line in the log."""

    @wraps(view)
    def explained(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (RequestException, OAuth2Error, LookupError, ValueError, TypeError, AttributeError) as error:
            logger.warning("%s failed: %s: %s", settings.OIDC_ISSUER, type(error).__name__, str(error)[:500])
            context = {"sentence": gettext(_AWAY) % {"name": settings.OIDC_NAME}}
            return render(request, "account/problem.html", context, status=502)

    return explained


@login_not_required
@require_POST
@never_cache
@_explained
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the browser to the provider.

    By a page that goes on by itself: the pages' policy allows no form to end at another host.
    """
    response: HttpResponseBase = allauth_views.login(request, provider_id=provider_id)
    address = response.headers.get("Location", "")
    if not urlsplit(address).netloc:
        return response
    context = {"address": address, "provider": settings.OIDC_NAME}
    page = render(request, "account/continue.html", context)
    page.headers["Refresh"] = f"0; url={address}"
    return page


@login_not_required
@require_safe
@_explained
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take up what the provider says, and sign in."""
    response: HttpResponseBase = allauth_views.callback(request, provider_id=provider_id)
    if isinstance(response, HttpResponse):
        add_never_cache_headers(response)
    return response


@login_not_required
@require_safe
def canceled(request: HttpRequest) -> HttpResponse:
    """Say that somebody canceled at the provider."""
    sentence = gettext("You canceled signing in with %(name)s. Nothing was changed.") % {
        "name": settings.OIDC_NAME
    }
    return render(request, "account/problem.html", {"sentence": sentence})
