"""The trash: what one has moved there can be restored until its time is over."""

from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from videos.models import Video
from videos.models.keyset import KeysetOrder
from videos.models.video_queries import VideoQuerySet
from videos.services.library import empty_trash, move_to_trash, restore_from_trash
from videos.views.access import Request, get_video, safe_referer
from videos.views.date_headings import set_date_headings
from videos.views.library_view import LibraryView
from videos.views.pagination import paginate
from videos.views.search import Search, video_url
from videos.views.selectors import with_queue_info
from videos.views.undo import (
    describe_restored,
    describe_trashed,
    offer_undo,
    remember_batch,
    trashed_moment,
)

_LATEST_FIRST = KeysetOrder(F("trashed_at"))


@require_safe
def trash(request: Request) -> HttpResponse:
    """Show what is in the trash, latest first, and how long each stays."""
    trashed = _trashed(request)
    page = paginate(request, trashed, _LATEST_FIRST)
    set_date_headings(page.videos, lambda video: video.trashed_at or video.created_at)
    view = LibraryView.from_request(request)
    context = {
        "page": page,
        "videos": with_queue_info(page.videos),
        "total": trashed.count(),
        "days": settings.TRASH_RETENTION_DAYS,
        "selectable": True,
        "view": view,
    }
    response = render(request, "videos/trash.html", context)
    view.remember(request, response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def empty(request: Request) -> HttpResponse:
    """Ask first; a POST deletes all that is in the trash for good."""
    if request.method != "POST":
        return render(request, "videos/empty_trash_confirm.html", {"total": _trashed(request).count()})
    deleted = empty_trash(request.user)
    text = ngettext(
        "Trash emptied. %(count)d video permanently deleted.",
        "Trash emptied. %(count)d videos permanently deleted.",
        deleted,
    )
    messages.success(request, text % {"count": deleted})
    return redirect("videos:trash")


@require_http_methods(["GET", "HEAD", "POST"])
def trash_video(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST moves the video to the trash, canceling it when it is in flight."""
    video = get_video(request, public_id)
    search = Search.from_request(request)
    if request.method != "POST":
        return render(request, "videos/trash_confirm.html", {"video": video, "search": search})
    move_to_trash([video])
    offer_undo(request, describe_trashed(1), remember_batch(request, [video]))
    return redirect(search.address)


@require_POST
def restore(request: Request, public_id: str) -> HttpResponse:
    video = get_video(request, public_id)
    restore_from_trash([video])
    messages.success(request, describe_restored(1))
    return redirect(video_url(request, video))


@require_POST
def undo(request: Request) -> HttpResponse:
    """Restore all that the session moved to the trash as `batch`."""
    moment = trashed_moment(request, request.POST.get("batch", ""))
    restored = restore_from_trash(_trashed(request).filter(trashed_at=moment)) if moment else 0
    if restored:
        messages.success(request, describe_restored(restored))
    else:
        messages.info(request, gettext("There is nothing left to undo."))
    return redirect(safe_referer(request))


def _trashed(request: Request) -> VideoQuerySet:
    return Video.objects.owned_by(request.user).filter(trashed_at__isnull=False)
