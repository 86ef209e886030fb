"""The trash: what was thrown away and can still be had back, until its time is over."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.db.models import F, Max
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from videos.models import Video
from videos.models.video import VideoQuerySet
from videos.services.library import empty_trash, move_to_trash, restore_from_trash
from videos.views.access import Request, get_video, safe_referer, signed_in
from videos.views.pagination import Order, page_of
from videos.views.search import Search, video_url
from videos.views.selectors import with_queue_info

_LATEST_FIRST = Order(F("trashed_at"))


@require_safe
@signed_in
def trash(request: Request) -> HttpResponse:
    """Show what is in the trash, latest first, and how long each stays."""
    thrown = _thrown(request)
    page = page_of(request, thrown, _LATEST_FIRST)
    context = {
        "page": page,
        "videos": with_queue_info(page.videos),
        "total": thrown.count(),
        "days": settings.TRASH_RETENTION_DAYS,
        "selectable": True,
    }
    return render(request, "videos/trash.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def empty(request: Request) -> HttpResponse:
    """Ask first; a POST deletes all that is in the trash for good."""
    if request.method != "POST":
        return render(request, "videos/empty_trash_confirm.html", {"total": _thrown(request).count()})
    deleted = empty_trash(request.user)
    messages.success(
        request, f"Trash emptied. {deleted} video{'' if deleted == 1 else 's'} permanently deleted."
    )
    return redirect("videos:trash")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def trash_video(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST moves the video to the trash. What is in flight is canceled with it."""
    video = get_video(request, public_id)
    if request.method != "POST":
        return render(request, "videos/trash_confirm.html", {"video": video})
    move_to_trash([video])
    messages.success(request, "1 video moved to the trash.", extra_tags=undo_key([video]))
    return redirect(Search.around(request).address)


@require_POST
@signed_in
def restore(request: Request, public_id: str) -> HttpResponse:
    video = get_video(request, public_id)
    restore_from_trash([video])
    messages.success(request, "1 video restored.")
    return redirect(video_url(request, video))


@require_POST
@signed_in
def undo(request: Request) -> HttpResponse:
    """Restore what was moved to the trash at the moment `trashed`, in one go."""
    moment = _moment(request.POST.get("trashed", ""))
    restored = restore_from_trash(_thrown(request).filter(trashed_at=moment)) if moment else 0
    if restored:
        messages.success(request, "1 video restored." if restored == 1 else f"{restored} videos restored.")
    else:
        messages.info(request, "There is nothing left to undo.")
    return redirect(safe_referer(request))


def undo_key(videos: Sequence[Video]) -> str:
    """What names the deed that put the videos into the trash: the moment it happened, the same for all."""
    moment = Video.objects.filter(pk__in=[video.pk for video in videos]).aggregate(at=Max("trashed_at"))["at"]
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _thrown(request: Request) -> VideoQuerySet:
    return Video.objects.visible_to(request.user).filter(trashed_at__isnull=False)
