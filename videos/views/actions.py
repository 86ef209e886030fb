"""What can be done about a video, besides deleting it. From a card by HTMX, from its page plainly."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from videos.models import Video
from videos.services.videos import abandon_video, cancel_video, recheck_video, resubmit_video, retry_video
from videos.views.access import Request, get_video, signed_in
from videos.views.notifications import notify
from videos.views.search import Search, video_url
from videos.views.selectors import with_queue_info

_TOO_LATE = "This video's status has changed since you opened the page."


@require_POST
@signed_in
def cancel(request: Request, public_id: str) -> HttpResponse:
    return _carry_out(request, public_id, cancel_video)


@require_POST
@signed_in
def retry(request: Request, public_id: str) -> HttpResponse:
    """Submit a failed video anew: another job, which may cost again."""
    return _carry_out(request, public_id, retry_video)


@require_POST
@signed_in
def check_again(request: Request, public_id: str) -> HttpResponse:
    """Look once more for a result, submitting nothing."""
    return _carry_out(request, public_id, recheck_video)


@require_POST
@signed_in
def submit_again(request: Request, public_id: str) -> HttpResponse:
    """The owner's decision: send it once more, though the first may have been accepted."""
    return _carry_out(request, public_id, resubmit_video)


@require_POST
@signed_in
def give_up(request: Request, public_id: str) -> HttpResponse:
    return _carry_out(request, public_id, abandon_video)


def _carry_out(request: Request, public_id: str, act: Callable[[Video], bool]) -> HttpResponse:
    """Do it, and show where the video stands: its card to HTMX, else its page."""
    video = get_video(request, public_id)
    done = video.trashed_at is None and act(video)
    video.refresh_from_db()
    if request.htmx:
        with_queue_info([video])
        response = render(
            request, "videos/_card_with_poller.html", {"video": video, "search": Search.around(request)}
        )
    else:
        response = redirect(video_url(request, video))
    return response if done else notify(request, response, _TOO_LATE)
