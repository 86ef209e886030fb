"""What people type, checked by the same rules as everything else that asks for a video."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import User
from videos.capabilities import Offer, available_offers
from videos.formatting import format_dollars
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import Character, Fit, ReferenceImage, Video
from videos.services.references import keep_reference
from videos.services.videos import (
    MAX_CHARACTERS,
    MAX_PROMPT_LENGTH,
    MAX_TAKES,
    GenerationRequest,
    create_videos,
    make_takes,
    validate_reference_support,
    validate_request,
    validate_takes,
)

_TAKES = [str(number) for number in range(1, MAX_TAKES + 1)]

_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Choice:
    """One length, size or character of the form, and the models that take it."""

    value: str
    models: tuple[str, ...]
    label: str = ""
    backend: str = ""
    is_chosen: bool = False


class GenerateForm(forms.Form):
    """A request for a video, in one take or several. The catalogue decides what is valid
    (`validate_request`), never this form.

    Takes plain dicts as well as a request's data, and the catalogue's `offers` where they have been read
    already. `input_reference` is cleaned to an opened `Reference` or None, `reference` (the id of an image
    that the `owner` has) to a `ReferenceImage` or None, `characters` to the `owner`'s own; nothing is stored
    before `save`. Of two images the upload counts: whoever sends a file means that one.
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

    prompt_limit = MAX_PROMPT_LENGTH
    character_limit = MAX_CHARACTERS

    def __init__(
        self, *args: Any, owner: User, offers: Mapping[str, Offer] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        self._offered = available_offers() if offers is None else offers
        self.fields["characters"].choices = [(name, name) for name in self._characters]  # type: ignore[attr-defined]

    def clean_takes(self) -> int:
        """Who says nothing of it wants one."""
        takes: int | None = self.cleaned_data["takes"]
        if takes is None:
            return 1
        validate_takes(takes)
        return takes

    def clean_fit(self) -> Fit:
        return Fit(self.cleaned_data["fit"] or Fit.CROP)

    def clean_characters(self) -> tuple[Character, ...]:
        return tuple(self._characters[name] for name in dict.fromkeys(self.cleaned_data["characters"]))

    def clean_prompt(self) -> str:
        """A browser sends two characters for a line break that it counted as one."""
        text: str = self.cleaned_data["prompt"]
        return text.replace("\r\n", "\n")

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
            validate_request(self._request(self.cleaned_data.get("reference")))
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                if field not in self.errors:
                    self.add_error(field, messages)
        offer = self._offered.get(self.cleaned_data.get("model", ""))
        if self.cleaned_data.get("input_reference") and offer:
            try:
                validate_reference_support(offer)
            except ValidationError as error:
                self.add_error("input_reference", error)
        return self.cleaned_data

    def save_takes(self) -> list[Video] | None:
        """Create the takes of a valid form, in order, and keep their reference image: all, or nothing.

        None when it cannot be any more, such as when the image was deleted just now: then `errors` say why.
        """
        picture: Reference | None = self.cleaned_data["input_reference"]
        try:
            with transaction.atomic():
                kept = keep_reference(self._owner, picture) if picture else None
                request = self._request(kept or self.cleaned_data["reference"])
                return create_videos(self._owner, make_takes(request, self.cleaned_data["takes"]))
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                self.add_error(field if field in self.fields else None, messages)
            return None

    def _request(self, image: ReferenceImage | None) -> GenerationRequest:
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

    @property
    def file_limit(self) -> int:
        """Bytes of a reference image."""
        return settings.MAX_FILE_SIZE

    @cached_property
    def _characters(self) -> dict[str, Character]:
        """Whom the owner can have in a video now, by their ids, newest first."""
        backends = {offer.backend.pk for offer in self._offered.values() if offer.has_characters}
        if not backends:
            return {}
        alive = Character.objects.filter(owner=self._owner, backend__in=backends, deleted_at=None)
        ready = alive.exclude(backend_character_id="").select_related("backend")
        return {character.public_id: character for character in ready}

    @property
    def offers(self) -> list[Offer]:
        """What there is to choose from, in the catalogue's order."""
        return list(self._offered.values())

    @property
    def several_backends(self) -> bool:
        """Whether it matters to say which backend makes what."""
        return len({offer.backend.pk for offer in self.offers}) > 1

    @property
    def is_free(self) -> bool:
        """Whether the simulator would make it, which charges nothing whatever the catalogue says."""
        offer = self._offered.get(str(self["model"].value()))
        return offer is not None and offer.backend.is_simulator

    @property
    def price(self) -> str:
        """What the choices that the form shows cost, as the button says it: all takes together. Empty when
        there is no price.
        """
        each = self._price_of_one
        return "" if each is None else format_dollars(each * self.chosen_takes)

    @property
    def price_of_each(self) -> str:
        """How the price comes about, where there are several takes, such as 4 times $0.40."""
        each, takes = self._price_of_one, self.chosen_takes
        return "" if each is None or takes == 1 else f"{takes} \u00d7 {format_dollars(each)}"

    @property
    def _price_of_one(self) -> Decimal | None:
        offer = self._offered.get(str(self["model"].value()))
        seconds = str(self["seconds"].value())
        if offer is None or not (seconds.isdecimal() and len(seconds) < 10):
            return None
        return offer.price(int(seconds), str(self["size"].value()))

    @property
    def chosen_takes(self) -> int:
        """How many takes the form shows as chosen: one where it was sent nonsense."""
        value = str(self["takes"].value())
        return int(value) if value in _TAKES else 1

    @property
    def takes_offered(self) -> range:
        return range(1, MAX_TAKES + 1)

    @property
    def lengths(self) -> list[Choice]:
        return self._union("seconds")

    @property
    def sizes(self) -> list[Choice]:
        return self._union("sizes")

    @cached_property
    def chosen_reference(self) -> ReferenceImage | None:
        """The owner's image that the form shows as chosen: a deleted one too, for one may make another video
        like those that still have it.
        """
        public_id = str(self["reference"].value() or "")
        if not _PUBLIC_ID.fullmatch(public_id):
            return None
        return ReferenceImage.objects.filter(owner=self._owner, public_id=public_id).first()

    @property
    def reference_errors(self) -> list[str]:
        """What is wrong with the image, wherever it comes from."""
        return [*self.errors.get("input_reference", ()), *self.errors.get("reference", ())]

    @property
    def chosen_fit(self) -> str:
        """How the form shows that a reference image is fitted."""
        value = self["fit"].value()
        return value if value in Fit.values else Fit.CROP.value

    @property
    def cast(self) -> list[Choice]:
        """The characters to choose from."""
        chosen = self["characters"].value() or []
        return [
            Choice(name, self._takers(each), each.name, each.backend.name, name in chosen)
            for name, each in self._characters.items()
        ]

    def _takers(self, character: Character) -> tuple[str, ...]:
        offered = self._offered.items()
        return tuple(name for name, offer in offered if offer.backend.pk == character.backend_id)

    def _union(self, attribute: str) -> list[Choice]:
        """Every value that any model takes, in the order of first mention, with the models that take it."""
        takers: dict[str, list[str]] = {}
        for name, offer in self._offered.items():
            for value in getattr(offer.model, attribute):
                takers.setdefault(str(value), []).append(name)
        return [Choice(value, tuple(names)) for value, names in takers.items()]


def initial_values(chosen: dict[str, str], offers: Mapping[str, Offer]) -> dict[str, object]:
    """Return what an empty form starts with: what is `chosen` already, else the settings' defaults.

    A value that is not among the catalogue's `offers` gives way to one that is, so that something is
    selected.
    """
    name = _first_of([chosen.get("model", ""), settings.DEFAULT_MODEL, *offers], list(offers))
    if name not in offers:
        return {}
    model = offers[name].model
    seconds = [str(value) for value in model.seconds]
    return {
        "prompt": chosen.get("prompt", ""),
        "takes": _first_of([chosen.get("takes", "")], _TAKES) or "1",
        "model": name,
        "seconds": _first_of([chosen.get("seconds", ""), str(settings.DEFAULT_SECONDS), *seconds], seconds),
        "size": _first_of([chosen.get("size", ""), settings.DEFAULT_SIZE, *model.sizes], model.sizes),
    }


def _first_of(wanted: list[str], offered: list[str]) -> str:
    return next((value for value in wanted if value in offered), "")
