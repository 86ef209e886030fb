"""The composer's block “More”: an input for each parameter, as the models declare it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms

from videos.backends.parameters import Parameter
from videos.capabilities import Offer
from videos.forms.parameters import FIELD_PREFIX
from videos.parameters import format_value

LONG_TEXT = 200  # characters from which on a text gets several lines


@dataclass(frozen=True)
class ParameterInput:
    """One input: a `parameter` that the `models` declare alike. `is_offered` says whether the chosen model is
    one of them, `is_for_all` whether all are. Of inputs with one name, only that of the chosen model has
    `value` and `errors`.
    """

    parameter: Parameter
    number: int
    models: tuple[str, ...]
    labels: tuple[str, ...]
    is_offered: bool
    is_for_all: bool
    value: str
    errors: list[str]

    @property
    def name(self) -> str:
        return FIELD_PREFIX + self.parameter.name

    @property
    def id(self) -> str:
        return f"id_{self.name}-{self.number}"

    @property
    def is_long(self) -> bool:
        return self.parameter.type == "text" and (self.parameter.max_length or 0) > LONG_TEXT

    @property
    def options(self) -> list[tuple[str, str]]:
        """The choices of a select, each with its label; empty for what is typed."""
        parameter = self.parameter
        if parameter.type == "boolean":
            return [("true", "On"), ("false", "Off")]
        return [(str(value), str(value)) for value in parameter.choices]

    @property
    def default(self) -> str:
        """What is used when the input is left empty."""
        if self.parameter.default is not None:
            value = format_value(self.parameter.default)
            return f"Default: {value}" if not self.options else f"Default ({value})"
        if self.parameter.type == "text":
            return "None"
        return "Random" if self.parameter.is_seed else "Default"

    @property
    def hint(self) -> str:
        """The help, after the range of a number."""
        low, high = self.parameter.minimum, self.parameter.maximum
        bounds = ""
        if low is not None and high is not None:
            bounds = f"{low:g} to {high:g}." if abs(high) < 1_000_000 else f"{low:g} or more."
        elif low is not None or high is not None:
            bounds = f"{low:g} or more." if low is not None else f"At most {high:g}."
        return f"{bounds} {self.parameter.help}".strip()


def parameter_inputs(form: forms.Form, offers: Mapping[str, Offer]) -> list[ParameterInput]:
    """Return the inputs for all models of the offers, in the order of first mention."""
    takers: dict[Parameter, list[str]] = {}
    for name, offer in offers.items():
        for parameter in offer.parameters:
            takers.setdefault(parameter, []).append(name)
    chosen = str(form["model"].value())
    shown = _shown(takers, chosen)
    inputs = []
    for number, (parameter, models) in enumerate(takers.items(), start=1):
        field = form[FIELD_PREFIX + parameter.name]
        has_value = shown[parameter.name] == parameter
        inputs.append(
            ParameterInput(
                parameter,
                number,
                tuple(models),
                tuple(offers[name].model.label for name in models),
                chosen in models,
                len(models) == len(offers),
                str(field.value() or "") if has_value else "",
                [str(error) for error in field.errors] if has_value else [],
            )
        )
    return inputs


def _shown(takers: Mapping[Parameter, list[str]], chosen: str) -> dict[str, Parameter]:
    """Return which input of each name has the form's value: the chosen model's, else the first."""
    found: dict[str, Parameter] = {}
    for parameter, models in takers.items():
        if chosen in models or parameter.name not in found:
            found[parameter.name] = parameter
    return found


def count_set(inputs: list[ParameterInput]) -> int:
    """Return how many of the inputs of the chosen model have a value."""
    return sum(bool(each.value) for each in inputs if each.is_offered)
