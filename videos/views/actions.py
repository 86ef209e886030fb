"""What can be done about a video, besides deleting it. From a card by HTMX, from its page plainly."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from videos import services
from videos.models import Video
from videos.views.finding import Search, way_to
from videos.views.loading import Request, get_video, in_line, signed_in
from videos.views.toasts import say

_TOO_LATE = "This video's status has changed since you opened the page."


@require_POST
@signed_in
def cancel(request: Request, public_id: str) -> HttpResponse:
    return _carry_out(request, public_id, services.cancel)


@require_POST
@signed_in
def retry(request: Request, public_id: str) -> HttpResponse:
    """Submit a failed video anew: another job, which may cost again."""
    return _carry_out(request, public_id, services.retry)


@require_POST
@signed_in
def check_again(request: Request, public_id: str) -> HttpResponse:
    """Look once more for a result, submitting nothing."""
    return _carry_out(request, public_id, services.check_again)


@require_POST
@signed_in
def submit_again(request: Request, public_id: str) -> HttpResponse:
    """The owner's decision: send it once more, though the first may have been accepted."""
    return _carry_out(request, public_id, services.submit_again)


@require_POST
@signed_in
def give_up(request: Request, public_id: str) -> HttpResponse:
    return _carry_out(request, public_id, services.give_up)


def _carry_out(request: Request, public_id: str, act: Callable[[Video], bool]) -> HttpResponse:
    """Do it, and show where the video stands: its card to HTMX, else its page."""
    video = get_video(request, public_id)
    done = video.trashed_at is None and act(video)
    video.refresh_from_db()
    if request.htmx:
        in_line([video])
        response = render(
            request, "videos/_card_with_poller.html", {"video": video, "search": Search.around(request)}
        )
    else:
        response = redirect(way_to(request, video))
    return response if done else say(request, response, _TOO_LATE)
