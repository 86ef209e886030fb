"""What is taken over of a service's catalogue: it may say anything, and none of it may do harm here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext, ngettext

from accounts.formats import format_number
from videos.backends.catalogue import CatalogueModel, is_size
from videos.capabilities import MAX_NAME_LENGTH
from videos.models.video_model import ANY_SIZE, is_rate
from videos.validation import clean_line, is_storable, storable_text

MAX_MODELS = 2000  # of one service
MAX_SIZES = 60  # of one model
MAX_LENGTHS = 60
MAX_MODEL_SECONDS = 600  # of a length that a model may have
_MAX_DESCRIPTION = 200  # characters, as the column holds


class TooManyModelsError(Exception):
    """The catalogue names more models than a studio can use. The message says how many."""


@dataclass(frozen=True)
class CheckedCatalogue:
    """The models that can be taken over, each once, and sentences about what was left out."""

    models: list[CatalogueModel]
    left_out: list[str]


def check_catalogue(catalogue: Iterable[CatalogueModel]) -> CheckedCatalogue:
    """Return what can be taken over of the catalogue; of a name that it has twice, the first model.

    Sizes, lengths and prices that are none are left out of a model. Raises `TooManyModelsError`.
    """
    found: dict[str, CatalogueModel] = {}
    unusable = repeated = 0
    for number, model in enumerate(catalogue, start=1):
        if number > MAX_MODELS:
            too_many = gettext("Its catalogue has more than %(number)s models.")
            raise TooManyModelsError(too_many % {"number": format_number(MAX_MODELS)})
        if not is_model_name(model.name):
            unusable += 1
        elif model.name in found:
            repeated += 1
        else:
            found[model.name] = _checked(model)
    left_out = []
    if unusable:
        left_out.append(_unusable(unusable))
    if repeated:
        left_out.append(_repeated(repeated))
    return CheckedCatalogue(list(found.values()), left_out)


def _unusable(count: int) -> str:
    return ngettext(
        "Left out, as their names cannot be used: %(count)d model.",
        "Left out, as their names cannot be used: %(count)d models.",
        count,
    ) % {"count": count}


def _repeated(count: int) -> str:
    return ngettext(
        "Left out, as their names appear twice: %(count)d model.",
        "Left out, as their names appear twice: %(count)d models.",
        count,
    ) % {"count": count}


def is_model_name(name: object) -> bool:
    """Whether this can be the name of a model: one line of printable text, as long as the column holds."""
    is_text = isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH
    return is_text and is_storable(str(name)) and str(name).isprintable() and str(name) == str(name).strip()


def _checked(model: CatalogueModel) -> CatalogueModel:
    sizes = [size for size in _items(model.sizes) if isinstance(size, str) and is_size(size)]
    seconds = [each for each in _items(model.seconds) if isinstance(each, int) and _is_length(each)]
    return replace(
        model,
        label=_line(model.label, MAX_NAME_LENGTH) or model.name,
        description=_line(model.description, _MAX_DESCRIPTION),
        sizes=tuple(dict.fromkeys(sizes))[:MAX_SIZES],
        seconds=tuple(dict.fromkeys(seconds))[:MAX_LENGTHS],
        frames=tuple(each for each in ("first", "last") if each in _items(model.frames))
        if model.frames is not None
        else None,
        has_sound=model.has_sound if isinstance(model.has_sound, bool) else None,
        price_per_second=_rates(model.price_per_second),
        pricing=_line(model.pricing, 500),
    )


def _rates(rates: object) -> dict[str, str]:
    """Return the prices that can be used: none where the studio counts in another currency than services."""
    if not isinstance(rates, Mapping) or settings.CURRENCY != "USD":
        return {}
    return {
        size: rate for size, rate in rates.items() if (size == ANY_SIZE or is_size(size)) and is_rate(rate)
    }


def _items(value: object) -> tuple[object, ...]:
    """Return the items of a list that a service may have sent something else for."""
    return tuple(value) if isinstance(value, list | tuple) else ()


def _is_length(seconds: int) -> bool:
    return not isinstance(seconds, bool) and 0 < seconds <= MAX_MODEL_SECONDS


def _line(text: object, limit: int) -> str:
    return clean_line(storable_text(text, 10 * limit))[:limit].strip() if isinstance(text, str) else ""
