"""Who is asking, and for which video: every view starts here."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from videos.engine import experience, turns
from videos.models import State, Video

P = ParamSpec("P")


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


def in_line(videos: Iterable[Video]) -> list[Video]:
    """Return the videos with what drawing them takes: the `place` in the queue of those that are queued, what
    is `usual` for those that run, the backend of those that failed. Besides what `turns.places` asks, that is
    a query for those that run and one for those that failed, however many.
    """
    drawn = list(videos)
    places = turns.places(drawn)
    for video in drawn:
        video.place = places.get(video.pk)
    _recall_usual([video for video in drawn if video.state == State.IN_PROGRESS])
    prefetch_related_objects([video for video in drawn if video.state == State.FAILED], "backend")
    return drawn


def _recall_usual(running: list[Video]) -> None:
    pasts = experience.recall(experience.kind_of(video) for video in running)
    for video in running:
        if expected := pasts[experience.kind_of(video)].expected:
            video.usual, video.late = expected.median, expected.end


def get_video(request: Request, public_id: str) -> Video:
    """Return one's own video. Raises `Http404` for another's, a deleted or an unknown one, to staff too."""
    return get_object_or_404(Video.objects.of(request.user).select_related("reference"), public_id=public_id)
