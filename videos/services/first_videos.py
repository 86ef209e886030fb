"""The first video with a backend that was just connected: short, cheap, and only if somebody asks for it."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from billing.money import format_money
from billing.spender import spending
from videos.capabilities import Offer, available_offers
from videos.models import ApprovalRequest, Backend, Video
from videos.services.approvals import create_or_ask
from videos.services.generation_requests import GenerationRequest
from videos.services.paid_requests import NewVideos
from videos.services.prices import price_for

PROMPT = "A paper boat drifts along a rainy street at dusk, seen from just above the water."
MAX_OFFERED = 3

_DEAREST = Decimal("Infinity")  # what has no price comes last


@dataclass(frozen=True)
class FirstVideo:
    """A video that can be made with one press: its model, seconds, size and price, if told."""

    offer: Offer
    seconds: int
    size: str

    @property
    def price(self) -> Decimal | None:
        price = price_for(self.offer, self.seconds, self.size)
        return None if price is None else price.amount

    @property
    def terms(self) -> str:
        """What is asked for and at which price, as its button sends it."""
        return f"{self.seconds},{self.size},{self.price or ''},{self.offer.model.name}"


def offer_first_videos(backend: Backend) -> list[FirstVideo]:
    """Return a few that `backend` would make, the cheapest first; none where others serve all its models."""
    offers = [offer for offer in available_offers().values() if offer.backend.pk == backend.pk]
    found = [_cheapest(offer) for offer in offers if offer.model.seconds and offer.model.sizes]
    return sorted(found, key=_sort_price)[:MAX_OFFERED]


def create_first_video(
    owner: User, backend: Backend, prompt: str, terms: str
) -> list[Video] | ApprovalRequest:
    """Queue the video that a button with these `terms` stands for, or have it wait for approval.

    Raises `ValidationError` by field, also when its price is no longer what the button said.
    """
    chosen = next((each for each in offer_first_videos(backend) if _model_of(terms) == _name_of(each)), None)
    if chosen is None:
        raise ValidationError({"terms": gettext("This video is no longer on offer. Choose another one.")})
    if chosen.terms != terms:
        raise ValidationError({"terms": _explain_change(chosen.price)})
    request = GenerationRequest(
        prompt, _name_of(chosen), chosen.seconds, chosen.size, backend=chosen.offer.backend.name
    )
    with spending(confirmed_price=chosen.price):  # which the button said
        return create_or_ask(owner, NewVideos([request]))


def _explain_change(price: Decimal | None) -> str:
    if price is None:
        return gettext(
            "The offer has changed: it now has no price. Nothing was made. Press again if it fits."
        )
    sentence = gettext(
        "The offer has changed: it now costs %(price)s. Nothing was made. Press again if it fits."
    )
    return sentence % {"price": format_money(price)}


def _cheapest(offer: Offer) -> FirstVideo:
    seconds = min(offer.model.seconds)
    each = (FirstVideo(offer, seconds, size) for size in offer.model.sizes)
    return min(each, key=_sort_price)  # the first of those that cost the same


def _sort_price(video: FirstVideo) -> Decimal:
    return _DEAREST if video.price is None else video.price


def _name_of(video: FirstVideo) -> str:
    return video.offer.model.name


def _model_of(terms: str) -> str:
    return terms.split(",", 3)[-1]
