"""Judging: a rating, the one of several that is kept, and what is rejected. By HTMX, or by a form."""

import json
from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.formats import format_number
from videos.models import State, Video
from videos.services.library import move_to_trash, set_rating
from videos.services.takes import choose_take, other_takes_of
from videos.validation import is_public_id
from videos.views.access import Request, get_video, safe_referer
from videos.views.bulk import count_videos
from videos.views.notifications import notify
from videos.views.undo import offer_undo, remember_batch

MAX_OTHERS = 8  # videos that one is chosen among

CHOSEN = gettext_lazy("This video stands for its takes now.")


@require_POST
def rate(request: Request, public_id: str) -> HttpResponse:
    """Give the video the `rating`, from 1 to 5, or none with 0. HTMX gets the stars."""
    video = get_video(request, public_id)
    text = request.POST.get("rating", "")
    try:
        set_rating([video], int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else -1)
    except ValidationError as error:
        if request.htmx:
            return notify(request, HttpResponse(status=422), " ".join(error.messages))
        messages.error(request, " ".join(error.messages))
        return redirect(safe_referer(request))
    video.refresh_from_db(fields=["rating"])
    if request.htmx:
        return render(request, "videos/_rating.html", {"video": video})
    return redirect(safe_referer(request))


@require_POST
def choose(request: Request, public_id: str) -> HttpResponse:
    """Have a finished video stand for all of its takes.

    `reject` moves others to the trash, but what is in flight: with `takes` its other takes, else the videos
    in `other`. Without it, the page is told which others there are, and offers that.
    """
    video = get_video(request, public_id)
    if video.state != State.COMPLETED or video.trashed_at is not None:
        raise Http404
    others = _others(request, video)
    moved = choose_take(video, others if "reject" in request.POST else ())
    if moved:
        batch = remember_batch(request, moved)
        return _answer(request, _moved_message(len(moved)), moved, batch, chosen=video)
    if request.htmx:
        rejectable = [each for each in others if not each.is_in_flight]
        context = {"video": video, "others": rejectable, "other_count": count_videos(rejectable)}
        response = render(request, "videos/_chosen.html", context)
        return _tell_page(response, (), video)
    messages.success(request, CHOSEN)
    return redirect(safe_referer(request))


@require_POST
def reject(request: Request, public_id: str) -> HttpResponse:
    """Move the video to the trash, from where it can be taken back."""
    video = get_video(request, public_id)
    move_to_trash([video])
    return _answer(request, _moved_message(1), [video], remember_batch(request, [video]))


def _others(request: Request, video: Video) -> list[Video]:
    if request.POST.get("among") == "takes":
        return other_takes_of(video)
    ids = [each for each in request.POST.getlist("other")[:MAX_OTHERS] if is_public_id(each)]
    own = Video.objects.owned_by(request.user).not_trashed().exclude(pk=video.pk)
    return list(own.filter(public_id__in=ids))


def _moved_message(count: int) -> str:
    sentence = ngettext("%(count)s video moved to the trash.", "%(count)s videos moved to the trash.", count)
    return sentence % {"count": format_number(count)}


def _answer(
    request: Request, text: str, removed: Sequence[Video], batch: str, chosen: Video | None = None
) -> HttpResponse:
    """HTMX gets a toast that undoes it, and the page is told what has gone; others are led back."""
    if not request.htmx:
        offer_undo(request, text, batch)
        return redirect(safe_referer(request))
    context = {"text": text, "batch": batch}
    response = render(request, "videos/_judged.html", context)
    return _tell_page(response, removed, chosen)


def _tell_page(response: HttpResponse, removed: Sequence[Video], chosen: Video | None) -> HttpResponse:
    # After the swap: the toast would find no place once the card that asked for it has gone.
    told = {"removed": [video.public_id for video in removed], "chosen": chosen and chosen.public_id}
    response["HX-Trigger-After-Swap"] = json.dumps({"library:changed": None, "studio:judged": told})
    return response
