"""The fields of a form for the parameters of models: one for each name, whichever models take it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from videos.backends.parameters import form_values
from videos.capabilities import Offer
from videos.parameters import PREFIX
from videos.services.parameters import declared_names

FIELD_PREFIX = "parameter-"


class _FirstFilledInput(forms.TextInput):
    """Without a script a page shows a name once for each way in which models take it: the one that is filled
    in counts.
    """

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return _first_filled(data, name)


def parameter_fields(offers: Mapping[str, Offer]) -> dict[str, forms.Field]:
    """Return a field for each parameter that any of the offers' models takes, by the field's name.

    They take any text: the service decides what is valid.
    """
    return {
        FIELD_PREFIX + name: forms.CharField(required=False, strip=False, widget=_FirstFilledInput)
        for name in declared_names(offers)
    }


def parameter_initial(values: Mapping[str, Any]) -> dict[str, object]:
    """Return what the fields start with, for the `values` of parameters by name."""
    return {FIELD_PREFIX + name: text for name, text in form_values(values).items()}


def chosen_parameters(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the values by name in what a form sent, or in its cleaned data, without the empty ones."""
    names = [name for name in data if name.startswith(FIELD_PREFIX)]
    values = {name.removeprefix(FIELD_PREFIX): _first_filled(data, name) for name in names}
    return {name: value for name, value in values.items() if value}


def _first_filled(data: Mapping[str, Any], name: str) -> str:
    values = data.getlist(name) if isinstance(data, QueryDict) else [data.get(name, "")]
    return next((str(value) for value in values if str(value).strip()), "")


def field_for(error_name: str, fields: Iterable[str]) -> str | None:
    """Return the form's field for what a service calls `error_name`; None for what is of no field."""
    name = error_name
    if error_name.startswith(PREFIX):
        name = FIELD_PREFIX + error_name.removeprefix(PREFIX)
    return name if name in fields else None
