"""Who is asking, and for what: every view starts here."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from contentgen.text_search import MAX_QUERY_LENGTH
from videos.models import Character, Collection, ReferenceImage, Video
from videos.models.video_queries import VideoQuerySet
from videos.services.visibility import note_collection_look
from videos.validation import is_public_id


class Request(HttpRequest):
    """A request of somebody who is signed in: `LoginRequiredMiddleware` lets no other reach a view."""

    user: User
    htmx: HtmxDetails


def safe_referer(request: Request) -> str:
    """Return the page that the request came from when it is one of ours, else the library."""
    referer = request.headers.get("Referer", "")
    is_safe = url_has_allowed_host_and_scheme(
        referer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return referer if is_safe else reverse("videos:library")


def get_video(request: Request, public_id: str) -> Video:
    """Return one's own video.

    Raises `Http404` for one that is unknown, deleted or another's. Staff act on no more than anybody.
    """
    return _find(Video.objects.owned_by(request.user), public_id)


def get_visible_video(request: Request, public_id: str) -> Video:
    """Return a video to look at: one's own, or one that is shared with the person.

    Raises `Http404` for any other, and for one of others' that is in the trash.
    """
    return _find(Video.objects.visible_to(request.user), public_id)


def _find(videos: VideoQuerySet, public_id: str) -> Video:
    if not is_public_id(public_id):
        raise Http404
    return get_object_or_404(
        videos.select_related("reference", "last_frame", "backend", "owner"), public_id=public_id
    )


def get_collection(request: Request, public_id: str) -> Collection:
    """Return a collection that the person may look at. Raises `Http404` as `get_video` does."""
    visible = Collection.objects.visible_to(request.user).select_related("owner", "template", "cover")
    found = get_object_or_404(visible, public_id=public_id)
    note_collection_look(request.user, found)
    return found


def get_character(request: Request, public_id: str) -> Character:
    """Return one's own character. Raises `Http404` as `get_video` does."""
    own = Character.objects.filter(owner=request.user, deleted_at=None)
    return get_object_or_404(own, public_id=public_id)


def get_reference(request: Request, public_id: str) -> ReferenceImage:
    """Return one's own reference image. Raises `Http404` as `get_video` does."""
    return get_object_or_404(ReferenceImage.objects.owned_by(request.user), public_id=public_id)


def video_from_query(request: Request, parameter: str) -> Video | None:
    """Return the video to look at whose id is in `?parameter=`; None when there is no such video."""
    public_id = request.GET.get(parameter, "")
    if not is_public_id(public_id):
        return None
    return Video.objects.visible_to(request.user).filter(public_id=public_id).first()


def search_query(request: Request) -> str:
    """Return what `?q=` searches for, to be shown again. NUL, which no page can show, is left out."""
    return " ".join(request.GET.get("q", "")[:MAX_QUERY_LENGTH].replace("\x00", " ").split())
