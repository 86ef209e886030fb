"""What can be asked for: a request for a video, whether it is valid, and who makes it at which price."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

from accounts.formats import format_number
from videos.capabilities import Offer, OfferCatalogue, available_offers
from videos.models import Character, Collection, Fit, ReferenceImage, Video
from videos.services.images import RequestImages, find_image_errors, validate_images_size
from videos.services.parameters import find_parameter_errors
from videos.services.prices import Price, price_for
from videos.services.terms import describe_maker, explain_changed_terms
from videos.validation import has_visible_text, is_storable

MAX_PROMPT_LENGTH = 32_000  # characters, as the protocol has it
MAX_TAKES = 4  # of one request at a time, as many as can be compared side by side
MAX_CHARACTERS = 2  # in one video, as the protocol's guide had it
MAX_LISTED_MODELS = 12  # in one sentence


@dataclass(frozen=True)
class Take:
    """The place of a video among the takes of one request, all of which have the same `group`."""

    number: int = 1
    of: int = 1
    group: uuid.UUID | None = None


@dataclass(frozen=True)
class Quote:
    """Which offer makes a request now, and at which price; None where nobody knows it."""

    offer: Offer
    price: Price | None


@dataclass(frozen=True)
class GenerationRequest:
    """What someone wants to see. `seconds` is the length of the video, `size` is WIDTHxHEIGHT in pixels,
    `parameters` are values of the model's parameters by name, also as text.

    `backend` is the name of the one that is to make it, where that matters; `accepted_terms` are those that a
    page has shown (`services.terms`). What another backend would make now is refused then. Empty: any terms.

    `collections` are those that the video is put into at once; it is made in the first of them, so that its
    budget is the one that counts it.
    """

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceImage | None = None
    fit: Fit = Fit.CROP
    characters: tuple[Character, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    take: Take = Take()
    last_frame: ReferenceImage | None = None
    references: tuple[ReferenceImage, ...] = ()
    backend: str = ""
    accepted_terms: frozenset[str] = frozenset()
    collections: tuple[Collection, ...] = ()

    @property
    def images(self) -> RequestImages:
        """Its images: `reference` is the first frame, `references` are those beside the frames."""
        return RequestImages(self.reference, self.last_frame, self.references)


def make_takes(request: GenerationRequest, count: int) -> list[GenerationRequest]:
    """Return `request` `count` times, as takes that belong together, for `create_videos`.

    Raises `ValidationError` by field (`takes`) for a count below one or above `MAX_TAKES`.
    """
    return [replace(request, take=take) for take in number_takes(count)]


def number_takes(count: int) -> list[Take]:
    """Return the places of so many takes that belong together. Raises as `make_takes` does."""
    try:
        validate_takes(count)
    except ValidationError as error:
        raise ValidationError({"takes": error}) from error
    group = uuid.uuid4() if count > 1 else None
    return [Take(number, count, group) for number in range(1, count + 1)]


def validate_prompt(prompt: str) -> None:
    """Raise `ValidationError`, with a sentence and no field, unless a video can be made from `prompt`."""
    if not has_visible_text(prompt):
        raise ValidationError(gettext("Write a prompt: what should the video show?"))
    if len(prompt) > MAX_PROMPT_LENGTH:
        sentence = gettext("A prompt can have at most %(limit)s characters; this one has %(count)s.")
        numbers = {"limit": format_number(MAX_PROMPT_LENGTH), "count": format_number(len(prompt))}
        raise ValidationError(sentence % numbers)
    if not is_storable(prompt):
        raise ValidationError(gettext("The prompt contains a character that cannot be stored."))


def validate_takes(count: int) -> None:
    """Raise `ValidationError`, with a sentence and no field, if so many takes cannot be asked for at once."""
    if not 1 <= count <= MAX_TAKES:
        raise ValidationError(gettext("Choose 1 to %(count)d takes.") % {"count": MAX_TAKES})


def validate_request(
    request: GenerationRequest,
    images: RequestImages | None = None,
    offers: Mapping[str, Offer] | None = None,
) -> None:
    """Raise `ValidationError`, by field, unless the catalogue offers exactly this now.

    `images` are those that it is to have, where they are not kept yet. A caller that has read the `offers`
    already passes them.
    """
    images = images or request.images
    validate_by_offers(request, available_offers() if offers is None else offers, images.counts)
    validate_images_size([images])


def find_request_errors(
    requests: Sequence[GenerationRequest], image_counts: Sequence[Mapping[str, int]] | None = None
) -> list[dict[str, str]]:
    """Return, for each request in turn, a sentence by field for what is wrong with it; empty if nothing is.

    `image_counts` says how many images each is to have, by field, where they are not kept yet. The catalogue
    is read once, however many requests there are.
    """
    offers = available_offers()
    counts = image_counts or [request.images.counts for request in requests]
    return [_request_errors(request, offers, count) for request, count in zip(requests, counts, strict=True)]


def quote(
    requests: Sequence[GenerationRequest], image_counts: Sequence[Mapping[str, int]] | None = None
) -> list[Quote]:
    """Return who makes each of the requests now and at which price, in turn; they must be valid ones.

    `image_counts` says how many images each is to have, by field, where they are not kept yet.
    """
    offers = OfferCatalogue()
    offers.preload(request.model for request in requests)
    counts = image_counts or [request.images.counts for request in requests]
    fitting = [
        fitting_offer(request, offers[request.model], count)
        for request, count in zip(requests, counts, strict=True)
    ]
    return [
        Quote(offer, price_for(offer, request.seconds, request.size))
        for offer, request in zip(fitting, requests, strict=True)
    ]


def validate_by_offers(
    request: GenerationRequest, offers: Mapping[str, Offer], image_counts: Mapping[str, int]
) -> None:
    """Raise `ValidationError`, by field, unless the offers make a request with so many images, by field."""
    if errors := _request_errors(request, offers, image_counts):
        raise ValidationError(errors)


def _request_errors(
    request: GenerationRequest, offers: Mapping[str, Offer], image_counts: Mapping[str, int]
) -> dict[str, str]:
    errors: dict[str, str] = {}
    try:
        validate_prompt(request.prompt)
    except ValidationError as error:
        errors["prompt"] = error.messages[0]
    return errors | find_catalogue_errors(request, offers, image_counts)


def find_catalogue_errors(
    request: GenerationRequest, offers: Mapping[str, Offer], image_counts: Mapping[str, int] | None = None
) -> dict[str, str]:
    """Return a sentence by field for what the offers cannot make of the request, whatever its prompt.

    `image_counts` says how many images it is to have, by field, where they are not kept yet.
    """
    offer = offers.get(request.model)
    if offer is None:
        unknown = gettext("There is no model “%(model)s”.") % {"model": request.model[:100]}
        return {"model": f"{unknown} {_list_models(offers)}"}
    errors: dict[str, str] = {}
    counts = request.images.counts if image_counts is None else image_counts
    offer, model = fitting_offer(request, offer, counts), offer.model
    if request.backend not in ("", offer.backend.name):
        sentence = gettext("%(maker)s makes this video now, not %(backend)s.")
        errors["backend"] = sentence % {"maker": describe_maker(offer), "backend": request.backend[:100]}
    if request.seconds not in model.seconds:
        offered = ", ".join(str(seconds) for seconds in model.seconds)
        sentence = gettext("%(model)s supports these durations: %(lengths)s seconds.")
        errors["seconds"] = sentence % {"model": model.label, "lengths": offered}
    if request.size not in model.sizes:
        sentence = gettext("%(model)s supports these sizes: %(sizes)s.")
        errors["size"] = sentence % {"model": model.label, "sizes": ", ".join(model.sizes)}
    errors |= find_image_errors(counts, offer)
    if request.characters and (sentence := _find_character_error(request.characters, offer)):
        errors["characters"] = sentence
    return errors | find_parameter_errors(request.parameters, offer)


def _list_models(offers: Mapping[str, Offer]) -> str:
    """Return in a sentence what can be chosen, by the first names of maybe hundreds."""
    if not offers:
        return gettext("No models are available right now.")
    names = ", ".join(islice(offers, MAX_LISTED_MODELS))
    more = len(offers) - MAX_LISTED_MODELS
    if more <= 0:
        return gettext("Choose one of: %(names)s.") % {"names": names}
    sentence = ngettext(
        "Choose one of: %(names)s and %(count)s more.", "Choose one of: %(names)s and %(count)s more.", more
    )
    return sentence % {"names": names, "count": format_number(more)}


def _find_character_error(characters: Sequence[Character], offer: Offer) -> str:
    """Return a sentence for what is wrong with the characters; empty if the offer's backend can use them."""
    if len(characters) > MAX_CHARACTERS:
        return gettext("A video can have at most %(count)d characters.") % {"count": MAX_CHARACTERS}
    if offer.backend.can_characters is not True:
        return gettext("%(offer)s does not support characters. Remove them.") % {"offer": offer.name}
    elsewhere = [each.name for each in characters if each.backend_id != offer.backend.pk]
    if elsewhere:
        sentence = gettext("%(backend)s cannot use %(character)s, a character of another backend.")
        return sentence % {"backend": offer.backend.name, "character": elsewhere[0]}
    unready = [each.name for each in characters if not each.is_ready]
    return gettext("%(character)s is not ready yet.") % {"character": unready[0]} if unready else ""


def validate_terms(request: GenerationRequest, offer: Offer) -> None:
    """Raise `ValidationError` by field (`model`) if the offer has other terms than the request accepts."""
    changed = explain_changed_terms(offer, request.accepted_terms, request.seconds, request.size)
    if changed:
        raise ValidationError({"model": changed})


def fitting_offer(
    request: GenerationRequest, offer: Offer, image_counts: Mapping[str, int] | None = None
) -> Offer:
    """Return the offer of the backend that makes the request now, of those that make the model's videos.

    `image_counts` says how many images it is to have, by field, where they are not kept yet.
    """
    return offer.fitting(
        images=request.images.counts if image_counts is None else image_counts,
        characters=request.characters,
        parameters=[name for name, value in request.parameters.items() if value not in ("", None)],
    )


def request_of(video: Video) -> GenerationRequest:
    """Return what a video was asked for with, as far as that decides who can make it."""
    return GenerationRequest(
        prompt=video.prompt,
        model=video.model,
        seconds=video.seconds,
        size=video.size,
        reference=video.reference,
        last_frame=video.last_frame,
        references=tuple(video.references),
        characters=tuple(video.characters.all()),
    )
