"""Actions on many videos at once, and the star on one. Only one's own are ever changed; what is shared can be
compared, downloaded, and taken out of a collection that one may edit.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from accounts.formats import format_number
from videos.formatting import count_of
from videos.forms.collections import CollectionForm
from videos.models import Collection, Video
from videos.services.collections import (
    add_videos,
    create_collection,
    find_editable,
    remove_videos,
    rights_in,
    set_cover,
)
from videos.services.library import (
    add_tag,
    find_tag,
    move_to_trash,
    remove_tag,
    restore_from_trash,
    set_favourite,
)
from videos.validation import is_public_id
from videos.views.access import Request, get_video, safe_referer
from videos.views.search import Search
from videos.views.selectors import with_queue_info, with_tags
from videos.views.undo import describe_restored, describe_trashed, offer_undo, remember_batch
from videos.views.zip_export import zip_response

MAX_SELECTED = 500  # videos at once


@dataclass(frozen=True)
class ActionResult:
    """What an action did, in a sentence, and the batch that undoes it; empty where nothing does.

    `removes`: the videos are no longer among those that the page is about.
    """

    message: str
    undo_batch: str = ""
    removes: bool = False


class ActionError(Exception):
    """The action cannot be carried out, and has changed nothing. The text, shown to people, says why."""


@require_POST
def bulk(request: Request) -> HttpResponseBase:
    """Carry out the action `do` on the videos in `id`, passing over those that it cannot be done with.

    HTMX gets the cards as they are now and a toast; others are led back to where they were.
    """
    try:
        action = request.POST.get("do", "")
        videos = visible_videos(request) if action in _FOR_VIEWERS else selected_videos(request)
        if action == "zip":
            return _zip(request, videos)
        if action == "compare":
            return redirect(f"{reverse('videos:compare')}?{urlencode([('id', v.public_id) for v in videos])}")
        result = _ACTIONS.get(action, _no_action)(request, videos)
    except ActionError as error:
        return _error_response(request, str(error))
    return _success_response(request, videos, result)


@require_POST
def favourite(request: Request, public_id: str) -> HttpResponse:
    """Mark the video as a favourite, or with `on=0` no longer. HTMX gets the star."""
    video = get_video(request, public_id)
    video.favourite = request.POST.get("on") != "0"
    set_favourite([video], on=video.favourite)
    if request.htmx:
        return render(request, "videos/_favourite_button.html", {"video": video})
    return redirect(safe_referer(request))


def selected_videos(request: Request) -> list[Video]:
    """Return one's own of the videos in `id`, in their order. Raises `ActionError` for none or too many."""
    visible = visible_videos(request)
    own = [video for video in visible if video.owner_id == request.user.pk]
    if not own:
        raise ActionError(gettext("None of the selected videos is yours: only their owners can change them."))
    return own


def visible_videos(request: Request) -> list[Video]:
    """Return those of the videos in `id` that one may see, as `selected_videos` does."""
    wanted = list(dict.fromkeys(request.POST.getlist("id")))
    if len(wanted) > MAX_SELECTED:
        sentence = gettext("Select up to %(limit)s videos at once. %(count)s are selected.")
        raise ActionError(sentence % {"limit": MAX_SELECTED, "count": format_number(len(wanted))})
    ids = [public_id for public_id in wanted if is_public_id(public_id)]
    visible = Video.objects.visible_to(request.user).select_related("backend").filter(public_id__in=ids)
    found = {video.public_id: video for video in visible}
    videos = [found[public_id] for public_id in ids if public_id in found]
    if not videos:
        raise ActionError(gettext("Select a video first."))
    return videos


def _zip(request: Request, videos: Sequence[Video]) -> HttpResponseBase:
    with_files = [video for video in videos if video.file]
    if not with_files:
        raise ActionError(gettext("None of the selected videos has a file yet."))
    return zip_response(with_files, request.user)


def _no_action(_: Request, __: Sequence[Video]) -> ActionResult:
    raise ActionError(gettext("Choose an action for the selected videos."))


def _add_favourites(_: Request, videos: Sequence[Video]) -> ActionResult:
    set_favourite(videos, on=True)
    number = len(videos)
    text = ngettext("%(count)d video added to favourites.", "%(count)d videos added to favourites.", number)
    return ActionResult(text % {"count": number})


def _remove_favourites(_: Request, videos: Sequence[Video]) -> ActionResult:
    set_favourite(videos, on=False)
    number = len(videos)
    text = ngettext(
        "%(count)d video removed from favourites.", "%(count)d videos removed from favourites.", number
    )
    return ActionResult(text % {"count": number})


def _tag(request: Request, videos: Sequence[Video]) -> ActionResult:
    with _explained():
        tag = add_tag(request.user, videos, request.POST.get("tag", ""))
    text = ngettext("%(count)d video tagged “%(tag)s”.", "%(count)d videos tagged “%(tag)s”.", len(videos))
    return ActionResult(text % {"count": len(videos), "tag": tag})


def _untag(request: Request, videos: Sequence[Video]) -> ActionResult:
    name = " ".join(request.POST.get("tag", "").replace("\x00", "").split())
    tag = find_tag(request.user, name)
    if tag is None:
        unknown = gettext("You have no tag “%(name)s”.") % {"name": name}
        raise ActionError(unknown if name else gettext("Enter the tag to remove."))
    remove_tag(videos, tag)
    text = ngettext(
        "“%(tag)s” removed from %(count)d video.", "“%(tag)s” removed from %(count)d videos.", len(videos)
    )
    return ActionResult(text % {"count": len(videos), "tag": tag})


def _trash(request: Request, videos: Sequence[Video]) -> ActionResult:
    move_to_trash(videos)
    batch = remember_batch(request, videos)
    return ActionResult(describe_trashed(len(videos)), batch, removes=True)


def _restore(_: Request, videos: Sequence[Video]) -> ActionResult:
    restore_from_trash(videos)
    return ActionResult(describe_restored(len(videos)), removes=True)


def _collect(request: Request, videos: Sequence[Video]) -> ActionResult:
    with _explained():
        collection = find_editable(request.user, request.POST.get("collection_name", ""))
        added = add_videos(request.user, collection, videos)
    if not added:
        text = ngettext("“%(name)s” has it already.", "“%(name)s” has them already.", len(videos))
        return ActionResult(text % {"name": collection.name})
    text = ngettext("%(count)d video added to “%(name)s”.", "%(count)d videos added to “%(name)s”.", added)
    return ActionResult(text % {"count": added, "name": collection.name})


def _collect_in_new(request: Request, videos: Sequence[Video]) -> ActionResult:
    form = CollectionForm({"name": request.POST.get("collection_name", "")}, person=request.user)
    if not form.is_valid():
        raise ActionError(" ".join(str(each) for errors in form.errors.values() for each in errors))
    with _explained():
        collection = create_collection(request.user, form.save(commit=False), videos)
    text = ngettext(
        "Collection “%(name)s” created with %(count)d video. Only you see it.",
        "Collection “%(name)s” created with %(count)d videos. Only you see it.",
        len(videos),
    )
    return ActionResult(text % {"count": len(videos), "name": collection.name})


def _uncollect(request: Request, videos: Sequence[Video]) -> ActionResult:
    collection = _collection_of_page(request)
    if not rights_in(collection, request.user).can_edit and any(
        v.owner_id != request.user.pk for v in videos
    ):
        sentence = gettext("You can take only your own videos out of “%(name)s”.")
        raise ActionError(sentence % {"name": collection.name})
    removed = remove_videos(request.user, collection, videos)
    text = ngettext(
        "%(count)d video removed from “%(name)s”.", "%(count)d videos removed from “%(name)s”.", removed
    )
    return ActionResult(text % {"count": removed, "name": collection.name}, removes=True)


def _cover(request: Request, videos: Sequence[Video]) -> ActionResult:
    collection = _collection_of_page(request)
    if not rights_in(collection, request.user).can_edit:
        raise ActionError(gettext("You cannot change “%(name)s”.") % {"name": collection.name})
    if len(videos) != 1 or not set_cover(collection, videos[0]):
        raise ActionError(gettext("Select the one video of the collection that is to be its cover."))
    return ActionResult(gettext("“%(name)s” has a new cover.") % {"name": collection.name})


def _collection_of_page(request: Request) -> Collection:
    public_id = Search.from_request(request).collection
    visible = Collection.objects.visible_to(request.user).select_related("owner")
    collection = visible.filter(public_id=public_id).first() if public_id else None
    if collection is None:
        raise ActionError(gettext("This collection is no longer there."))
    return collection


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise ActionError(" ".join(error.messages)) from error


_ACTIONS: dict[str, Callable[[Request, Sequence[Video]], ActionResult]] = {
    "favourite": _add_favourites,
    "unfavourite": _remove_favourites,
    "tag": _tag,
    "untag": _untag,
    "trash": _trash,
    "restore": _restore,
    "collect": _collect,
    "collect_in_new": _collect_in_new,
    "uncollect": _uncollect,
    "cover": _cover,
}
_FOR_VIEWERS = ("zip", "compare", "uncollect", "cover")


def count_videos(videos: Sequence[Video]) -> str:
    """Return how many videos these are, such as “3 videos”."""
    return count_of(len(videos), "video")


def _success_response(request: Request, videos: Sequence[Video], result: ActionResult) -> HttpResponse:
    if not request.htmx:
        if result.undo_batch:
            offer_undo(request, result.message, result.undo_batch)
        else:
            messages.success(request, result.message)
        return redirect(safe_referer(request))
    now = with_tags(Video.objects.visible_to(request.user).filter(pk__in=[video.pk for video in videos]))
    remaining = [] if result.removes else list(now.select_related("owner"))
    remaining_ids = {video.public_id for video in remaining}
    context = {
        "videos": with_queue_info(remaining),
        "removed_ids": [video.public_id for video in videos if video.public_id not in remaining_ids],
        "out_of_band": True,
        "result": result,
        "search": Search.from_request(request),
    }
    response = render(request, "videos/_bulk_result.html", context)
    response["HX-Trigger"] = "library:changed"
    return response


def _error_response(request: Request, message: str) -> HttpResponse:
    if request.htmx:
        return render(request, "videos/_bulk_result.html", {"result": ActionResult(message)}, status=422)
    messages.error(request, message)
    return redirect(safe_referer(request))
