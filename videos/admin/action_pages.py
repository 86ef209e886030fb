"""Asking about an action on videos and carrying it out: what it costs, whom, and which are left alone."""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override

from accounts.formats import format_number
from accounts.models import User
from accounts.roles import may_create, may_manage
from billing.budgets import lock_all_budgets
from billing.errors import RefusedPaymentError
from billing.money import ZERO, format_money, plain_amount
from billing.notices import tell_refusal
from billing.spender import ANY_PRICE, read_confirmed_price, spending
from videos.admin.actions import (
    CANCEL,
    CANCELED_SOON,
    CHECK_AGAIN,
    DELETE,
    EXPORT,
    MAKE_PRIVATE,
    UNREADABLE,
    Outcome,
    VideoAction,
    for_heir,
    not_paid_for,
)
from videos.formatting import count_of
from videos.models import Video
from videos.services.handing_over import with_audience
from videos.services.prices import Price, price_of_another, sum_up
from videos.templatetags.failures import retry_cost

BATCH_SIZE = 100  # videos changed in one transaction, short enough not to keep the workers waiting
MAX_SELECTED = 1000  # videos of one action
EXPORTED_AT_ONCE = 500  # videos in one archive, as in the library
_MAX_LISTED = 50  # videos on the confirmation page
_MAX_PAYERS = 10  # people named on it
_READ_AT_ONCE = 500

AdminAction = Callable[[Any, HttpRequest, QuerySet[Video]], HttpResponseBase | None]


def make_admin_action(action: VideoAction) -> AdminAction:
    """Return the action as one of the video list's."""

    def act(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Video]) -> HttpResponseBase | None:
        pks = _selected_ids(request, queryset)
        if len(pks) > MAX_SELECTED:
            sentence = gettext("Select at most %(number)s videos for “%(action)s”. Nothing was changed.")
            words = {"number": format_number(MAX_SELECTED), "action": action.label}
            modeladmin.message_user(request, sentence % words, messages.ERROR)
            return None
        question = Question(action, request, pks)
        if question.is_answered:
            return _perform(question, modeladmin)
        return _ask(question, modeladmin)

    act.__name__ = action.name
    return admin.action(permissions=[action.permission], description=action.label)(act)


def _selected_ids(request: HttpRequest, queryset: QuerySet[Video]) -> list[int]:
    """Return the selected ids, also of rows that no longer match the list's filter, or of what it shows.

    A confirmation page names them in one field, because a form holds at most a thousand.
    """
    if "pks" in request.POST:
        chosen = request.POST["pks"].split(",")
    elif request.POST.get("select_across") == "1":
        return sorted(queryset.values_list("pk", flat=True)[: MAX_SELECTED + 1])
    else:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
    return sorted({int(pk) for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < 19})


@dataclass
class Question:
    """What a page asks before the action is carried out on the videos with these keys, and the answer."""

    action: VideoAction
    request: HttpRequest
    pks: list[int]
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.action.takes_owner and (heir := self._find_heir()):
            self.action = for_heir(self.action, heir)

    @property
    def by(self) -> User:
        return cast(User, self.request.user)

    @cached_property
    def rows(self) -> dict[int, Video]:
        """The videos as they are now, by their keys, without deleted ones."""
        found: dict[int, Video] = {}
        for start in range(0, len(self.pks), _READ_AT_ONCE):
            chosen = Video.objects.filter(pk__in=self.pks[start : start + _READ_AT_ONCE], deleted_at=None)
            chosen = chosen.select_related("owner", "backend", "batch").order_by("pk")
            found |= {
                each.pk: each for each in (with_audience(chosen) if self.action is MAKE_PRIVATE else chosen)
            }
        return found

    @cached_property
    def eligible(self) -> list[Video]:
        return [video for video in self.rows.values() if self.action.is_possible(video)]

    @cached_property
    def skipped(self) -> list[str]:
        """How many of the chosen videos are left alone, and why: a phrase for each reason."""
        kept = {video.pk for video in self.eligible}
        reasons = Counter(self.action.why_not(self.rows.get(pk)) for pk in self.pks if pk not in kept)
        return [outcome.of(count) for outcome, count in reasons.most_common()]

    @property
    def is_answered(self) -> bool:
        """Whether the person has confirmed what is true now; if not, `problems` says why it is asked anew."""
        if "confirmed" not in self.request.POST or self.action is EXPORT:
            self.problems.clear()
            return False
        if self.action.is_paid and self._known_cost > self._shown_price:
            prices = {"was": format_money(self._shown_price), "now": format_money(self._known_cost)}
            problem = gettext(
                "The price has risen from %(was)s to %(now)s since you were asked. Nothing was changed."
            )
            self.problems.append(problem % prices)
        return not self.problems

    # --- What it costs --------------------------------------------------------------------------------------

    @property
    def cost(self) -> str:
        """What submitting the videos again costs by their prices, in a sentence; empty where free."""
        if not self.action.is_paid:
            return ""
        charged = [video for video in self.eligible if retry_cost(video)]
        price, unpriced = sum_up(map(price_of_another, charged))
        if price and unpriced:
            sentence = gettext(
                "This costs at most %(price)s (%(currency)s) and an unknown amount for %(count)d without a "
                "price."
            )
        elif price:
            sentence = gettext("This costs at most %(price)s (%(currency)s).")
        elif unpriced:
            sentence = gettext("This costs an unknown amount for %(count)d without a price.")
        else:
            return gettext("This costs nothing.")
        return sentence % {"price": _basis(price), "currency": settings.CURRENCY, "count": unpriced}

    @property
    def payers(self) -> list[tuple[str, str]]:
        """Whose budgets pay for it: the owners, each with how many videos and what they cost."""
        by_owner: dict[str, list[Video]] = {}
        for video in self.eligible if self.action.is_paid else ():
            if retry_cost(video):
                by_owner.setdefault(str(video.owner), []).append(video)
        lines = []
        for owner, videos in sorted(by_owner.items())[:_MAX_PAYERS]:
            known = _known_cost(videos)
            amount = format_money(known) if known else gettext("an unknown amount")
            lines.append((owner, f"{count_of(len(videos), 'video')}, {amount}"))
        if (more := len(by_owner) - _MAX_PAYERS) > 0:
            words = ngettext("%(count)d more people", "%(count)d more people", more)
            lines.append((words % {"count": more}, ""))
        return lines

    @cached_property
    def _known_cost(self) -> Decimal:
        return _known_cost(self.eligible)

    @property
    def _shown_price(self) -> Decimal:
        return read_confirmed_price(self.request.POST.get("shown_price", "")) or ZERO

    @property
    def shown_price(self) -> str:
        return plain_amount(self._known_cost) if self.action.is_paid else ""

    # --- Beside it ------------------------------------------------------------------------------------------

    @property
    def free_alternatives(self) -> int:
        """How many of the videos could be checked again for free instead."""
        if not self.action.is_paid:
            return 0
        return sum(1 for video in self.rows.values() if CHECK_AGAIN.is_possible(video))

    @property
    def archives(self) -> list[list[Video]]:
        """The videos of each archive, where they are exported."""
        if self.action is not EXPORT:
            return []
        return [
            self.eligible[start : start + EXPORTED_AT_ONCE]
            for start in range(0, len(self.eligible), EXPORTED_AT_ONCE)
        ]

    @property
    def heir_name(self) -> str:
        return self.request.POST.get("heir", "").strip()[:150]

    def _find_heir(self) -> User | None:
        name = self.heir_name
        found = list(User.objects.filter(username__iexact=name)[:2])
        exact = [each for each in found if each.username == name] or found
        if len(exact) != 1:
            nobody = gettext("There is nobody called “%(name)s”.") % {"name": name}
            self.problems.append(nobody if name else gettext("Enter the new owner's name."))
            return None
        if not may_create(exact[0]):
            problem = gettext("%(name)s cannot have videos: the account is off, or a viewer's.")
            self.problems.append(problem % {"name": exact[0]})
            return None
        return exact[0]


def _known_cost(videos: list[Video]) -> Decimal:
    price, _ = sum_up(price_of_another(video) for video in videos if video.backend.is_metered)
    return price.amount if price else ZERO


def _count(number: int) -> str:
    words = ngettext("%(number)s video", "%(number)s videos", number)
    return words % {"number": format_number(number)}


def _basis(price: Price | None) -> str:
    """Return a price and where it is from: what such videos cost before, or else the catalogue."""
    if price is None or price.samples:
        return price.words if price else ""
    return gettext("%(price)s by the catalogue") % {"price": price}


def _ask(question: Question, modeladmin: Any) -> TemplateResponse:
    """Ask to confirm. The page names the very rows that will be changed, not the filter that found them."""
    request, eligible = question.request, question.eligible
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("%(action)s: are you sure?") % {"action": question.action.label},
        "opts": modeladmin.opts,
        "media": modeladmin.media,
        "question": question,
        "action": question.action,
        "pks": ",".join(map(str, question.pks)),
        "first_pk": question.pks[0] if question.pks else 0,
        "count": _count(len(eligible)),
        "eligible": eligible[:_MAX_LISTED],
        "more": max(0, len(eligible) - _MAX_LISTED),
        "from_page": "from_page" in request.POST,
    }
    return TemplateResponse(request, "admin/videos/video/action_confirmation.html", context)


def _perform(question: Question, modeladmin: Any) -> HttpResponseBase | None:
    request, pks, tally = question.request, question.pks, Counter[Outcome]()
    changed = 0
    for start in range(0, len(pks), BATCH_SIZE):
        changed += _perform_batch(question, pks[start : start + BATCH_SIZE], tally)
    sentence = "; ".join(outcome.of(count) for outcome, count in tally.items())
    modeladmin.message_user(request, f"{sentence}.", messages.SUCCESS if changed else messages.WARNING)
    if "from_page" in request.POST and len(pks) == 1 and question.action is not DELETE:
        return HttpResponseRedirect(reverse("admin:videos_video_change", args=pks))
    if "from_page" in request.POST:
        return HttpResponseRedirect(reverse("admin:videos_video_changelist"))
    return None


def _perform_batch(question: Question, pks: list[int], tally: Counter[Outcome]) -> int:
    """Perform and log the action, and count the outcomes in `tally`. Returns how many videos changed.

    Each video is a transaction of its own; where budgets are locked, all of the batch are one.
    """
    action, by = question.action, question.by
    found = Video.objects.filter(pk__in=pks).select_related("owner", "backend", "batch").order_by("pk")
    with transaction.atomic() if action.is_paid else nullcontext():
        changed, refused = _apply(action, found, by)
    rows = {video.pk: video for video in found.all()}  # as they are now, to say why one was left alone
    for pk in pks:
        tally[refused.get(pk) or _outcome(action, rows.get(pk), changed=pk in changed)] += 1
    if changed:
        with override("en"):  # it is stored
            LogEntry.objects.log_actions(
                user_id=by.pk,
                queryset=[rows[pk] for pk in sorted(changed)],
                action_flag=DELETION if action is DELETE else CHANGE,
                change_message="" if action is DELETE else f"{action.label}.",
            )
    return len(changed)


def _apply(action: VideoAction, videos: QuerySet[Video], by: User) -> tuple[set[int], dict[int, Outcome]]:
    """Return the keys of the videos that changed, and why others were refused, by their keys."""
    changed: set[int] = set()
    refused: dict[int, Outcome] = {}
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
                refused[video.pk] = not_paid_for(error.sentence.rstrip("."))
            except OSError:
                refused[video.pk] = UNREADABLE
    return changed, refused


def _outcome(action: VideoAction, video: Video | None, *, changed: bool) -> Outcome:
    if not changed:
        return action.why_not(video)
    if action is CANCEL and video is not None and video.is_in_flight:
        return CANCELED_SOON
    return action.done
