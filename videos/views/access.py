"""Who is asking, and for which video: every view starts here."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from videos.models import Character, ReferenceImage, Video

P = ParamSpec("P")

_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORDS = 10  # of a search
_SEARCH = 200  # characters


class Request(HttpRequest):
    """A request of someone who is signed in, as `signed_in` hands it to a view."""

    user: User
    htmx: HtmxDetails


def signed_in(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Send strangers to the sign-in page and back again afterwards, and keep answers out of shared caches.

    A fragment's request is answered with a redirect of the whole page: the sign-in form must not land inside
    a card when a session ends while the page is open.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            response = view(request, *args, **kwargs)  # type: ignore[arg-type]  # checked on the line above
            if not response.has_header("Cache-Control"):
                patch_cache_control(response, private=True, no_cache=True)
            return response
        if "HX-Request" in request.headers:
            page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
            return HttpResponseClientRedirect(redirect_to_login(page).url)
        return redirect_to_login(request.get_full_path())

    return guarded


def safe_referer(request: Request) -> str:
    """The page that the request came from, when it is one of ours, else the library."""
    wanted = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("videos:library")


def get_video(request: Request, public_id: str) -> Video:
    """Return one's own video. Raises `Http404` for another's, a deleted or an unknown one, to staff too."""
    if not _PUBLIC_ID.fullmatch(public_id):
        raise Http404  # from a query it may hold anything, also what PostgreSQL does not take
    mine = Video.objects.visible_to(request.user).select_related("reference", "backend")
    return get_object_or_404(mine, public_id=public_id)


def get_character(request: Request, public_id: str) -> Character:
    """Return one's own character. Raises `Http404` as `get_video` does."""
    mine = Character.objects.filter(owner=request.user, deleted_at=None)
    return get_object_or_404(mine, public_id=public_id)


def get_reference(request: Request, public_id: str) -> ReferenceImage:
    """Return an image that one keeps. Raises `Http404` as `get_video` does."""
    return get_object_or_404(ReferenceImage.objects.visible_to(request.user), public_id=public_id)


def video_from_query(request: Request, parameter: str) -> Video | None:
    """Return one's own video that `?parameter=` names by its id; None when there is none such."""
    public_id = request.GET.get(parameter, "")
    if not _PUBLIC_ID.fullmatch(public_id):
        return None
    return Video.objects.visible_to(request.user).filter(public_id=public_id).first()


def search_terms(request: Request) -> list[str]:
    """Return the words of `?q=`, all of which a result is to have. A NUL, which databases refuse, is none."""
    return request.GET.get("q", "").replace("\x00", " ")[:_SEARCH].split()[:_WORDS]
