"""Decisions about the jobs of many videos: what they would do and cost is shown first, then carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from billing.notices import tell_refusal
from billing.spender import ANY_PRICE, spending
from videos.models import ApprovalRequest, Video
from videos.services.bulk_actions import BULK_ACTIONS, BulkAction, act, select_possible
from videos.templatetags.failures import shown_price, total_retry_cost
from videos.views.access import Request
from videos.views.bulk import ActionError, selected_videos
from videos.views.search import Search

# What was done, by the action and for a number of videos.
_DONE: dict[str, Callable[[int], str]] = {
    "check-again": lambda number: ngettext(
        "%(count)d video will be checked again.", "%(count)d videos will be checked again.", number
    ),
    "retry": lambda number: ngettext(
        "%(count)d video will be retried.", "%(count)d videos will be retried.", number
    ),
    "submit-again": lambda number: ngettext(
        "%(count)d video will be submitted again.", "%(count)d videos will be submitted again.", number
    ),
    "give-up": lambda number: ngettext(
        "%(count)d video marked as failed.", "%(count)d videos marked as failed.", number
    ),
    "cancel": lambda number: ngettext("%(count)d video canceled.", "%(count)d videos canceled.", number),
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
        messages.info(request, gettext("Nothing is left to decide for the selected videos."))
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
    sentence = "" if done or waiting else gettext("Nothing was changed.")
    if done:
        sentence = _DONE[name](len(done)) % {"count": len(done)}
    changed = selected - len(done) - len(waiting) - len(refusals)
    parts = [sentence, _explain_waiting(len(waiting)), _explain_changed(changed), _explain_refusals(refusals)]
    return " ".join(part for part in parts if part)


def _explain_changed(number: int) -> str:
    """Return in a sentence that so many videos were not touched; empty for none."""
    if not number:
        return ""
    text = ngettext(
        "%(count)d changed since you opened the page and was left alone.",
        "%(count)d changed since you opened the page and were left alone.",
        number,
    )
    return text % {"count": number}


def _explain_waiting(number: int) -> str:
    """Return in a sentence that so many videos wait; empty for none."""
    if not number:
        return ""
    text = ngettext(
        "%(count)d video waits for a manager's approval, and nothing is paid for so far.",
        "%(count)d videos wait for a manager's approval, and nothing is paid for so far.",
        number,
    )
    return text % {"count": number}


def _explain_refusals(refusals: list[str]) -> str:
    """Return in a sentence why some were not paid for; empty for none."""
    if not refusals:
        return ""
    text = ngettext("%(count)d video was not paid for.", "%(count)d videos were not paid for.", len(refusals))
    return f"{text % {'count': len(refusals)}} {refusals[0]}"
