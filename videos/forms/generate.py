"""The form that asks for videos, checked by the same rules as everything else that does."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.text import normalize_newlines

from accounts.models import User
from billing.errors import price_to_confirm
from videos.capabilities import Offer, available_offers
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import Character, Fit, ReferenceImage, Video
from videos.services.references import keep_reference
from videos.services.videos import (
    MAX_TAKES,
    GenerationRequest,
    create_videos,
    make_takes,
    validate_reference_support,
    validate_request,
    validate_takes,
)
from videos.validation import is_public_id

TAKES = [str(number) for number in range(1, MAX_TAKES + 1)]  # what there is to choose from


class GenerateForm(forms.Form):
    """A request for a video, in one take or several. `services.videos` decides what is valid, not this form.

    Takes plain dicts as well as a request's data, and the catalogue's `offers` where they have been read
    already. `input_reference` is cleaned to an opened `Reference` or None, `reference` (the id of an image
    that the `owner` has) to a `ReferenceImage` or None, `characters` to the `owner`'s own; nothing is stored
    before `create_videos`. Of two images the upload counts: whoever sends a file means that one.
    """

    prompt = forms.CharField(required=False, strip=False)
    model = forms.CharField(required=False)
    seconds = forms.IntegerField(required=False)
    size = forms.CharField(required=False)
    takes = forms.IntegerField(required=False)
    input_reference = forms.FileField(required=False)
    reference = forms.CharField(required=False)
    fit = forms.ChoiceField(
        choices=Fit.choices, required=False, error_messages={"invalid_choice": "Choose Crop or Pad."}
    )
    characters = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": "This character no longer exists."}
    )

    def __init__(
        self, *args: Any, owner: User, offers: Mapping[str, Offer] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.price_to_confirm = ""
        self.owner = owner
        self.offers = available_offers() if offers is None else offers
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

    @cached_property
    def chosen_reference(self) -> ReferenceImage | None:
        """The owner's image whose id the form has, or starts with; None when there is no such image.

        A deleted one counts too, for one may make another video like those that still have it.
        """
        public_id = str(self["reference"].value() or "")
        if not is_public_id(public_id):
            return None
        return ReferenceImage.objects.filter(owner=self.owner, public_id=public_id).first()

    def clean_prompt(self) -> str:
        return str(normalize_newlines(self.cleaned_data["prompt"]))  # a browser sends two characters for one

    def clean_takes(self) -> int:
        takes: int | None = self.cleaned_data["takes"]
        if takes is None:
            return 1
        validate_takes(takes)
        return takes

    def clean_fit(self) -> Fit:
        return Fit(self.cleaned_data["fit"] or Fit.CROP)

    def clean_characters(self) -> tuple[Character, ...]:
        ids = dict.fromkeys(self.cleaned_data["characters"])
        return tuple(self.available_characters[public_id] for public_id in ids)

    def clean_input_reference(self) -> Reference | None:
        upload: UploadedFile[bytes] | None = self.cleaned_data["input_reference"]
        if upload is None:
            return None
        try:
            return open_reference(upload, max_bytes=settings.MAX_FILE_SIZE)  # type: ignore[arg-type]  # is a file
        except BadReferenceError as error:
            raise ValidationError(str(error), code=error.code) from error

    def clean_reference(self) -> ReferenceImage | None:
        if not self.cleaned_data["reference"] or self.files.get("input_reference"):
            return None
        if self.chosen_reference is None:
            raise ValidationError("This image no longer exists. Choose another one.")
        return self.chosen_reference

    def clean(self) -> dict[str, Any]:
        try:
            validate_request(self._generation_request(self.cleaned_data.get("reference")))
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                if field not in self.errors:
                    self.add_error(field, messages)
        offer = self.offers.get(self.cleaned_data.get("model", ""))
        if self.cleaned_data.get("input_reference") and offer:
            try:
                validate_reference_support(offer)
            except ValidationError as error:
                self.add_error("input_reference", error)
        return self.cleaned_data

    def create_videos(self) -> list[Video] | None:
        """Create the takes of a valid form, in order, and keep their reference image: all, or nothing.

        None when that is no longer possible, such as when the image was deleted just now: then `errors` say
        why. A price that has to be confirmed first is `price_to_confirm`.
        """
        upload: Reference | None = self.cleaned_data["input_reference"]
        try:
            with transaction.atomic():
                image = self._keep_upload(upload) if upload else self.cleaned_data["reference"]
                takes = make_takes(self._generation_request(image), self.cleaned_data["takes"])
                return create_videos(self.owner, takes)
        except ValidationError as error:
            self.price_to_confirm = price_to_confirm(error)
            for field, messages in error.message_dict.items():
                self.add_error(field if field in self.fields else None, messages)
            return None

    def _keep_upload(self, upload: Reference) -> ReferenceImage:
        file = cast("UploadedFile[bytes]", self.files["input_reference"])
        return keep_reference(self.owner, upload, file_name=file.name)

    def _generation_request(self, image: ReferenceImage | None) -> GenerationRequest:
        """Return what the form asks for, as far as it is valid."""
        data = self.cleaned_data
        return GenerationRequest(
            prompt=data.get("prompt", ""),
            model=data.get("model", ""),
            seconds=data.get("seconds") or 0,
            size=data.get("size", ""),
            reference=image,
            fit=data.get("fit", Fit.CROP),
            characters=data.get("characters", ()),
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
