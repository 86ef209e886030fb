"""The form that asks for videos, checked by the same rules as everything else that does."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import normalize_newlines

from accounts.models import User
from videos.capabilities import Offer, available_offers
from videos.forms.images import IMAGE_FIELDS, ImagesForm
from videos.forms.parameters import (
    chosen_parameters,
    field_for,
    parameter_fields,
    parameter_initial,
)
from videos.models import Character, Fit, Video
from videos.services.videos import (
    MAX_TAKES,
    GenerationRequest,
    create_videos,
    make_takes,
    validate_request,
    validate_takes,
)

TAKES = [str(number) for number in range(1, MAX_TAKES + 1)]  # what there is to choose from


class GenerateForm(ImagesForm):
    """A request for a video, in one take or several. `services.videos` decides what is valid, not this form.

    Takes plain dicts as well as a request's data, and the catalogue's `offers` where they have been read
    already. `characters` are cleaned to the `owner`'s own; nothing is stored before `create_videos`. What
    there is about images is in `ImagesForm`.
    """

    prompt = forms.CharField(required=False, strip=False)
    model = forms.CharField(required=False)
    seconds = forms.IntegerField(required=False)
    size = forms.CharField(required=False)
    takes = forms.IntegerField(required=False)
    characters = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": "This character no longer exists."}
    )

    def __init__(
        self, *args: Any, owner: User, offers: Mapping[str, Offer] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.offers = available_offers() if offers is None else offers
        self.fields |= parameter_fields(self.offers)
        self.initial = {**self.initial, **parameter_initial(self.initial.get("parameters") or {})}
        ids = [(public_id, public_id) for public_id in self.available_characters]
        self.fields["characters"].choices = ids  # type: ignore[attr-defined]  # is a choice field

    @cached_property
    def available_characters(self) -> dict[str, Character]:
        """The owner's characters that a video can have now, by public id, newest first."""
        backends = {offer.backend.pk for offer in self.offers.values() if offer.has_characters}
        if not backends:
            return {}
        own = Character.objects.filter(owner=self.owner, backend__in=backends, deleted_at=None)
        ready = own.exclude(backend_character_id="").select_related("backend")
        return {character.public_id: character for character in ready}

    def clean_prompt(self) -> str:
        return str(normalize_newlines(self.cleaned_data["prompt"]))  # a browser sends two characters for one

    def clean_takes(self) -> int:
        takes: int | None = self.cleaned_data["takes"]
        if takes is None:
            return 1
        validate_takes(takes)
        return takes

    def clean_characters(self) -> tuple[Character, ...]:
        ids = dict.fromkeys(self.cleaned_data["characters"])
        return tuple(self.available_characters[public_id] for public_id in ids)

    def clean(self) -> dict[str, Any]:
        try:
            validate_request(self._generation_request(), self.images, self.offers)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                field = field_for(name, self.fields)
                # Without an image that cannot be used, others may seem to be at fault.
                if field not in self.errors and not (field in IMAGE_FIELDS and self.has_unusable_image):
                    self.add_error(field, messages)
        return self.cleaned_data

    def create_videos(self) -> list[Video] | None:
        """Create the takes of a valid form, in order, and keep their images: all, or nothing.

        None when that is no longer possible, such as when the image was deleted just now: then `errors` say
        why.
        """
        try:
            with transaction.atomic(), self.images.kept(self.owner) as images:
                request = replace(self._generation_request(), **images)
                return create_videos(self.owner, make_takes(request, self.cleaned_data["takes"]))
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(field_for(name, self.fields), messages)
            return None

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
        )


def initial_values(chosen: dict[str, str], offers: Mapping[str, Offer]) -> dict[str, object]:
    """Return what an empty form starts with: what is `chosen` already, else the settings' defaults.

    A value that is not among the catalogue's `offers` gives way to one that is, so that something is
    selected.
    """
    name = _first_offered([chosen.get("model", ""), settings.DEFAULT_MODEL, *offers], list(offers))
    if name not in offers:
        return {}
    model = offers[name].model
    lengths = [str(value) for value in model.seconds]
    default_length = str(settings.DEFAULT_SECONDS)
    return {
        "prompt": chosen.get("prompt", ""),
        "takes": _first_offered([chosen.get("takes", "")], TAKES) or "1",
        "model": name,
        "seconds": _first_offered([chosen.get("seconds", ""), default_length, *lengths], lengths),
        "size": _first_offered([chosen.get("size", ""), settings.DEFAULT_SIZE, *model.sizes], model.sizes),
    }


def _first_offered(wanted: list[str], offered: list[str]) -> str:
    return next((value for value in wanted if value in offered), "")
