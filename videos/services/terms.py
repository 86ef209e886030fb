"""Who makes a video, and at which price: the terms that a page shows before somebody asks for one.

A page sends along the terms that it showed. Where others hold by then, because a backend was paused or the
catalogue changed, nothing is made before somebody has seen them: nobody pays what no page has shown.
"""

import hashlib
import json
from datetime import datetime

from django.utils import timezone

from videos.capabilities import Offer
from videos.models.video_model import ANY_SIZE
from videos.services.prices import price_for

OWN_TERMS = "own"  # of a derived video that its source's own backend makes: no offer has these


def terms_of(offer: Offer) -> str:
    """Return what two offers share that have the same model, backend and catalogue's prices, or both nothing
    to pay. What is learned from charges is no part of it: that is an estimate, and changes with each video.
    """
    prices = {ANY_SIZE: "0"} if offer.backend.costs_nothing else offer.model.price_per_second
    terms = [offer.model.name, offer.backend.pk, prices]
    written = json.dumps(terms, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def read_terms(text: str) -> frozenset[str]:
    """Return the terms in a form's field, as `terms_of` writes them, with spaces between them."""
    return frozenset(text.split())


def explain_changed_terms(offer: Offer, accepted: frozenset[str], seconds: int, size: str) -> str:
    """Return, as a sentence, which terms hold now in place of the `accepted` ones; empty where those do.

    Without any accepted ones all are accepted, and so is a backend that is free.
    """
    if not accepted or offer.backend.is_free or terms_of(offer) in accepted:
        return ""
    price = price_for(offer, seconds, size)
    cost = f"at {price.words}" if price else "at a price that is not known"
    return (
        f"{describe_maker(offer)} makes this video now, {cost}, and that is not what this page showed."
        " Send the form once more to accept it."
    )


def describe_maker(offer: Offer) -> str:
    """Return the backend that makes the offer's videos, and why it is not another, to begin a sentence."""
    if offer.paused is not None:
        return f"While {describe_pause(offer)}, {offer.backend.name}"
    if offer.backend.is_paused:
        return f"{offer.backend.name}, which is paused until {_clock(offer.backend.paused_until)},"
    return offer.backend.name


def describe_pause(offer: Offer) -> str:
    """Return which backend is paused in whose place the offer's makes videos, such as: Box is paused until
    14:05. Empty where none is.
    """
    paused = offer.paused
    return "" if paused is None else f"{paused.name} is paused until {_clock(paused.paused_until)}"


def _clock(moment: datetime | None) -> str:
    local = timezone.localtime(moment)
    return local.strftime("%H:%M" if local.date() == timezone.localdate() else "%d %B, %H:%M")
