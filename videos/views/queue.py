"""One's own queue: what waits, in which order, and what its owner decides about it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from django_stubs_ext import StrOrPromise

from accounts.models import User
from videos.services import queue as service
from videos.services.approvals import waiting_of as approvals_waiting_of
from videos.services.queue import MAX_SELECTED, Place
from videos.services.queue_entries import read_queue
from videos.validation import is_public_id
from videos.views.access import Request
from videos.views.notifications import notify

_MAX_CURSOR = 40  # characters


@require_safe
def queue(request: Request) -> HttpResponse:
    """Show one's own queue; `?after=` goes on behind a video of it."""
    context = _context(request) | {"approvals": approvals_waiting_of(request.user)}
    return render(request, "videos/queue.html", context)


@require_safe
def live(request: Request) -> HttpResponse:
    """Return the part of the page that changes: 204 where nothing has since `?seen=`."""
    context = _context(request)
    if request.GET.get("seen") == context["own"].fingerprint:
        return HttpResponse(status=204)
    return render(request, "videos/_queue_live.html", context)


def _context(request: Request) -> dict[str, Any]:
    after = request.GET.get("after", "") or request.POST.get("after", "")
    after = after[:_MAX_CURSOR]
    own = read_queue(request.user, after=after)
    if after and not own.entries and own.waiting:  # all that was behind it has left the queue
        after, own = "", read_queue(request.user)
    return {"own": own, "at": after, "query": urlencode({"after": after}) if after else ""}


# --- What its owner decides --------------------------------------------------------------------------------


@require_POST
def change(request: Request) -> HttpResponse:
    """Do what the button says, with the videos in `id`, or with the one that it names after a space. HTMX
    gets the part of the page that changes.
    """
    do, _, one = request.POST.get("do", "").partition(" ")
    if do == "place":
        words = _place(request, one)
    else:
        ids = [each for each in ([one] if one else request.POST.getlist("id")) if is_public_id(each)]
        words = _act(request.user, do, ids[:MAX_SELECTED])
    if request.htmx:
        return notify(request, render(request, "videos/_queue_live.html", _context(request)), words)
    at = request.POST.get("after", "")[:_MAX_CURSOR]
    address = reverse("videos:queue") + (f"?{urlencode({'after': at})}" if at else "")
    return notify(request, redirect(address), words)


def _act(owner: User, do: str, ids: list[str]) -> str:
    """Return in a sentence what was done."""
    if do in _WHOLE_QUEUE:
        act, done, otherwise = _WHOLE_QUEUE[do]
        return str(done if act(owner) else otherwise)
    if not ids:
        return gettext("Select videos first.")
    if do in list(Place):
        found = service.reorder(owner, ids, Place(do))
        return _tell_moved(found) if found else str(_STARTED)
    if do in _PAUSES:
        pause, tell = _PAUSES[do]
        changed = pause(owner, ids)
        return tell(changed) % {"count": changed} if changed else gettext("Nothing was changed.")
    return gettext("Nothing was changed.")


def _place(request: Request, public_id: str) -> str:
    """Put a video where it was dropped: between the two that the page had there."""
    behind, before = (request.POST.get(name, "") for name in ("behind", "before"))
    is_valid = all(not each or is_public_id(each) for each in (behind, before)) and is_public_id(public_id)
    if is_valid and service.place_between(request.user, public_id, behind=behind, before=before):
        return _tell_moved(1)
    return gettext("The queue has changed meanwhile, and nothing was moved. This is how it is now.")


_STARTED = gettext_lazy("Nothing was moved: it has left the queue.")
_WHOLE_QUEUE: dict[str, tuple[Callable[[User], bool], StrOrPromise, StrOrPromise]] = {
    "pause_queue": (
        service.pause_queue,
        gettext_lazy("Your queue is paused."),
        gettext_lazy("Your queue was paused before."),
    ),
    "resume_queue": (
        service.resume_queue,
        gettext_lazy("Your queue goes on."),
        gettext_lazy("Your queue was not paused."),
    ),
}
_PAUSES: dict[str, tuple[Callable[[User, list[str]], int], Callable[[int], str]]] = {
    "pause": (
        service.pause_videos,
        lambda count: ngettext("%(count)d video paused.", "%(count)d videos paused.", count),
    ),
    "resume": (
        service.resume_videos,
        lambda count: ngettext("%(count)d video resumed.", "%(count)d videos resumed.", count),
    ),
}


@require_POST
def cancel(request: Request) -> HttpResponse:
    """Say how many videos that would be and what is given back; once that is `confirmed`, cancel them.

    Those in `id`, or with `all` the whole queue.
    """
    ids = [each for each in request.POST.getlist("id") if is_public_id(each)][:MAX_SELECTED]
    chosen = None if request.POST.get("all") else ids
    if request.POST.get("confirmed"):
        canceled = service.cancel_waiting(request.user, chosen)
        words = _tell_canceled(canceled) if canceled else gettext("Nothing was left to cancel.")
        messages.info(request, words)
        return redirect("videos:queue")
    preview = service.preview_cancellation(request.user, chosen)
    if not preview.count:
        messages.info(
            request, gettext("Nothing in the queue is selected.") if ids else gettext("Select videos first.")
        )
        return redirect("videos:queue")
    context = {"preview": preview, "ids": ids, "is_all": chosen is None}
    return render(request, "videos/queue_cancel.html", context)


def _tell_moved(count: int) -> str:
    words = ngettext("%(count)d video moved.", "%(count)d videos moved.", count)
    return words % {"count": count}


def _tell_canceled(count: int) -> str:
    words = ngettext("%(count)d video canceled.", "%(count)d videos canceled.", count)
    return words % {"count": count}
