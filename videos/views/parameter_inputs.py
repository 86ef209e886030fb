"""The composer's block “More”: an input for each parameter, as the chosen model declares it."""

from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext, pgettext

from contentgen.stored_texts import translated
from videos.backends.parameters import Parameter
from videos.capabilities import Offer
from videos.forms.parameters import FIELD_PREFIX
from videos.parameters import format_value

LONG_TEXT = 200  # characters from which on a text gets several lines


@dataclass(frozen=True)
class ParameterInput:
    """One input, for a `parameter` of the chosen model."""

    parameter: Parameter
    value: str
    errors: list[str]

    @property
    def name(self) -> str:
        return FIELD_PREFIX + self.parameter.name

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def is_long(self) -> bool:
        return self.parameter.type == "text" and (self.parameter.max_length or 0) > LONG_TEXT

    @property
    def options(self) -> list[tuple[str, str]]:
        """The choices of a select, each with its label; empty for what is typed."""
        parameter = self.parameter
        if parameter.type == "boolean":
            return [("true", format_value(True)), ("false", format_value(False))]
        return [(str(value), str(value)) for value in parameter.choices]

    @property
    def default(self) -> str:
        """What is used when the input is left empty."""
        if self.parameter.default is not None:
            value = format_value(self.parameter.default)
            sentence = gettext("Default (%(value)s)") if self.options else gettext("Default: %(value)s")
            return sentence % {"value": value}
        if self.parameter.type == "text":
            return pgettext("text", "None")
        return gettext("Random") if self.parameter.is_seed else gettext("Default")

    @property
    def hint(self) -> str:
        """The help, after the range of a number."""
        low, high = self.parameter.minimum, self.parameter.maximum
        bounds = ""
        if low is not None and high is not None and abs(high) < 1_000_000:
            bounds = gettext("%(low)s to %(high)s.") % {"low": f"{low:g}", "high": f"{high:g}"}
        elif low is not None:
            bounds = gettext("%(low)s or more.") % {"low": f"{low:g}"}
        elif high is not None:
            bounds = gettext("At most %(high)s.") % {"high": f"{high:g}"}
        return f"{bounds} {translated(self.parameter.help)}".strip()


def parameter_inputs(form: forms.Form, offer: Offer | None) -> list[ParameterInput]:
    """Return the inputs for the model of `offer`, whose parameters are fields of the form."""
    inputs = []
    for parameter in offer.parameters if offer else ():
        field = form[FIELD_PREFIX + parameter.name]
        errors = [str(error) for error in field.errors]
        inputs.append(ParameterInput(parameter, str(field.value() or ""), errors))
    return inputs
