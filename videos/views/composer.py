"""The composer: how the studio draws a `GenerateForm`, with its choices and what they cost."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.utils.text import get_text_list

from videos.capabilities import Offer
from videos.forms.generate import TAKES, GenerateForm
from videos.forms.templates import VariablesForm
from videos.media.facts import MAX_UPLOAD_PIXELS
from videos.models import Character, Fit
from videos.services.prices import Price, price_for
from videos.services.terms import describe_pause, terms_of
from videos.services.videos import MAX_CHARACTERS, MAX_PROMPT_LENGTH

FREE_NOTE = "Catalogue price. The simulator is free."


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

    `variables` stands in for the prompt where a template has variables. `keep_reference`: the image chosen in
    the page stays, though the form around it is replaced.
    """

    form: GenerateForm
    variables: VariablesForm | None = None
    keep_reference: bool = False

    prompt_limit = MAX_PROMPT_LENGTH
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
        return tuple(
            name for name, offer in offers if character.backend_id in {each.pk for each in offer.backends}
        )

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
    def reference_errors(self) -> list[str]:
        """What is wrong with the reference image, whether it is uploaded or chosen."""
        errors = self.form.errors
        return [*errors.get("input_reference", ()), *errors.get("reference", ())]

    @property
    def is_free(self) -> bool:
        """Whether the simulator would make it, which charges nothing whatever the catalogue says."""
        offer = self._chosen_offer
        return offer is not None and offer.backend.is_free

    @property
    def price(self) -> str:
        """What the button says that all takes cost together; empty when there is no price."""
        each = self._price_of_each
        return "" if each is None else str(each * self.chosen_takes)

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
        return FREE_NOTE if self.is_free else each.note

    free_note = FREE_NOTE

    @property
    def standing_in(self) -> list[str]:
        """Which backends make which models in place of paused ones, a sentence for each two of them."""
        labels: dict[tuple[str, str], list[str]] = {}
        for offer in self.offers:
            if offer.paused is not None:
                labels.setdefault((offer.backend.name, describe_pause(offer)), []).append(offer.model.label)
        return [
            f"{backend} makes videos with {get_text_list(models, 'and')} while {pause}."
            for (backend, pause), models in labels.items()
        ]

    @property
    def terms(self) -> str:
        """The terms that this page shows; of what the form asks for in particular, once it has been sent."""
        shown = {terms_of(offer) for offer in self.offers}
        if self.form.is_bound and (chosen := self.form.fitting_offer):
            shown.add(terms_of(chosen))
        return " ".join(sorted(shown))

    @property
    def _chosen_offer(self) -> Offer | None:
        chosen = self.form.fitting_offer if self.form.is_bound else None
        return chosen or self.form.offers.get(str(self.form["model"].value()))

    @cached_property
    def _price_of_each(self) -> Price | None:
        offer, seconds = self._chosen_offer, str(self.form["seconds"].value())
        if offer is None or not (seconds.isdecimal() and len(seconds) < 10):
            return None
        return price_for(offer, int(seconds), str(self.form["size"].value()))
