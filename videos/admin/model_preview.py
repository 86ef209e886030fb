"""What the composer will offer of a model, and what that costs: drawn beside the form that changes it."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from billing.money import format_money
from videos.backends.catalogue import ratio_of, resolution_of
from videos.capabilities import Offer
from videos.models import Backend, VideoModel
from videos.services.prices import price_for, rate_for

EXAMPLE_SECONDS = 5


@dataclass(frozen=True)
class SizePreview:
    """A size as the composer names it, and its price for a second and for `EXAMPLE_SECONDS`."""

    size: str
    words: str
    per_second: str
    example: str


@dataclass(frozen=True)
class ModelPreview:
    """What can be chosen, in words. `note` says what keeps it from being offered, if anything does."""

    note: str
    sizes: list[SizePreview]
    lengths: str
    images: str
    sound: str
    parameters: str


def preview_of(model: VideoModel, backend: Backend | None) -> ModelPreview:
    """Return what people see of the model, which need not be saved, as `backend` makes it."""
    offer = Offer(model, backend or Backend())
    return ModelPreview(
        note=_note(model, backend),
        sizes=[_size(offer, size) for size in model.sizes],
        lengths=", ".join(f"{seconds} s" for seconds in model.seconds) or gettext("none"),
        images=_images(offer),
        sound={True: gettext("with sound"), False: gettext("silent"), None: gettext("not said")}[
            model.has_sound
        ],
        parameters=", ".join(parameter.label for parameter in offer.parameters) or gettext("none"),
    )


def _note(model: VideoModel, backend: Backend | None) -> str:
    if not model.enabled:
        return gettext("It is switched off, so nobody is offered it.")
    if backend is None:
        return gettext("No backend serves it, so nobody is offered it.")
    if backend.enabled:
        return ""
    return gettext("%(name)s is switched off, so nobody is offered it there.") % {"name": backend.name}


def _size(offer: Offer, size: str) -> SizePreview:
    rate, price = rate_for(offer, size), price_for(offer, EXAMPLE_SECONDS, size)
    words = f"{ratio_of(size)}, {resolution_of(size)}"
    if offer.backend.is_free or offer.backend.costs_nothing:
        return SizePreview(size, words, gettext("free"), gettext("free"))
    return SizePreview(
        size,
        words,
        format_money(rate.per_second) if rate else gettext("no price"),
        str(price) if price else gettext("nobody knows"),
    )


def _images(offer: Offer) -> str:
    found = [gettext("a first frame")] if offer.takes_reference else []
    found += [gettext("a last frame")] if offer.takes_last_frame else []
    if most := offer.max_references:
        words = ngettext("up to %(count)d further images", "up to %(count)d further images", most)
        found.append(words % {"count": most})
    return ", ".join(found) or gettext("none")
