"""The parameters of a request: checked against what its model takes, and each take given its own seed."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from contentgen.stored_texts import translated
from videos.backends.parameters import MAX_SEED
from videos.backends.service_kinds import SERVICES
from videos.capabilities import Offer, available_offers
from videos.models import Video, VideoModel
from videos.parameters import (
    MAX_INTEGER,
    SEED,
    Parameter,
    ParameterValue,
    clean_values,
    known_parameters,
    usable_values,
)


@dataclass(frozen=True)
class ChosenParameters:
    """What a video is to be asked for with: the `values` that were chosen, and the `seed` that is sent, None
    where the model takes none.
    """

    values: Mapping[str, ParameterValue]
    seed: int | None = None


def find_parameter_errors(given: Mapping[str, object], offer: Offer) -> dict[str, str]:
    """Return a sentence by `parameters.NAME` for each value that the offer's model does not take."""
    try:
        clean_values(offer.parameters, given)
    except ValidationError as error:
        return {name: messages[0] for name, messages in error.message_dict.items()}
    return {}


def choose_parameters(
    given: Mapping[str, object], offer: Offer, *, take: int = 1, group: uuid.UUID | None = None
) -> ChosenParameters:
    """Return what take number `take` (from 1) of the takes of `group` is to be asked for with.

    No two takes are the same picture: where the model takes a seed, that of the first take counts up from
    take to take. Where none was chosen the first one is drawn; it is not among the values. Raises as
    `clean_values` does.
    """
    values = clean_values(offer.parameters, given)
    declared = next((parameter for parameter in offer.parameters if parameter.is_seed), None)
    if declared is None:
        return ChosenParameters(values)
    chosen = values.get(SEED)
    first = (group or uuid.uuid4()).int if chosen is None else int(chosen)
    seed = _seed_of_take(declared, first, take, is_drawn=chosen is None)
    return ChosenParameters(values if chosen is None else {**values, SEED: seed}, seed)


def continued_parameters(
    source: Mapping[str, object], offer: Offer, *, take: int = 1, group: uuid.UUID | None = None
) -> ChosenParameters:
    """Return what a continuation of a video asked for with the values of `source` is to be asked for with:
    the same, as far as the offer's model takes it. `take` and `group` are as of `choose_parameters`.
    """
    return choose_parameters(usable_values(offer.parameters, source), offer, take=take, group=group)


def _seed_of_take(declared: Parameter, first: int, take: int, *, is_drawn: bool) -> int:
    """Return the seed of a take, in the declared range, at whose end it begins again."""
    low = 0 if declared.minimum is None else int(declared.minimum)
    usual = max(low, MAX_SEED if is_drawn else MAX_INTEGER)
    high = usual if declared.maximum is None else int(declared.maximum)
    if is_drawn:
        high = max(low, min(high, low + MAX_SEED))  # longer ones are tedious to read out and type
    elif declared.minimum is None:
        low = -MAX_INTEGER
    return low + (first - low + take - 1) % (high - low + 1)


def declared_names(offers: Mapping[str, Offer]) -> dict[str, str]:
    """Return the labels of all parameters that any offer's model takes, by name."""
    return {parameter.name: parameter.label for offer in offers.values() for parameter in offer.parameters}


def parameter_labels(videos: Iterable[Video]) -> dict[str, str]:
    """Return what people call the parameters of the videos, by name: as the catalogue has it now, else as it
    is usual, in the active language where it is known there. One query, if any video has any.
    """
    names = {name: name.replace("_", " ").capitalize() for video in videos for name in video.parameters}
    if not names:
        return {}
    usual = {each.name: each.label for service in SERVICES.values() for each in service.parameters}
    models = VideoModel.objects.filter(name__in={video.model for video in videos})
    for declared in models.values_list("parameters", flat=True):
        usual |= {each.name: each.label for each in known_parameters(declared)}
    return {name: translated(usual.get(name, label)) for name, label in names.items()}


def template_parameters(given: Mapping[str, object], model: str) -> dict[str, ParameterValue]:
    """Return the values that a template for `model`, or without one for any model, may hold.

    Raises `ValidationError` with a sentence for each that no such model takes.
    """
    offers = available_offers()
    takers = [offers[model]] if model in offers else [] if model else list(offers.values())
    values: dict[str, ParameterValue] = {}
    problems: list[str] = []
    for name, value in given.items():
        try:
            values |= _clean_for_any(name, value, takers)
        except ValidationError as error:
            problems.append(error.messages[0])
    if problems:
        raise ValidationError(problems)
    return values


def _clean_for_any(name: str, value: object, takers: Iterable[Offer]) -> dict[str, ParameterValue]:
    """Return the value as the first of the offers takes it. Raises `ValidationError` of the last."""
    declared = [each for offer in takers for each in offer.parameters if each.name == name]
    refusal = ValidationError(f"No model takes “{name[:64]}”.")
    for parameter in declared:
        try:
            return clean_values([parameter], {name: value})
        except ValidationError as error:
            refusal = error
    raise refusal
