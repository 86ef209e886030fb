"""One more of a finished video, with one click: the same settings, another seed."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from billing.errors import UnconfirmedPriceError
from billing.notices import tell_refusal
from videos.models import Video
from videos.services.approvals import create_or_ask
from videos.services.form_keys import Submission
from videos.services.paid_requests import NewVideos
from videos.services.variants import can_vary, variant_of
from videos.views.access import Request, get_video
from videos.views.form_keys import note_repetition, submit_form
from videos.views.notifications import notify
from videos.views.search import Search, video_url
from videos.views.selectors import with_queue_info

QUEUED = gettext_lazy("A variant is in the queue.")


@require_POST
def vary(request: Request, public_id: str) -> HttpResponse:
    """Ask for a variant at the price that the button said. HTMX gets the form for the next one and, in the
    studio, the new card; others are led to the new video.

    A dearer price is not paid, and another backend makes nothing unasked: both lead to the composer with the
    same settings, which asks.
    """
    video = get_video(request, public_id)
    if not can_vary(video):
        raise Http404
    try:
        wanted = NewVideos([variant_of(video)])
        submission = submit_form(request, partial(create_or_ask, request.user, wanted))
    except UnconfirmedPriceError as error:
        return _ask_in_composer(request, video, error.sentence)
    except ValidationError as error:
        if "backend" in getattr(error, "error_dict", {}):
            return _ask_in_composer(request, video, " ".join(error.messages))
        tell_refusal(error)
        sentence = " ".join(error.messages)
        answer = _draw_form(request, video) if request.htmx else redirect(video_url(request, video))
        return notify(request, answer, sentence)
    return _show(request, video, submission)


def _ask_in_composer(request: Request, video: Video, sentence: str) -> HttpResponse:
    messages.info(request, sentence)  # on the page that it leads to, by HTMX too
    page = redirect(f"{reverse('videos:studio')}?like={video.public_id}")
    return HttpResponseClientRedirect(page.url) if request.htmx else page


def _show(request: Request, video: Video, submission: Submission) -> HttpResponse:
    made = submission.videos or []
    if not request.htmx:
        page = redirect(video_url(request, made[0] if made else video))
        return note_repetition(request, page, submission)
    page_path = (request.htmx.current_url_abs_path or "").partition("?")[0]
    is_studio = page_path == reverse("videos:studio")
    answer = _draw_form(request, video, made if is_studio else [])
    if made and not is_studio:
        answer = notify(request, answer, QUEUED)
    return note_repetition(request, answer, submission)


def _draw_form(request: Request, video: Video, made: list[Video] | None = None) -> HttpResponse:
    context = {"video": video, "videos": with_queue_info(made or []), "search": Search.from_request(request)}
    return render(request, "videos/_vary_result.html", context)
