"""The composer: how the studio draws a `GenerateForm`, with its choices and what they cost."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.conf import settings

from videos.capabilities import Offer
from videos.formatting import format_dollars
from videos.forms.generate import TAKES, GenerateForm
from videos.forms.templates import VariablesForm
from videos.media.facts import MAX_UPLOAD_PIXELS
from videos.models import Character, Fit
from videos.services.images import max_images_size
from videos.services.videos import MAX_CHARACTERS, MAX_PROMPT_LENGTH
from videos.views.parameter_inputs import ParameterInput, count_set, parameter_inputs

# Their types, and the suffixes of those that not every system knows the type of.
ACCEPTED_IMAGES = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif"


@dataclass(frozen=True)
class Choice:
    """A length, size or character to choose, and the names of the models that take it."""

    value: str
    models: tuple[str, ...]
    label: str = ""
    backend: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class Composer:
    """What the composer's template needs beside the form.

    `variables` stands in for the prompt where a template has variables. `keep_images`: the images chosen in
    the page stay, though the form around them is replaced.
    """

    form: GenerateForm
    variables: VariablesForm | None = None
    keep_images: bool = False

    prompt_limit = MAX_PROMPT_LENGTH
    accepted_images = ACCEPTED_IMAGES
    character_limit = MAX_CHARACTERS
    take_numbers = range(1, len(TAKES) + 1)

    @property
    def file_limit(self) -> int:
        """Bytes of a reference image."""
        return settings.MAX_FILE_SIZE

    @property
    def pixel_limit(self) -> int:
        """Pixels above which a page scales a reference image down before it is uploaded."""
        return MAX_UPLOAD_PIXELS

    @property
    def offers(self) -> list[Offer]:
        """The models to choose from, in the catalogue's order."""
        return list(self.form.offers.values())

    @property
    def has_several_backends(self) -> bool:
        """Whether it matters to say which backend makes what."""
        return len({offer.backend.pk for offer in self.offers}) > 1

    @property
    def lengths(self) -> list[Choice]:
        return self._choices("seconds")

    @property
    def sizes(self) -> list[Choice]:
        return self._choices("sizes")

    def _choices(self, attribute: str) -> list[Choice]:
        """Return every value that any model takes, in the order of first mention."""
        takers: dict[str, list[str]] = {}
        for name, offer in self.form.offers.items():
            for value in getattr(offer.model, attribute):
                takers.setdefault(str(value), []).append(name)
        return [Choice(value, tuple(names)) for value, names in takers.items()]

    @cached_property
    def characters(self) -> list[Choice]:
        chosen = self.form["characters"].value() or []
        return [
            Choice(public_id, self._models_with(each), each.name, each.backend.name, public_id in chosen)
            for public_id, each in self.form.available_characters.items()
        ]

    def _models_with(self, character: Character) -> tuple[str, ...]:
        offers = self.form.offers.items()
        return tuple(name for name, offer in offers if offer.backend.pk == character.backend_id)

    @cached_property
    def parameters(self) -> list[ParameterInput]:
        """The inputs for what models can be told beyond prompt, length and size."""
        return parameter_inputs(self.form, self.form.offers)

    @property
    def parameters_set(self) -> int:
        """How many parameters of the chosen model have a value."""
        return count_set(self.parameters)

    @property
    def has_parameter_errors(self) -> bool:
        return any(each.errors for each in self.parameters)

    @property
    def takes_parameters(self) -> bool:
        """Whether the chosen model takes any."""
        return any(each.is_offered for each in self.parameters)

    @property
    def chosen_takes(self) -> int:
        """How many takes are shown as chosen: one where the form was sent nonsense."""
        value = str(self.form["takes"].value())
        return int(value) if value in TAKES else 1

    @property
    def chosen_fit(self) -> str:
        value = self.form["fit"].value()
        return value if value in Fit.values else Fit.CROP.value

    @property
    def images_limit(self) -> int:
        """Bytes of all images together."""
        return max_images_size()

    @property
    def image_limits(self) -> str:
        """What each model takes of images, as JSON for the page's script."""
        return json.dumps(
            {
                name: {
                    "label": offer.model.label,
                    "reference": int(offer.takes_reference),
                    "last_frame": int(offer.takes_last_frame),
                    "references": offer.max_references,
                }
                for name, offer in self.form.offers.items()
            }
        )

    @property
    def takes_last_frame(self) -> bool:
        """Whether any model takes a last frame."""
        return any(offer.takes_last_frame for offer in self.offers)

    @property
    def max_references(self) -> int:
        """How many further images the chosen model takes; where it takes none, the most that any does."""
        chosen = self._chosen_offer
        most = max((offer.max_references for offer in self.offers), default=0)
        return (chosen.max_references if chosen else 0) or most

    @property
    def reference_errors(self) -> list[str]:
        """What is wrong with the first frame, whether it is uploaded or chosen."""
        return self._image_errors("reference")

    @property
    def last_frame_errors(self) -> list[str]:
        """What is wrong with the last frame."""
        return self._image_errors("last_frame")

    @property
    def references_errors(self) -> list[str]:
        """What is wrong with the further images."""
        return self._image_errors("references")

    def _image_errors(self, name: str) -> list[str]:
        errors = self.form.errors
        return [*errors.get(f"input_{name}", ()), *errors.get(name, ())]

    @property
    def is_free(self) -> bool:
        """Whether the simulator would make it, which charges nothing whatever the catalogue says."""
        offer = self._chosen_offer
        return offer is not None and offer.backend.is_free

    @property
    def price(self) -> str:
        """What the button says that all takes cost together; empty when there is no price."""
        each = self._price_of_each
        return "" if each is None else format_dollars(each * self.chosen_takes)

    @property
    def price_of_each(self) -> str:
        """How the price of several takes comes about, such as 4 times $0.40; empty for one take."""
        each, takes = self._price_of_each, self.chosen_takes
        return "" if each is None or takes == 1 else f"{takes} \u00d7 {format_dollars(each)}"

    @property
    def _chosen_offer(self) -> Offer | None:
        return self.form.offers.get(str(self.form["model"].value()))

    @property
    def _price_of_each(self) -> Decimal | None:
        offer, seconds = self._chosen_offer, str(self.form["seconds"].value())
        if offer is None or not (seconds.isdecimal() and len(seconds) < 10):
            return None
        return offer.price(int(seconds), str(self.form["size"].value()))
