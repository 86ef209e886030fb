"""The composer: how the studio draws a `GenerateForm`, with its choices and what they cost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import gettext, gettext_lazy, ngettext

from videos.capabilities import Offer, OfferCatalogue
from videos.forms.base import MAX_IN_ROW
from videos.forms.generate import MAX_DIGITS, TAKES, GenerateForm, chosen_size
from videos.forms.parameters import FIELD_PREFIX
from videos.forms.templates import VariablesForm
from videos.media.facts import MAX_UPLOAD_PIXELS
from videos.models import Backend, Collection, Fit, VideoModel
from videos.services.generation_requests import MAX_CHARACTERS, MAX_PROMPT_LENGTH
from videos.services.images import max_images_size
from videos.services.prices import Price, price_for
from videos.services.terms import describe_pause, terms_of
from videos.shapes import OTHER, Shape, lines_of, shapes_of
from videos.validation import is_public_id
from videos.views.parameter_inputs import ParameterInput, parameter_inputs

# Their types, and the suffixes of those that not every system knows the type of.
ACCEPTED_IMAGES = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif"

FREE_NOTE = gettext_lazy("Free in demo")


@dataclass(frozen=True)
class CharacterChoice:
    """A character to choose, which only the models of its backend can use."""

    value: str
    label: str
    backend: Backend
    is_chosen: bool


@dataclass(frozen=True)
class LengthChoice:
    """A length that the model makes, in seconds."""

    value: str
    is_chosen: bool


@dataclass(frozen=True)
class RatioChoice:
    """A ratio that the model has, and a size of that ratio, for its icon."""

    value: str
    label: str
    size: str
    is_chosen: bool


@dataclass(frozen=True)
class ResolutionChoice:
    """A resolution that the model has at some ratio. `sizes` has the exact size by ratio."""

    value: str
    label: str
    sizes: dict[str, str]
    size: str  # at the chosen ratio; empty where the model does not have both
    is_chosen: bool

    @property
    def sizes_json(self) -> str:
        """The sizes by ratio, for the page's script."""
        return json.dumps(self.sizes)


@dataclass(frozen=True)
class Composer:
    """What the composer's template needs beside the form.

    `variables` stands in for the prompt where a template has variables. `keep_images`: the images chosen in
    the page stay, though the form around them is replaced. `changes` says in sentences what another model
    changed about length and size. `has_generated`: the form was sent just now, and is drawn as it was.
    `is_shaped`: its size is that of an image, and goes before that of a draft.
    """

    form: GenerateForm
    variables: VariablesForm | None = None
    keep_images: bool = False
    changes: Sequence[str] = ()
    has_generated: bool = False
    is_shaped: bool = False

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

    @cached_property
    def collection(self) -> Collection | None:
        """The collection that the video is made in, as far as there is one that videos can be put into."""
        public_id = str(self.form["collection"].value() or "")
        if not is_public_id(public_id):
            return None
        return Collection.objects.editable_by(self.form.owner).filter(public_id=public_id).first()

    @cached_property
    def offers(self) -> list[Offer]:
        """The models to choose from, in the catalogue's order: at most one more than fit into a row."""
        offers = self.form.offers
        if isinstance(offers, OfferCatalogue):
            return offers.first(MAX_IN_ROW + 1)
        return list(islice(offers.values(), MAX_IN_ROW + 1))

    @property
    def is_row(self) -> bool:
        """Whether the models are few enough for a row of buttons."""
        return len(self.offers) <= MAX_IN_ROW

    @property
    def model_count(self) -> int:
        return len(self.form.offers)

    @property
    def row(self) -> list[Offer]:
        """The models that are drawn as buttons: all, or of many the chosen one."""
        if self.is_row:
            return self.offers
        return [self.chosen_offer] if self.chosen_offer else []

    @property
    def has_several_backends(self) -> bool:
        """Whether it matters to say which backend makes what."""
        offers = self.form.offers
        if not self.is_row and isinstance(offers, OfferCatalogue):
            return len(offers.in_use) > 1
        return len({offer.backend.pk for offer in self.offers}) > 1

    @cached_property
    def chosen_offer(self) -> Offer | None:
        return self.form.offers.get(str(self.form["model"].value()))

    @cached_property
    def _model(self) -> VideoModel | None:
        """The model whose lengths and sizes are drawn: the chosen one, or the first when it has gone."""
        offer = self.chosen_offer or next(iter(self.offers), None)
        return offer.model if offer else None

    @property
    def lengths(self) -> list[LengthChoice]:
        chosen = str(self.form["seconds"].value())
        offered = self._model.seconds if self._model else ()
        return [LengthChoice(str(each), str(each) == chosen) for each in offered]

    @cached_property
    def _shapes(self) -> Sequence[Shape]:
        return shapes_of(self._model.sizes) if self._model else ()

    @cached_property
    def size(self) -> str:
        """The exact size that is chosen; empty where it is none of the model's."""
        values = {name: self.form[name].value() for name in ("model", "size", "ratio", "resolution")}
        size = chosen_size(values, self.form.offers)
        return size if any(each.size == size for each in self._shapes) else ""

    @cached_property
    def chosen_ratio(self) -> str:
        of_size = next((each.ratio for each in self._shapes if each.size == self.size), "")
        return of_size or str(self.form["ratio"].value() or "")

    @property
    def ratios(self) -> list[RatioChoice]:
        """The ratios that the model has, in the order of first mention."""
        first: dict[str, str] = {}
        for each in self._shapes:
            first.setdefault(each.ratio, each.size)
        chosen = self.chosen_ratio
        return [
            RatioChoice(ratio, gettext("Other") if ratio == OTHER else ratio, size, ratio == chosen)
            for ratio, size in first.items()
        ]

    @property
    def resolutions(self) -> list[ResolutionChoice]:
        """The resolutions that the model has at any ratio, the lowest first."""
        sizes: dict[str, dict[str, str]] = {}
        for each in self._shapes:
            sizes.setdefault(each.resolution, {})[each.ratio] = each.size
        labels = {each.resolution: each.label for each in self._shapes}
        choices = []
        for name, by_ratio in sizes.items():
            size = by_ratio.get(self.chosen_ratio, "")
            is_chosen = bool(size) and size == self.size
            choices.append(ResolutionChoice(name, labels[name], by_ratio, size, is_chosen))
        return sorted(choices, key=lambda each: min(lines_of(size) for size in each.sizes.values()))

    @property
    def size_errors(self) -> list[str]:
        """What is wrong with the size, however it was given."""
        return [*self.form.errors.get("resolution", ()), *self.form.errors.get("size", ())]

    @cached_property
    def characters(self) -> list[CharacterChoice]:
        chosen = self.form["characters"].value() or []
        return [
            CharacterChoice(public_id, each.name, each.backend, public_id in chosen)
            for public_id, each in self.form.available_characters.items()
        ]

    @cached_property
    def parameters(self) -> list[ParameterInput]:
        """The inputs of the block “More”."""
        return parameter_inputs(self.form, self.chosen_offer)

    @property
    def parameters_set(self) -> int:
        """How many of them have a value."""
        return sum(bool(each.value) for each in self.parameters)

    @property
    def stray_parameter_errors(self) -> list[str]:
        """What is wrong with parameters that were sent and that the model does not take."""
        drawn = {each.name for each in self.parameters}
        stray = [
            texts
            for name, texts in self.form.errors.items()
            if name.startswith(FIELD_PREFIX) and name not in drawn
        ]
        return [str(text) for texts in stray for text in texts]

    @property
    def has_parameter_errors(self) -> bool:
        return any(each.errors for each in self.parameters)

    @property
    def chosen_takes(self) -> int:
        """How many takes are shown as chosen: one where the form was sent nonsense."""
        value = str(self.form["takes"].value())
        return int(value) if value in TAKES else 1

    @property
    def summary(self) -> str:
        """What is chosen, in one line, for screens that fold the settings away."""
        offer, seconds = self.chosen_offer, str(self.form["seconds"].value() or "")
        resolution = next((each.label for each in self.resolutions if each.is_chosen), "")
        length = gettext("%(seconds)s s") % {"seconds": seconds} if seconds else ""
        parts = [offer.model.label if offer else "", length, self.chosen_ratio]
        count = self.chosen_takes
        takes = ngettext("%(count)d take", "%(count)d takes", count) % {"count": count} if count > 1 else ""
        return " \u00b7 ".join(part for part in (*parts, resolution, takes) if part)

    @property
    def chosen_fit(self) -> str:
        value = self.form["fit"].value()
        return value if value in Fit.values else Fit.CROP.value

    @property
    def images_limit(self) -> int:
        """Bytes of all images together."""
        return max_images_size()

    @property
    def takes_last_frame(self) -> bool:
        return self.chosen_offer is not None and self.chosen_offer.takes_last_frame

    @cached_property
    def frame_offer(self) -> Offer | None:
        """The first of the models that takes a first frame, to choose where the chosen one takes none."""
        return next((offer for offer in self.offers if offer.takes_reference), None)

    @property
    def max_references(self) -> int:
        """How many further images the chosen model takes."""
        return self.chosen_offer.max_references if self.chosen_offer else 0

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
        return self._making_offer is not None and self._making_offer.backend.is_free

    @property
    def price(self) -> str:
        """What all takes cost together by the catalogue; empty when there is no price."""
        each = self._price_of_each
        return "" if each is None else str(each * self.chosen_takes)

    @property
    def shows_price(self) -> bool:
        """Whether the button says the price: what is free has none there, and `price_note` says so."""
        return bool(self.price) and not self.is_free

    @property
    def price_of_each(self) -> str:
        """How the price of several takes comes about, such as 4 times $0.40; empty for one take."""
        each, takes = self._price_of_each, self.chosen_takes
        return "" if each is None or takes == 1 else f"{takes} \u00d7 {each}"

    @property
    def price_note(self) -> str:
        """What is to be known of the price; empty where it is the catalogue's, and charged as such."""
        each = self._price_of_each
        if each is None:
            return ""
        return str(FREE_NOTE) if self.is_free else each.note

    free_note = FREE_NOTE

    @property
    def standing_in(self) -> list[str]:
        """Which backends make which models in place of paused ones, a sentence for each two of them."""
        labels: dict[tuple[str, str], list[str]] = {}
        for offer in self.row:
            if offer.paused is not None:
                labels.setdefault((offer.backend.name, describe_pause(offer)), []).append(offer.model.label)
        sentence = gettext("%(backend)s makes videos with %(models)s while %(pause)s.")
        return [
            sentence % {"backend": backend, "models": get_text_list(models, gettext("and")), "pause": pause}
            for (backend, pause), models in labels.items()
        ]

    @property
    def terms(self) -> str:
        """The terms that this page shows; of what the form asks for in particular, once it has been sent."""
        shown = {terms_of(offer) for offer in self.row}
        if self.form.is_bound and (chosen := self.form.fitting_offer):
            shown.add(terms_of(chosen))
        return " ".join(sorted(shown))

    @cached_property
    def _making_offer(self) -> Offer | None:
        """The offer of the backend that makes what the form asks for; before it is sent, of the first one."""
        fitting = self.form.fitting_offer if self.form.is_bound else None
        return fitting or self.chosen_offer

    @cached_property
    def _price_of_each(self) -> Price | None:
        offer, seconds = self._making_offer, str(self.form["seconds"].value())
        if offer is None or not (seconds.isdecimal() and len(seconds) < MAX_DIGITS):
            return None
        return price_for(offer, int(seconds), self.size or str(self.form["size"].value()))


def describe_changes(asked: Mapping[str, str], composer: Composer) -> list[str]:
    """Return in sentences what became of the length and size that were `asked` for, if not the same."""
    model, seconds = composer.chosen_offer, str(composer.form["seconds"].value() or "")
    if model is None:
        return []
    changes = []
    if asked.get("seconds") and asked["seconds"] != seconds:
        lengths = {"asked": asked["seconds"], "seconds": seconds}
        changes.append(gettext("%(asked)s s is now %(seconds)s s") % lengths)
    if asked.get("size") and asked["size"] != composer.size:
        sizes = {"asked": _name_size(asked["size"]), "size": _name_size(composer.size)}
        changes.append(gettext("%(asked)s is now %(size)s") % sizes)
    if not changes:
        return []
    sentence = gettext("%(model)s has other settings: %(changes)s.")
    return [sentence % {"model": model.model.label, "changes": ", ".join(changes)}]


def _name_size(size: str) -> str:
    shape = next(iter(shapes_of([size])), None)
    if shape is None or shape.ratio == OTHER:
        return size
    return gettext("%(ratio)s at %(resolution)s") % {"ratio": shape.ratio, "resolution": shape.label}
