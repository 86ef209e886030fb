"""The form that asks for videos, checked by the same rules as everything else that does."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from billing.errors import price_to_confirm
from billing.notices import tell_refusal
from videos.capabilities import Offer, OfferCatalogue
from videos.forms.base import PromptAndTakes
from videos.forms.images import IMAGE_FIELDS, ImagesForm
from videos.forms.parameters import (
    chosen_parameters,
    field_for,
    parameter_fields,
    parameter_initial,
)
from videos.models import Character, Collection, Fit
from videos.services.approvals import create_or_ask
from videos.services.form_keys import Created
from videos.services.generation_requests import (
    MAX_TAKES,
    GenerationRequest,
    fitting_offer,
    make_takes,
    validate_request,
    validate_terms,
)
from videos.services.images import RequestImages
from videos.services.paid_requests import NewVideos
from videos.services.sizes import resolve_size
from videos.services.terms import read_terms
from videos.shapes import find_size, named_size, nearest_size
from videos.validation import is_public_id

MAX_DIGITS = 10  # of a number in an address
TAKES = [str(number) for number in range(1, MAX_TAKES + 1)]  # what there is to choose from


class GenerateForm(PromptAndTakes, ImagesForm):
    """A request for a video, in one take or several. What is valid, `services.generation_requests` decides.

    Takes plain dicts as well as a request's data, and the catalogue's `offers` where they have been read
    already. The size is given as such, or by `ratio` and `resolution`, which go before it. `characters` are
    cleaned to the `owner`'s own; nothing is stored before `create_videos`. What there is about images is in
    `ImagesForm`.
    """

    prompt = forms.CharField(required=False, strip=False)
    model = forms.CharField(required=False)
    seconds = forms.IntegerField(required=False)
    size = forms.CharField(required=False)
    ratio = forms.CharField(required=False)
    resolution = forms.CharField(required=False)
    takes = forms.IntegerField(required=False)
    accepted_terms = forms.CharField(required=False)
    collection = forms.CharField(required=False, max_length=64)
    characters = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": gettext_lazy("This character no longer exists.")}
    )

    def __init__(
        self, *args: Any, owner: User, offers: Mapping[str, Offer] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.price_to_confirm = ""
        self.owner = owner
        self.offers = OfferCatalogue() if offers is None else offers
        chosen = self.offers.get(str(self["model"].value() or ""))
        self.fields |= parameter_fields(chosen, self.data)
        self.initial = {**self.initial, **parameter_initial(self.initial.get("parameters") or {})}
        ids = [(public_id, public_id) for public_id in self.available_characters]
        self.fields["characters"].choices = ids  # type: ignore[attr-defined]  # is a choice field

    @cached_property
    def available_characters(self) -> dict[str, Character]:
        """The owner's characters that a video can have now, by public id, newest first."""
        backends = _backends_with_characters(self.offers)
        if not backends:
            return {}
        own = Character.objects.filter(owner=self.owner, backend__in=backends, deleted_at=None)
        ready = own.exclude(backend_character_id="").select_related("backend")
        return {character.public_id: character for character in ready}

    @cached_property
    def fitting_offer(self) -> Offer | None:
        """The offer that makes what a sent form asks for, as far as it is valid; None where there is none.

        Found once: what the service finds wrong with a field afterwards takes the field's value away.
        """
        offer = self.offers.get(self.cleaned_data.get("model", ""))
        return offer and fitting_offer(self._generation_request(), offer, self.images.counts)

    def clean_characters(self) -> tuple[Character, ...]:
        ids = dict.fromkeys(self.cleaned_data["characters"])
        return tuple(self.available_characters[public_id] for public_id in ids)

    def clean_collection(self) -> Collection | None:
        """The collection that the video is made in, if there is one."""
        public_id: str = self.cleaned_data["collection"]
        if not public_id:
            return None
        editable = Collection.objects.editable_by(self.owner)
        found = editable.filter(public_id=public_id).first() if is_public_id(public_id) else None
        if found is None:
            raise ValidationError(gettext("You can no longer add videos to this collection."))
        return found

    def clean(self) -> dict[str, Any]:
        self._resolve_size()
        try:
            validate_request(self._generation_request(), self.images, self.offers)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                field = field_for(name, self.fields)
                if field not in self.errors and not self._is_followed_by(field):
                    self.add_error(field, messages)
        return self.cleaned_data

    def _resolve_size(self) -> None:
        """Set the size that ratio and resolution name, where they are given."""
        ratio, resolution = self.cleaned_data.get("ratio", ""), self.cleaned_data.get("resolution", "")
        offer = self.offers.get(self.cleaned_data.get("model", ""))
        if offer is None or not (ratio or resolution):
            return
        try:
            self.cleaned_data["size"] = resolve_size(offer.model, ratio, resolution)
        except ValidationError as error:
            self.cleaned_data["size"] = ""
            self.add_error(None, error)

    def _is_followed_by(self, field: str | None) -> bool:
        """Whether what the service says of the field follows from what is wrong already."""
        has_wrong_shape = bool({"ratio", "resolution"} & set(self.errors))
        # Without an image that cannot be used, others may seem to be at fault.
        return (field == "size" and has_wrong_shape) or (field in IMAGE_FIELDS and self.has_unusable_image)

    def create_videos(self, images: RequestImages) -> Created:
        """Create the takes of a valid form, in order, and keep its stored images: all, or nothing.

        Where a manager has to approve the price, they wait together instead. None when that is no longer
        possible, such as when the image was deleted just now: then `errors` say why. A price that has to be
        confirmed first is `price_to_confirm`.
        """
        try:
            if offer := self.fitting_offer:
                validate_terms(self._generation_request(), offer)
            takes = make_takes(self._generation_request(), self.cleaned_data["takes"])
            return create_or_ask(self.owner, NewVideos(takes, images))
        except ValidationError as error:
            self.add_refusal(error)
            return None

    def add_refusal(self, error: ValidationError) -> None:
        """Note at its fields why a service refused what the form asks for."""
        tell_refusal(error)
        self.price_to_confirm = price_to_confirm(error)
        for name, messages in error.message_dict.items():
            self.add_error(field_for(name, self.fields), messages)

    def _generation_request(self) -> GenerationRequest:
        """Return what the form asks for, as far as it is valid, without its images."""
        data = self.cleaned_data
        return GenerationRequest(
            prompt=data.get("prompt", ""),
            model=data.get("model", ""),
            seconds=data.get("seconds") or 0,
            size=data.get("size", ""),
            fit=data.get("fit", Fit.CROP),
            characters=data.get("characters", ()),
            parameters=chosen_parameters(data),
            accepted_terms=read_terms(data.get("accepted_terms", "")),
            collections=(data["collection"],) if data.get("collection") else (),
        )


def initial_values(chosen: Mapping[str, str], offers: Mapping[str, Offer]) -> dict[str, object]:
    """Return what an empty form starts with: what is `chosen` already, else the settings' defaults.

    What the model does not have gives way to what comes nearest to it.
    """
    name = next((each for each in (chosen.get("model", ""), settings.DEFAULT_MODEL) if each in offers), "")
    name = name or next(iter(offers), "")
    if not name:
        return {}
    model = offers[name].model
    return {
        "prompt": chosen.get("prompt", ""),
        "takes": chosen["takes"] if chosen.get("takes") in TAKES else "1",
        "model": name,
        "seconds": _choose_seconds(chosen.get("seconds", ""), model.seconds),
        "size": _choose_size(chosen.get("size", ""), model.sizes),
    }


def chosen_size(data: Mapping[str, Any], offers: Mapping[str, Offer]) -> str:
    """Return the size that a form's ratio and resolution name for its model, else its size; may be empty."""
    ratio, resolution = str(data.get("ratio") or ""), str(data.get("resolution") or "")
    if not (ratio and resolution):
        return str(data.get("size") or "")
    offer = offers.get(str(data.get("model") or ""))
    found = find_size(offer.model.sizes, ratio, resolution) if offer else None
    return found or named_size(ratio, resolution)


def _choose_seconds(wanted: str, offered: Sequence[int]) -> str:
    if wanted.isdecimal() and len(wanted) < MAX_DIGITS and offered:
        return str(min(offered, key=lambda seconds: (abs(seconds - int(wanted)), seconds)))
    default = settings.DEFAULT_SECONDS
    return str(default) if default in offered else str(next(iter(offered), ""))


def _choose_size(wanted: str, offered: Sequence[str]) -> str:
    if nearest := nearest_size(offered, wanted):
        return nearest
    default: str = settings.DEFAULT_SIZE
    return default if default in offered else next(iter(offered), "")


def _backends_with_characters(offers: Mapping[str, Offer]) -> set[int]:
    """Return the ids of the backends whose characters a video can have now."""
    if isinstance(offers, OfferCatalogue):
        return {backend.pk for backend in offers.in_use if backend.can_characters is True}
    able = [offer for offer in offers.values() if offer.has_characters]
    return {backend.pk for offer in able for backend in offer.backends}
