"""The collections of one video, on its page: which it is in, putting it into one, and taking it out."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from videos.models import Collection, Video
from videos.services.collections import add_videos, find_editable, remove_videos
from videos.validation import is_public_id
from videos.views.access import Request, get_video, get_visible_video
from videos.views.search import video_url

MAX_SUGGESTED = 100  # names of collections


def collections_context(request: Request, video: Video) -> dict[str, object]:
    """Return the collections of the video that one may see, and those that it can be put into.

    The owner of a video sees all that it is in: one can always take one's own out again.
    """
    is_own = video.owner_id == request.user.pk
    editable = Collection.objects.editable_by(request.user)
    holding = _holding(video).order_by("name", "pk")
    if not is_own:
        holding = holding.filter(pk__in=Collection.objects.visible_to(request.user).values("pk"))
    shown = list(holding)
    context: dict[str, object] = {"video_collections": shown}
    if is_own:
        context["removable"] = {each.pk for each in shown}
        context["other_collections"] = editable.order_by("-changed_at", "-pk").only("name")[:MAX_SUGGESTED]
    else:
        context["removable"] = set(editable.filter(items__video=video).values_list("pk", flat=True))
    return context


@require_POST
def collect(request: Request, public_id: str) -> HttpResponse:
    """Put one's own video into the collection named by `collection_name`."""
    video = get_video(request, public_id)
    response = redirect(video_url(request, video))
    try:
        collection = find_editable(request.user, request.POST.get("collection_name", ""))
        added = add_videos(request.user, collection, [video])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = gettext("Added to “%(name)s”.") if added else gettext("It is already in “%(name)s”.")
        messages.success(request, text % {"name": collection.name})
    return response


@require_POST
def uncollect(request: Request, public_id: str) -> HttpResponse:
    """Take the video out of `collection`: one's own, or any of a collection that one may edit."""
    video = get_visible_video(request, public_id)
    collection = _find_holding(video, request.POST.get("collection", ""))
    if remove_videos(request.user, collection, [video]):
        messages.success(request, gettext("Removed from “%(name)s”.") % {"name": collection.name})
    else:
        text = gettext("You cannot take this video out of “%(name)s”.")
        messages.error(request, text % {"name": collection.name})
    is_still_seen = Video.objects.visible_to(request.user).filter(pk=video.pk).exists()
    return redirect(video_url(request, video) if is_still_seen else "videos:collections")


def _holding(video: Video) -> QuerySet[Collection]:
    return Collection.objects.existing().filter(items__video=video).select_related("owner")


def _find_holding(video: Video, public_id: str) -> Collection:
    found = _holding(video).filter(public_id=public_id).first() if is_public_id(public_id) else None
    if found is None:
        raise Http404
    return found
