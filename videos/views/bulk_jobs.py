"""Decisions about the jobs of many videos: what they would do and cost is shown first, then carried out."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing.notices import tell_refusal
from billing.spender import ANY_PRICE, spending
from videos.models import ApprovalRequest, Video
from videos.services.bulk_actions import BULK_ACTIONS, BulkAction, act, select_possible
from videos.templatetags.failures import shown_price, total_retry_cost
from videos.views.access import Request
from videos.views.bulk import ActionError, count_videos, selected_videos
from videos.views.search import Search

_DONE = {
    "check-again": "will be checked again",
    "retry": "will be retried",
    "submit-again": "will be submitted again",
    "give-up": "marked as failed",
    "cancel": "canceled",
}


@dataclass(frozen=True)
class Choice:
    """An action that is possible for some of the selected videos, and what it costs in words."""

    name: str
    videos: list[Video]
    is_paid: bool

    @property
    def cost(self) -> str:
        return total_retry_cost(self.videos) if self.is_paid else ""

    @property
    def versions(self) -> list[str]:
        return [seen_version(video) for video in self.videos]


@require_http_methods(["GET", "HEAD", "POST"])
def jobs(request: Request) -> HttpResponse:
    """Show what can be done with the jobs of the videos in `id`; with `do`, do it and go back to the library.

    One's own alone are touched. A reload without a form leads to the library.
    """
    search = Search.from_request(request)
    if request.method != "POST":
        return redirect(search.address)
    try:
        videos = selected_videos(request)
    except ActionError as error:
        messages.error(request, str(error))
        return redirect(search.address)
    action = BULK_ACTIONS.get(request.POST.get("do", ""))
    if action is None:
        return _confirm(request, videos, search)
    seen = set(request.POST.getlist("seen"))
    unchanged = [video for video in videos if not action.is_paid or seen_version(video) in seen]
    messages.info(request, _carry_out(request.POST["do"], action, unchanged, len(videos)))
    return redirect(search.address)


def seen_version(video: Video) -> str:
    """Return what a form says about a video it shows, and about what submitting that again costs.

    A form that is sent again, once what it asked for has happened, names a version that is no more: nothing
    is paid for twice, nor at another price than the page said.
    """
    return f"{video.public_id}.{video.revision}.{shown_price(video)}"


def _confirm(request: Request, videos: list[Video], search: Search) -> HttpResponse:
    choices = [
        Choice(name, possible, action.is_paid)
        for name, action in BULK_ACTIONS.items()
        if (possible := select_possible(action, videos))
    ]
    if not choices:
        messages.info(request, "Nothing is left to decide for the selected videos.")
        return redirect(search.address)
    context = {
        "choices": {choice.name.replace("-", "_"): choice for choice in choices},
        "undecided": [video for video in videos if video.needs_decision and video.trashed_at is None],
        "selected": len(videos),
        "search": search,
    }
    return render(request, "videos/bulk_jobs.html", context)


def _carry_out(name: str, action: BulkAction, videos: list[Video], selected: int) -> str:
    done, waiting, refusals = list[Video](), list[Video](), list[str]()
    with spending(confirmed_price=ANY_PRICE):  # the page said what they cost
        for video in videos:
            try:
                made = act(action, video)
            except ValidationError as error:
                tell_refusal(error)
                refusals.append(" ".join(error.messages))
                continue
            if made:
                (waiting if isinstance(made, ApprovalRequest) else done).append(video)
    sentence = f"{count_videos(done)} {_DONE[name]}." if done else "" if waiting else "Nothing was changed."
    changed = selected - len(done) - len(waiting) - len(refusals)
    left = f"{changed} changed since you opened the page and {'was' if changed == 1 else 'were'} left alone."
    parts = [sentence, _explain_waiting(waiting), left if changed else "", _explain_refusals(refusals)]
    return " ".join(part for part in parts if part)


def _explain_waiting(videos: list[Video]) -> str:
    """Return in a sentence that these wait; empty for none."""
    if not videos:
        return ""
    wait = "waits" if len(videos) == 1 else "wait"
    return f"{count_videos(videos)} {wait} for a manager's approval, and nothing is paid for so far."


def _explain_refusals(refusals: list[str]) -> str:
    """Return in a sentence why some were not paid for; empty for none."""
    if not refusals:
        return ""
    what = "1 video was" if len(refusals) == 1 else f"{len(refusals)} videos were"
    return f"{what} not paid for. {refusals[0]}"
