"""Who makes a video, and at which price: the terms that a page shows before somebody asks for one.

A page sends along the terms that it showed. Where others hold by then, because a backend was paused, the
catalogue changed or a dearer price was learned, nothing is made before somebody has seen them: nobody pays
what no page has shown.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, pgettext

from videos.capabilities import Offer
from videos.models import Backend
from videos.models.video_model import ANY_SIZE
from videos.services.prices import Rate, price_for, rate_for

UNKNOWN_TERMS = (
    "unknown"  # of a model that the catalogue has no longer, so that nothing is known of its price
)
_MAX_RATE_LENGTH = 40  # characters


def terms_of(offer: Offer, *sizes: str) -> str:
    """Return the terms of an offer: what stands for its model, backend and the catalogue's prices, and what a
    second costs where that was learned from charges, in the model's sizes and further `sizes`, with colons
    between them.
    """
    rates = {size: rate_for(offer, size) for size in (*offer.model.sizes, *sizes)}
    learned = [f"{size}={rate.per_second:f}" for size, rate in rates.items() if rate and rate.samples]
    return ":".join([_digest(offer), *learned])


def _digest(offer: Offer) -> str:
    """Return what two offers share that have the same model, backend and prices, or both nothing to pay."""
    prices = {ANY_SIZE: "0"} if offer.backend.costs_nothing else offer.model.price_per_second
    terms = [offer.model.name, offer.backend.pk, prices]
    written = json.dumps(terms, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def read_terms(text: str) -> frozenset[str]:
    """Return the terms in a form's field, as `terms_of` writes them, with spaces between them."""
    return frozenset(text.split())


def explain_changed_terms(offer: Offer, accepted: frozenset[str], seconds: int, size: str) -> str:
    """Return, as a sentence, which terms hold now in place of the `accepted` ones; empty where those do.

    Without any accepted ones all are accepted, and so are a backend that is free, and a price that is lower
    than the one that was accepted.
    """
    if not accepted or offer.backend.is_free or _is_covered(offer, size, accepted):
        return ""
    price = price_for(offer, seconds, size)
    if price is None:
        sentence = gettext(
            "%(maker)s makes this video now, at a price that is not known, and that is not what this page "
            "showed. Send the form once more to accept it."
        )
        return sentence % {"maker": describe_maker(offer)}
    sentence = gettext(
        "%(maker)s makes this video now, at %(price)s, and that is not what this page showed. Send the form "
        "once more to accept it."
    )
    return sentence % {"maker": describe_maker(offer), "price": price.words}


def _is_covered(offer: Offer, size: str, accepted: Iterable[str]) -> bool:
    """Whether one of the accepted terms is the offer's, and names at least what its videos cost now."""
    rate = rate_for(offer, size)
    for terms in accepted:
        digest, *learned = terms.split(":")
        if digest == _digest(offer):
            shown = _read_rates(learned).get(size, offer.model.rate(size))
            return offer.backend.costs_nothing or _is_at_most(rate, shown)
    return False


def _is_at_most(rate: Rate | None, shown: Decimal | None) -> bool:
    """Whether what is taken now was shown; that nobody knows it is covered only by having said so."""
    if rate is None or shown is None:
        return rate is None and shown is None
    return rate.per_second <= shown


def _read_rates(learned: Iterable[str]) -> dict[str, Decimal]:
    """Return the rates by size that terms name; without what is none."""
    pairs = (each.partition("=") for each in learned)
    return {
        size: Decimal(rate)
        for size, _, rate in pairs
        if len(rate) <= _MAX_RATE_LENGTH and rate.isascii() and rate.replace(".", "", 1).isdigit()
    }


def describe_maker(offer: Offer) -> str:
    """Return the backend that makes the offer's videos, and why it is not another, to begin a sentence."""
    if offer.paused is not None:
        values = {"pause": describe_pause(offer), "backend": offer.backend.name}
        return gettext("While %(pause)s, %(backend)s") % values
    if not offer.backend.is_paused:
        return offer.backend.name
    return _with_end(
        offer.backend,
        gettext("%(backend)s, which is paused,"),
        gettext("%(backend)s, which is paused until %(time)s,"),
    )


def describe_pause(offer: Offer) -> str:
    """Return which backend is paused in whose place the offer's makes videos, such as: Box is paused until
    14:05. Empty where none is.
    """
    paused = offer.paused
    if paused is None:
        return ""
    open_end, with_end = gettext("%(backend)s is paused"), gettext("%(backend)s is paused until %(time)s")
    return _with_end(paused, open_end, with_end)


def _with_end(backend: Backend, open_end: str, with_end: str) -> str:
    """Return the one of two texts that says as much of the end of a pause as is known."""
    if backend.pause_end is None:
        return open_end % {"backend": backend.name}
    return with_end % {"backend": backend.name, "time": _clock(backend.pause_end)}


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    is_today = local.date() == timezone.localdate()
    return format_date(local, "H:i" if is_today else pgettext("date format of Django", "d F, H:i"))
