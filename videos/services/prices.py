"""What a video will cost, as far as anybody knows: the catalogue's price, else what such videos cost so far.

What is learned is an estimate and no promise: the median of what a backend charged for a second of its latest
videos of a model and size. The simulator is never estimated, and a backend that is free of charge costs 0.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from django.core.cache import caches
from django.db.models import Q
from django.utils.translation import gettext, ngettext

from billing.money import format_money
from videos.capabilities import Offer
from videos.engine import safe_cache
from videos.models import Backend, Kind, Video, VideoModel
from videos.models.video_model import ANY_SIZE

MIN_SAMPLES = 3  # charged videos of a model and size below which nothing is estimated
SAMPLES = 30  # the latest of them that count
RECENT = 2000  # charged videos of a backend among which they are looked for
FRESH_FOR = 60.0  # seconds for which what was learned is used
_REMEMBERED_FOR = 5.0  # seconds for which a process does not ask the cache again
_EXACT = Decimal("0.0001")  # as the column holds amounts
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Price:
    """A price of `amount` in the studio's currency, estimated from so many charged videos; 0 of the
    catalogue's own.
    """

    amount: Decimal
    samples: int = 0

    def __mul__(self, count: int) -> "Price":
        return Price(self.amount * count, self.samples)

    def __str__(self) -> str:
        """The price in few words: $0.40, or about $0.42."""
        if not self.samples:
            return format_money(self.amount)
        return gettext("about %(price)s") % {"price": format_estimate(self.amount)}

    @property
    def basis(self) -> str:
        """Where an estimate comes from, such as: estimated from 12 videos. Empty of the catalogue's price."""
        sentence = ngettext("estimated from %(count)d video", "estimated from %(count)d videos", self.samples)
        return sentence % {"count": self.samples} if self.samples else ""

    @property
    def note(self) -> str:
        """What a page says below an estimate, so that nobody takes it for a promise; else empty."""
        sentence = ngettext(
            "Estimated from %(count)d video. The charge may differ.",
            "Estimated from %(count)d videos. The charge may differ.",
            self.samples,
        )
        return sentence % {"count": self.samples} if self.samples else ""

    @property
    def words(self) -> str:
        """The price, and what it is estimated from where it is."""
        if not self.samples:
            return str(self)
        sentence = ngettext(
            "%(price)s, estimated from %(count)d video",
            "%(price)s, estimated from %(count)d videos",
            self.samples,
        )
        return sentence % {"price": self, "count": self.samples}


@dataclass(frozen=True, slots=True)
class Rate:
    """What a second of video costs, in the studio's currency, learned from so many charged videos; 0 of the
    catalogue's own.
    """

    per_second: Decimal
    samples: int = 0

    def price(self, seconds: int) -> Price:
        """Return the estimate for so many seconds of video."""
        return Price((self.per_second * seconds).quantize(_EXACT), self.samples)


def format_estimate(amount: Decimal) -> str:
    """Return an estimated amount to the cent, because more digits would promise what nobody knows."""
    return format_money(amount.quantize(_CENT) if amount >= _CENT else amount)


def price_for(offer: Offer, seconds: int, size: str) -> Price | None:
    """Return what the offer's backend takes for `seconds` of video in that size; None where nobody knows."""
    return find_price(offer.model, offer.backend, seconds, size)


def find_price(model: VideoModel | None, backend: Backend, seconds: int, size: str) -> Price | None:
    """Return the price of a video as `price_for` does, of a model that the catalogue may have no longer."""
    if backend.costs_nothing:
        return Price(Decimal())
    if model is None:
        return None
    if learned := _find_learned_rate(model, backend, size):
        return learned.price(seconds)
    amount = model.price(seconds, size)
    return None if amount is None else Price(amount)


def price_fields(price: Price | None) -> dict[str, Any]:
    """Return the columns of a video's price."""
    if price is None:
        return {"price": None, "price_samples": None}
    return {"price": price.amount, "price_samples": price.samples or None}


def price_of_another(video: Video) -> Price | None:
    """Return what submitting the video once more costs: its price, else what such videos cost so far.

    Nothing at a backend that is free of charge by now. What was made for nothing has the catalogue's price,
    in case the backend was free of charge then.
    """
    if video.backend.costs_nothing:
        return Price(Decimal())
    if video.price:
        return Price(video.price, video.price_samples or 0)
    if video.backend.is_free:
        return None if video.price is None else Price(video.price)
    if video.price is not None and (rate := _catalogue_rate(video.model, video.size)) is not None:
        return Price(rate * video.seconds)
    learned = _learned_rates(video.backend_id).get((video.model, video.size))
    return None if learned is None else learned.price(video.seconds)


def rate_for(offer: Offer, size: str) -> Rate | None:
    """Return what the offer's backend takes for a second in that size; None where nobody knows it."""
    if offer.backend.costs_nothing:
        return Rate(Decimal())
    if learned := _find_learned_rate(offer.model, offer.backend, size):
        return learned
    rate = offer.model.rate(size)
    return None if rate is None else Rate(rate)


def rates_of(offer: Offer) -> dict[str, Rate]:
    """Return the rates of an offer by size; `*` is every size without one of its own."""
    if offer.backend.costs_nothing:
        return {ANY_SIZE: Rate(Decimal())}
    rates = {size: Rate(Decimal(rate)) for size, rate in offer.model.price_per_second.items()}
    for size in offer.model.sizes:
        if learned := _find_learned_rate(offer.model, offer.backend, size):
            rates[size] = learned
    return rates


def rates_as_json(offer: Offer) -> str:
    """Return the rates of an offer for a page's script: what a second costs as text, and the samples."""
    return json.dumps({size: [str(rate.per_second), rate.samples] for size, rate in rates_of(offer).items()})


def sum_up(prices: Iterable[Price | None]) -> tuple[Price | None, int]:
    """Return the sum of those prices that are known, and how many are not. The sum is an estimate, from the
    fewest videos that any part is estimated from, as soon as one part is.
    """
    known, unknown = [], 0
    for price in prices:
        if price is None:
            unknown += 1
        else:
            known.append(price)
    samples = min((price.samples for price in known if price.samples), default=0)
    return (Price(sum((price.amount for price in known), Decimal()), samples) if known else None), unknown


def _find_learned_rate(model: VideoModel, backend: Backend, size: str) -> Rate | None:
    """Return what was learned, where it counts: where the catalogue has no price of this backend's."""
    if not backend.is_metered:
        return None
    if model.rate(size) is not None and not _is_price_of_another_service(model, backend):
        return None
    return _learned_rates(backend.pk).get((model.name, size))


def _is_price_of_another_service(model: VideoModel, backend: Backend) -> bool:
    """Whether the catalogue's price is the one that another backend's service names for the model."""
    is_described_elsewhere = model.described_by_id not in (None, backend.pk)
    return is_described_elsewhere and model.description_used.get("price_per_second") == model.price_per_second


def _catalogue_rate(name: str, size: str) -> Decimal | None:
    """Return what the catalogue takes for a second of a model's videos, some seconds ago at most."""
    remembered, key = caches["process"], f"catalogue-model:{name}"
    model: VideoModel | None = remembered.get(key)
    if model is None:
        model = VideoModel.objects.filter(name=name).first() or VideoModel(name=name)
        remembered.set(key, model, _REMEMBERED_FOR)
    return model.rate(size)


def describe_basis(video: Video) -> str:
    """Return where a video's cost comes from, and how far it is from the estimate, within a sentence."""
    if video.charged is None:
        if video.price_samples:
            return Price(Decimal(), video.price_samples).basis
        if video.backend.is_free:
            return gettext("catalogue price; the simulator is free")
        return gettext("catalogue price")
    difference, values = video.cost_difference, {"backend": video.backend.name}
    if difference is None:
        return gettext("charged by %(backend)s") % values
    if not difference:
        return gettext("charged by %(backend)s, as estimated") % values
    return _describe_difference(video, difference)


def _describe_difference(video: Video, difference: Decimal) -> str:
    """Return how far the charge is from the estimate, and what that was learned from."""
    samples = video.price_samples or 0
    if difference > 0 and samples:
        sentence = ngettext(
            "charged by %(backend)s, %(difference)s more than the estimate of %(estimate)s, learned from "
            "%(count)d video",
            "charged by %(backend)s, %(difference)s more than the estimate of %(estimate)s, learned from "
            "%(count)d videos",
            samples,
        )
    elif difference > 0:
        sentence = gettext("charged by %(backend)s, %(difference)s more than the estimate of %(estimate)s")
    elif samples:
        sentence = ngettext(
            "charged by %(backend)s, %(difference)s less than the estimate of %(estimate)s, learned from "
            "%(count)d video",
            "charged by %(backend)s, %(difference)s less than the estimate of %(estimate)s, learned from "
            "%(count)d videos",
            samples,
        )
    else:
        sentence = gettext("charged by %(backend)s, %(difference)s less than the estimate of %(estimate)s")
    return sentence % {
        "backend": video.backend.name,
        "difference": format_money(abs(difference)),
        "estimate": format_money(video.price or Decimal(0)),
        "count": samples,
    }


# --- Learning ----------------------------------------------------------------------------------------------

_LearnedRates = dict[tuple[str, str], Rate]  # by model and size


def _learned_rates(backend_id: int) -> _LearnedRates:
    """Return what is learned of a backend, at most a minute old."""
    remembered, key = caches["process"], f"learned-prices:{backend_id}"
    rates: _LearnedRates | None = remembered.get(key)
    if rates is None:
        rates = _cached_rates(key)
        if rates is None:
            rates = _learn(backend_id)
            safe_cache.set_many({key: (time.time(), rates)}, timeout=FRESH_FOR)
        remembered.set(key, rates, _REMEMBERED_FOR)
    return rates


def _cached_rates(key: str) -> _LearnedRates | None:
    read_at, rates = safe_cache.get_many([key]).get(key, (0.0, None))
    return rates if 0 <= time.time() - read_at < FRESH_FOR else None


def _learn(backend_id: int) -> _LearnedRates:
    """Read the backend's latest charges. What it made as one new video counts: a remix or an edit may have a
    price of its own. A video that was not made does not, whatever was charged for it.
    """
    is_new_video = Q(kind=Kind.CREATE) | Q(concat_with_source=True)
    charged = Video.objects.filter(
        is_new_video, backend=backend_id, charged__isnull=False, generated_at__isnull=False, seconds__gt=0
    )
    samples: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    latest = charged.order_by("-pk").values_list("model", "size", "seconds", "charged")[:RECENT]
    for model, size, seconds, amount in latest:
        found = samples[model, size]
        if amount is not None and len(found) < SAMPLES:
            found.append(amount / seconds)
    return {
        profile: Rate(median(found), len(found))
        for profile, found in samples.items()
        if len(found) >= MIN_SAMPLES
    }
