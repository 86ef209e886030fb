"""What can be done with one video while it is made and after it failed: by HTMX from a card, or by a form."""

from collections.abc import Callable
from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from billing.errors import RefusedPaymentError, UnconfirmedPriceError
from billing.notices import tell_refusal
from billing.spender import read_confirmed_price, spending
from videos.models import ApprovalRequest, RequestKind, Video
from videos.services.approvals import create_or_ask, explain_wait
from videos.services.paid_requests import Resubmission, VideoChangedError
from videos.services.prices import price_of_another
from videos.services.video_actions import (
    abandon_video,
    adopt_candidate,
    cancel_video,
    recheck_video,
)
from videos.views.access import Request, get_video
from videos.views.notifications import notify
from videos.views.search import Search, video_url
from videos.views.selectors import with_queue_info

# By the names of their addresses.
_PAID = {"retry": gettext_lazy("Retry"), "resubmit": gettext_lazy("Submit again")}


@require_POST
def cancel(request: Request, public_id: str) -> HttpResponse:
    return _perform(request, public_id, cancel_video)


@require_POST
def retry(request: Request, public_id: str) -> HttpResponse:
    """Submit a failed video as a new job, which may cost again."""
    return _perform(request, public_id, partial(_submit, request, RequestKind.RETRY))


@require_POST
def recheck(request: Request, public_id: str) -> HttpResponse:
    """Look once more for the result of a failed video, or for the job of one that needs a decision."""
    return _perform(request, public_id, recheck_video)


@require_POST
def resubmit(request: Request, public_id: str) -> HttpResponse:
    """Submit a video again as its owner decided, though the backend may have accepted it before."""
    return _perform(request, public_id, partial(_submit, request, RequestKind.SUBMIT_AGAIN))


@require_POST
def adopt(request: Request, public_id: str) -> HttpResponse:
    """Take the candidate `job_id` for the video's job, as its owner decided."""
    job_id = request.POST.get("job_id", "")
    return _perform(request, public_id, lambda video: adopt_candidate(video, job_id))


@require_POST
def abandon(request: Request, public_id: str) -> HttpResponse:
    """Mark a video as failed as its owner decided, though the backend may have accepted it."""
    return _perform(request, public_id, abandon_video)


@require_safe
def confirm_price(request: Request, public_id: str, action: str) -> HttpResponse:
    """Ask whether a video is to be submitted again at its price, which is a high one."""
    video = get_video(request, public_id)
    price = price_of_another(video)
    if action not in _PAID or price is None:
        raise Http404
    context = {"video": video, "price": price, "action": f"videos:{action}", "verb": _PAID[action]}
    return render(request, "videos/confirm_price.html", context)


def _submit(request: Request, kind: RequestKind, video: Video) -> bool | str:
    """Submit the video once more. Returns whether its status allows it, or that it waits for approval."""
    try:
        made = create_or_ask(request.user, Resubmission(kind, video))
    except VideoChangedError:
        return False
    return explain_wait(made) if isinstance(made, ApprovalRequest) else True


def _ask_to_confirm(request: Request, video: Video) -> HttpResponse:
    match = request.resolver_match
    page = redirect("videos:confirm_price", video.public_id, match.url_name if match else "")
    return HttpResponseClientRedirect(page.url) if request.htmx else page


def _perform(request: Request, public_id: str, action: Callable[[Video], bool | str]) -> HttpResponse:
    """Apply `action`, and show the video as it is then: HTMX gets its card, others are led to its page.

    Nothing is done to a video in the trash, nor when `action` returns False or may not be paid for: a note
    says so, or what `action` says instead of True.
    """
    video = get_video(request, public_id)
    try:
        with spending(
            confirmed_price=read_confirmed_price(request.POST.get("confirm_price", "")),
            shown_price=read_confirmed_price(request.POST.get("shown_price", "")),
        ):
            done = video.trashed_at is None and action(video)
        too_late = gettext("This video's status has changed since you opened the page.")
        note = done if isinstance(done, str) else "" if done else too_late
    except UnconfirmedPriceError:
        return _ask_to_confirm(request, video)
    except RefusedPaymentError as error:
        tell_refusal(error)
        note = error.sentence
    video.refresh_from_db()
    if request.htmx:
        with_queue_info([video])
        context = {"video": video, "search": Search.from_request(request)}
        response = render(request, "videos/_card_with_poller.html", context)
    else:
        response = redirect(video_url(request, video))
    return notify(request, response, note) if note else response
