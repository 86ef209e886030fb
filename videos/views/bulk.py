"""What is done to many videos at once, and the star on one. Only one's own are ever touched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from videos.models import Video
from videos.services.library import (
    add_tag,
    find_tag,
    move_to_trash,
    remove_tag,
    restore_from_trash,
    set_favourite,
)
from videos.views.access import Request, get_video, safe_referer, signed_in
from videos.views.search import Search
from videos.views.selectors import with_queue_info, with_tags
from videos.views.trash import undo_key
from videos.views.zip_export import zip_response

MOST = 500  # videos at once


@dataclass(frozen=True)
class ActionResult:
    """What to say of a deed, and what undoes it: when the videos were trashed, else empty."""

    sentence: str
    undo: str = ""


class RefusedError(Exception):
    """The deed cannot be done; the text says why. Nothing was changed."""


@require_POST
@signed_in
def bulk(request: Request) -> HttpResponseBase:
    """Do `do` to the videos in `id`. What is not, or no longer, one's own is passed over.

    To HTMX it answers with the cards as they are now and a sentence; else it leads back.
    """
    try:
        videos = _selected(request)
        deed = request.POST.get("do", "")
        if deed == "zip":
            return _zip(videos)
        if deed == "compare":
            return redirect(f"{reverse('videos:compare')}?{urlencode([('id', v.public_id) for v in videos])}")
        done = _ACTIONS.get(deed, _nothing)(request, videos)
    except RefusedError as refusal:
        return _refuse(request, str(refusal))
    return _tell(request, videos, done)


@require_POST
@signed_in
def favourite(request: Request, public_id: str) -> HttpResponse:
    """Mark the video as a favourite, or with `on=0` no longer. HTMX gets the star."""
    video = get_video(request, public_id)
    video.favourite = request.POST.get("on") != "0"
    set_favourite([video], on=video.favourite)
    if request.htmx:
        return render(request, "videos/_favourite_button.html", {"video": video})
    return redirect(safe_referer(request))


def _selected(request: Request) -> list[Video]:
    """One's own among those selected, in their order. Raises `RefusedError` for none and for too many."""
    wanted = list(dict.fromkeys(request.POST.getlist("id")))
    if len(wanted) > MOST:
        raise RefusedError(f"Select up to {MOST} videos at once. {len(wanted):,} are selected.")
    known = [public_id for public_id in wanted if "\x00" not in public_id]
    mine = Video.objects.visible_to(request.user).filter(public_id__in=known)
    found = {video.public_id: video for video in mine}
    videos = [found[public_id] for public_id in known if public_id in found]
    if not videos:
        raise RefusedError("Select a video first.")
    return videos


def _zip(videos: Sequence[Video]) -> HttpResponseBase:
    films = [video for video in videos if video.file]
    if not films:
        raise RefusedError("None of the selected videos has a file yet.")
    return zip_response(films)


def _nothing(_: Request, __: Sequence[Video]) -> ActionResult:
    raise RefusedError("Choose an action for the selected videos.")


def _favour(_: Request, videos: Sequence[Video]) -> ActionResult:
    set_favourite(videos, on=True)
    return ActionResult(f"{_number(videos)} added to favourites.")


def _unfavour(_: Request, videos: Sequence[Video]) -> ActionResult:
    set_favourite(videos, on=False)
    return ActionResult(f"{_number(videos)} removed from favourites.")


def _tag(request: Request, videos: Sequence[Video]) -> ActionResult:
    try:
        tag = add_tag(request.user, videos, request.POST.get("tag", ""))
    except ValidationError as error:
        raise RefusedError(" ".join(error.messages)) from error
    return ActionResult(f"{_number(videos)} tagged “{tag}”.")


def _untag(request: Request, videos: Sequence[Video]) -> ActionResult:
    name = " ".join(request.POST.get("tag", "").replace("\x00", "").split())
    tag = find_tag(request.user, name)
    if tag is None:
        raise RefusedError(f"You have no tag “{name}”." if name else "Enter the tag to remove.")
    remove_tag(videos, tag)
    return ActionResult(f"“{tag}” removed from {_number(videos)}.")


def _trash(request: Request, videos: Sequence[Video]) -> ActionResult:
    move_to_trash(videos)
    return ActionResult(f"{_number(videos)} moved to the trash.", undo_key(videos))


def _restore(_: Request, videos: Sequence[Video]) -> ActionResult:
    restore_from_trash(videos)
    return ActionResult(f"{_number(videos)} restored.")


_ACTIONS: dict[str, Callable[[Request, Sequence[Video]], ActionResult]] = {
    "favourite": _favour,
    "unfavourite": _unfavour,
    "tag": _tag,
    "untag": _untag,
    "trash": _trash,
    "restore": _restore,
}


def _number(videos: Sequence[Video]) -> str:
    return "1 video" if len(videos) == 1 else f"{len(videos)} videos"


def _tell(request: Request, videos: Sequence[Video], done: ActionResult) -> HttpResponse:
    if not request.htmx:
        messages.success(request, done.sentence, extra_tags=done.undo)
        return redirect(safe_referer(request))
    now = with_tags(Video.objects.visible_to(request.user).filter(pk__in=[video.pk for video in videos]))
    in_trash = request.POST.get("do") == "restore"
    stay = [video for video in now if (video.trashed_at is not None) == in_trash]
    kept = {video.public_id for video in stay}
    context = {
        "videos": with_queue_info(stay),
        "gone": [video.public_id for video in videos if video.public_id not in kept],
        "out_of_band": True,
        "done": done,
        "search": Search.around(request),
    }
    response = render(request, "videos/_bulk_result.html", context)
    response["HX-Trigger"] = "library:changed"
    return response


def _refuse(request: Request, sentence: str) -> HttpResponse:
    if request.htmx:
        return render(request, "videos/_bulk_result.html", {"done": ActionResult(sentence)}, status=422)
    messages.error(request, sentence)
    return redirect(safe_referer(request))
