"""Actions on videos in the admin: on many from the list, or on one from its page."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import model_ngettext
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import User
from accounts.roles import may_manage
from billing.budgets import lock_all_budgets
from billing.errors import RefusedPaymentError
from billing.money import ZERO, plain_amount
from billing.notices import tell_refusal
from billing.spender import ANY_PRICE, read_confirmed_price, spending
from videos.models import State, Video
from videos.services.prices import price_of_another, sum_up
from videos.services.videos import (
    abandon_video,
    cancel_video,
    delete_video,
    recheck_video,
    resubmit_video,
    retry_video,
)
from videos.templatetags.failures import retry_cost

BATCH_SIZE = 200  # videos changed in one transaction, short enough not to keep the workers waiting
MAX_CONFIRMED = 500  # videos that one confirmation covers; a form also holds at most 1,000 fields
_MAX_LISTED = 50  # videos on the confirmation page


@dataclass(frozen=True)
class VideoAction:
    """One action on videos.

    `done` and `why_not` finish the sentences "2 …" and "1 …" for those it changed and those it did not.
    `is_possible` tells from a row whether the action makes sense; the service has the last word. `warning` is
    what the confirmation page says; without one the action is performed at once.
    """

    name: str
    label: str
    meaning: str
    service: Callable[[Video], bool]
    is_possible: Callable[[Video], bool]
    done: str
    why_not: Callable[[Video | None], str]
    permission: str = "operate"
    warning: str = ""
    is_paid: bool = False  # it submits a job, so the confirmation page says what that costs


def _why_not_canceled(video: Video | None) -> str:
    if video is None or video.deleted_at:
        return "had been deleted"
    return "had been canceled before" if video.is_in_flight or _is(video, State.CANCELED) else _FINISHED


def _why_not_retried(video: Video | None) -> str:
    return "had not failed" if video and not video.deleted_at else "had been deleted"


def _why_not_checked(video: Video | None) -> str:
    if video is None or video.deleted_at:
        return "had been deleted"
    if video.needs_decision:
        return "is at a backend that cannot list its jobs"
    if video.state != State.FAILED:
        return "had not failed"
    return "failed for a reason that checking again cannot change"


def _is(video: Video, state: State) -> bool:
    return video.state == state


_FINISHED = "had already finished"

CHECK_AGAIN = VideoAction(
    name="check_again",
    label="Check again",
    meaning="looks up the backend's job once more. Nothing is submitted or charged.",
    service=recheck_video,
    is_possible=lambda video: video.can_check_again,
    done="will be checked again",
    why_not=_why_not_checked,
)
RETRY = VideoAction(
    name="retry",
    label="Retry (may be charged again)",
    meaning="submits a new job. This may be charged again.",
    service=retry_video,
    is_possible=lambda video: video.can_retry,
    done="queued again",
    why_not=_why_not_retried,
    is_paid=True,
    warning="Each of these videos will be submitted to its backend as a new job. This may be charged again.",
)
CANCEL = VideoAction(
    name="cancel",
    label="Cancel",
    meaning="stops the video and asks the backend to delete the job. Charges already made by the backend "
    "remain.",
    service=cancel_video,
    is_possible=lambda video: video.can_cancel,
    done="canceled",
    why_not=_why_not_canceled,
)
SUBMIT_AGAIN = VideoAction(
    name="submit_again",
    label="Submit again (may be charged twice)",
    meaning="queues it again although the backend may have received it before. It may be charged twice.",
    service=resubmit_video,
    is_possible=lambda video: video.needs_decision,
    done="queued again",
    why_not=lambda video: "did not need attention",
    is_paid=True,
    warning="We couldn't confirm that the backend received these jobs. If it did, submitting them again "
    "means that they are charged twice. Check the backend's own list of jobs first.",
)
GIVE_UP = VideoAction(
    name="give_up",
    label="Mark as failed",
    meaning="stops looking for the job. If the backend did receive it, its result is lost.",
    service=abandon_video,
    is_possible=lambda video: video.needs_decision,
    done="marked as failed",
    why_not=lambda video: "did not need attention",
    warning="These videos will be marked as failed. If the backend did receive their jobs, the results "
    "are lost.",
)
DELETE = VideoAction(
    name="delete_selected",  # replaces the admin's own, which would leave files and jobs behind
    label="Delete",
    meaning="removes the video, its files and the backend's job.",
    service=delete_video,
    is_possible=lambda video: True,
    done="deleted",
    why_not=lambda video: "had been deleted before",
    permission="delete",
    warning="These videos and their files are deleted immediately, and their backend jobs where supported. "
    "Videos in progress are canceled first. This cannot be undone.",
)
RECOVERY_ACTIONS = (CHECK_AGAIN, RETRY, CANCEL, SUBMIT_AGAIN, GIVE_UP)
VIDEO_ACTIONS = (*RECOVERY_ACTIONS, DELETE)

AdminAction = Callable[[Any, HttpRequest, QuerySet[Video]], HttpResponseBase | None]


def make_admin_action(action: VideoAction) -> AdminAction:
    """Return the action as one of the video list's."""

    def act(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Video]) -> HttpResponseBase | None:
        pks = _selected_ids(request, queryset)
        if action.warning and len(pks) > MAX_CONFIRMED:
            sentence = f"Select at most {MAX_CONFIRMED} videos for “{action.label}”. Nothing was changed."
            modeladmin.message_user(request, sentence, messages.ERROR)
            return None
        if action.warning and ("confirmed" not in request.POST or _is_dearer_now(action, request, pks)):
            return _ask_to_confirm(action, modeladmin, request, pks)
        return _perform(action, modeladmin, request, pks)

    act.__name__ = action.name
    return admin.action(permissions=[action.permission], description=action.label)(act)


def _selected_ids(request: HttpRequest, queryset: QuerySet[Video]) -> list[int]:
    """Return the selected ids, also of rows that no longer match the list's filter, or all that it shows."""
    if request.POST.get("select_across") == "1":
        return list(queryset.order_by("pk").values_list("pk", flat=True))
    return sorted({int(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)})


def _ask_to_confirm(
    action: VideoAction, modeladmin: Any, request: HttpRequest, pks: list[int]
) -> TemplateResponse:
    """Ask to confirm. The page names the very rows that will be changed, not the filter that found them."""
    eligible = _eligible(action, pks)
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": f"{action.label}: are you sure?",
        "opts": modeladmin.opts,
        "media": modeladmin.media,
        "action": action,
        "pks": pks,
        "count": f"{len(eligible)} {model_ngettext(modeladmin.opts, len(eligible))}",
        "cost": _format_cost(eligible) if action.is_paid else "",
        "shown_price": plain_amount(_known_cost(eligible)),
        "eligible": eligible[:_MAX_LISTED],
        "more": max(0, len(eligible) - _MAX_LISTED),
        "skipped": len(pks) - len(eligible),
        "from_page": "from_page" in request.POST,
    }
    return TemplateResponse(request, "admin/videos/video/action_confirmation.html", context)


def _eligible(action: VideoAction, pks: list[int]) -> list[Video]:
    chosen = Video.objects.filter(pk__in=pks, deleted_at=None).select_related("owner", "backend")
    return [video for video in chosen if action.is_possible(video)]


def _is_dearer_now(action: VideoAction, request: HttpRequest, pks: list[int]) -> bool:
    """Whether the videos cost more than the confirmation page said."""
    if not action.is_paid:
        return False
    shown = read_confirmed_price(request.POST.get("shown_price", ""))
    return shown is not None and _known_cost(_eligible(action, pks)) > shown


def _known_cost(videos: list[Video]) -> Decimal:
    price, _ = sum_up(price_of_another(video) for video in videos if video.backend.is_metered)
    return price.amount if price else ZERO


def _format_cost(videos: list[Video]) -> str:
    """Return what submitting the videos again costs by their prices, in a sentence; empty where free."""
    charged = [video for video in videos if retry_cost(video)]
    price, unpriced = sum_up(map(price_of_another, charged))
    parts = [price.words if price.samples else f"{price} by the catalogue"] if price else []
    parts += [f"an unknown amount for {unpriced} without a price"] if unpriced else []
    return f"This costs {' and '.join(parts)}." if parts else ""


def _perform(
    action: VideoAction, modeladmin: Any, request: HttpRequest, pks: list[int]
) -> HttpResponseBase | None:
    tally: Counter[str] = Counter()
    changed = 0
    for start in range(0, len(pks), BATCH_SIZE):
        with transaction.atomic():
            changed += _perform_batch(action, request, pks[start : start + BATCH_SIZE], tally)
    sentence = "; ".join(f"{count} {words}" for words, count in tally.items())
    modeladmin.message_user(request, f"{sentence}.", messages.SUCCESS if changed else messages.WARNING)
    if "from_page" in request.POST and len(pks) == 1:
        return HttpResponseRedirect(reverse("admin:videos_video_change", args=pks))
    return None


def _perform_batch(action: VideoAction, request: HttpRequest, pks: list[int], tally: Counter[str]) -> int:
    """Perform and log the action, and count the outcomes in `tally`. Returns how many videos changed."""
    found = Video.objects.filter(pk__in=pks).order_by("pk")
    changed, refused = _apply(action, found, cast(User, request.user))
    rows = {video.pk: video for video in found.all()}  # as they are now, to say why one was left alone
    for pk in pks:
        tally[refused.get(pk) or _outcome(action, rows.get(pk), changed=pk in changed)] += 1
    if changed:
        LogEntry.objects.log_actions(
            user_id=cast(int, request.user.pk),
            queryset=[rows[pk] for pk in sorted(changed)],
            action_flag=DELETION if action is DELETE else CHANGE,
            change_message="" if action is DELETE else f"{action.label}.",
        )
    return len(changed)


def _apply(action: VideoAction, videos: QuerySet[Video], by: User) -> tuple[set[int], dict[int, str]]:
    """Return the keys of the videos that changed, and why others were not paid for, by their keys."""
    changed: set[int] = set()
    refused: dict[int, str] = {}
    if action.is_paid:
        lock_all_budgets()  # the videos may be those of several people
    approved = ANY_PRICE if may_manage(by) else None
    # The confirmation page said what they cost.
    with spending(confirmed_price=ANY_PRICE, approved_price=approved, approves_unpriced=True):
        for video in videos:
            try:
                if action.service(video):
                    changed.add(video.pk)
            except RefusedPaymentError as error:
                tell_refusal(error)
                refused[video.pk] = f"not paid for: {error.sentence.rstrip('.')}"
    return changed, refused


def _outcome(action: VideoAction, video: Video | None, *, changed: bool) -> str:
    if not changed:
        return action.why_not(video)
    if action is CANCEL and video is not None and video.is_in_flight:
        return "will be canceled as soon as it is known whether the backend accepted it"
    return action.done
