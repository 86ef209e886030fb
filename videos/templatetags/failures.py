"""Template filters on a failure: whether it cost anything, and what to do.

What happened is in `Video.error_message`.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from django import template
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from billing.money import ZERO, format_money, plain_amount
from videos.models import Kind, Video
from videos.services.prices import Price, price_of_another, sum_up

register = template.Library()

_ASK = gettext_lazy("Contact your administrator: the connection to the backend isn't set up correctly.")
_CHANGE = gettext_lazy("Correct what the message mentions, then generate the video again.")
# What to do, for the error codes whose message does not say so itself.
_ADVICE: dict[str, StrOrPromise] = {
    "bad_request": _CHANGE,
    "generation_failed": gettext_lazy("Trying again may help. If it keeps failing, change the prompt."),
    "given_up": gettext_lazy("Retry only if you still want this video."),
    "not_a_video": gettext_lazy("Try another model. If none works, contact your administrator."),
    "not_found": gettext_lazy("Retry to generate it again."),
    "too_large": gettext_lazy("Choose a smaller reference image."),
    **dict.fromkeys(
        ("bad_base_url", "bad_redirect", "redirected", "unsupported", "unsupported_media", "bad_text"), _ASK
    ),
}


# What the same prompt would meet again.
_OF_THE_PROMPT = frozenset({"moderation_blocked", "bad_request"})


_DERIVED = frozenset({Kind.REMIX, Kind.EDIT, Kind.EXTEND})


@register.filter
def needs_other_prompt(video: Video) -> bool:
    """Whether a retry of what failed would fail again, so that the way on leads through the prompt."""
    return video.error_code in _OF_THE_PROMPT and bool(prompt_url(video))


@register.filter
def prompt_url(video: Video) -> str:
    """Return where the prompt of what failed is changed: in the composer, or where it was made of its source;
    empty where that is gone.
    """
    if video.kind == Kind.CREATE:
        return f"{reverse('videos:studio')}?like={video.public_id}"
    if video.source_id is None or video.kind not in _DERIVED:
        return ""
    return f"{reverse(f'videos:{video.kind}', args=[video.remixed_from])}?prompt_of={video.public_id}"


@register.filter
def advice(video: Video) -> str:
    """Return what the owner of a failed video can do; empty where the error message says so already."""
    return str(_ADVICE.get(video.error_code, ""))


@register.filter
def cost_note(video: Video) -> str:
    """Return whether a failed video cost anything, in a sentence."""
    if video.backend.is_free:
        return gettext("No charge: the simulator is free.")
    if video.backend.costs_nothing:
        return gettext("No charge: %(backend)s is free of charge.") % {"backend": video.backend.name}
    if video.error_code == "given_up":
        return _note_of_abandoned(video)
    if not video.backend_job_id:
        return gettext("No charge: the backend did not accept the job.")
    if video.charged is not None:
        return gettext("The backend charged %(price)s for it.") % {"price": format_money(video.charged)}
    return _note_of_accepted(video)


def _note_of_abandoned(video: Video) -> str:
    if not video.price:
        return gettext("If the backend did receive the job, it may be charged once.")
    sentence = gettext("If the backend did receive the job, it may be charged once (%(price)s).")
    return sentence % {"price": _describe_price(video)}


def _note_of_accepted(video: Video) -> str:
    if not video.price:
        return gettext("The backend accepted the job, so it may be charged.")
    sentence = gettext("The backend accepted the job, so it may be charged (%(price)s).")
    return sentence % {"price": _describe_price(video)}


def _describe_price(video: Video) -> str:
    price = Price(video.price or Decimal(), video.price_samples or 0)
    return price.words if price.samples else gettext("catalogue price %(price)s") % {"price": price}


@register.filter
def retry_cost(video: Video) -> str:
    """Return what submitting the video again costs, such as "costs $0.40"; empty where that is free.

    The price is the one that the video had, else what such videos cost so far. Where nobody knows one, the
    backend may still charge.
    """
    return _retry_cost(video, lambda price: price.words)


@register.filter
def short_retry_cost(video: Video) -> str:
    """Return what `retry_cost` does, short enough for a button: without what an estimate is from."""
    return _retry_cost(video, str)


@register.filter
def price_of_one_more(video: Video) -> str:
    """Return the price of `retry_cost` alone, such as "$0.40"; empty where it is free or nobody knows it."""
    price = price_of_another(video) if video.backend.is_metered else None
    return str(price) if price and price.amount else ""


@register.filter
def shown_price(video: Video) -> str:
    """Return the amount that `retry_cost` tells of, as a form sends it back: nothing dearer is made."""
    price = price_of_another(video)
    return plain_amount(price.amount if price else ZERO)


def _retry_cost(video: Video, describe: Callable[[Price], str]) -> str:
    if not video.backend.is_metered:
        return ""
    price = price_of_another(video)
    if price is None:
        return gettext("may be charged")
    return gettext("costs %(price)s") % {"price": describe(price)} if price.amount else ""


def total_retry_cost(videos: Sequence[Video]) -> str:
    """Return what submitting all the videos again costs, such as "costs $2.00"; empty where that is free."""
    paid = [video for video in videos if retry_cost(video)]
    if not paid:
        return ""
    price, unknown = sum_up(map(price_of_another, paid))
    if price is None:
        return gettext("may be charged")
    if not unknown:
        return gettext("costs %(price)s") % {"price": price.words}
    total = ngettext(
        "costs %(price)s, and %(count)d without a known price",
        "costs %(price)s, and %(count)d without a known price",
        unknown,
    )
    return total % {"price": price.words, "count": unknown}


@register.filter
def short_cost_note(video: Video) -> str:
    """Return whether a failed video cost anything, in words short enough for a card."""
    if video.charged:
        return gettext("%(price)s charged") % {"price": format_money(video.charged)}
    is_free = (
        video.charged is not None
        or not video.backend.is_metered
        or (not video.backend_job_id and video.error_code != "given_up")
    )
    return gettext("No charge") if is_free else gettext("May be charged")
