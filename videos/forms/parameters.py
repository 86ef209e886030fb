"""The fields of a form for the parameters of the chosen model."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django import forms

from videos.backends.parameters import form_values
from videos.capabilities import Offer
from videos.parameters import MAX_PARAMETERS, PREFIX

FIELD_PREFIX = "parameter-"


def parameter_fields(offer: Offer | None, data: Mapping[str, Any]) -> dict[str, forms.Field]:
    """Return a field for each parameter that the model of `offer` takes, by the field's name.

    What was sent besides in `data`, from a page with another model, is a field too: the service says that the
    model does not take it, instead of nobody. They take any text: the service decides what is valid.
    """
    declared = [FIELD_PREFIX + each.name for each in (offer.parameters if offer else ())]
    others = [FIELD_PREFIX + name for name in islice(chosen_parameters(data), MAX_PARAMETERS)]
    return {
        name: forms.CharField(required=False, strip=False) for name in dict.fromkeys([*declared, *others])
    }


def parameter_initial(values: Mapping[str, Any]) -> dict[str, object]:
    """Return what the fields start with, for the `values` of parameters by name."""
    return {FIELD_PREFIX + name: text for name, text in form_values(values).items()}


def chosen_parameters(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the values by name in what a form sent, or in its cleaned data, without the empty ones."""
    sent = {name: str(data.get(name) or "") for name in data if name.startswith(FIELD_PREFIX)}
    return {name.removeprefix(FIELD_PREFIX): value for name, value in sent.items() if value.strip()}


def field_for(error_name: str, fields: Iterable[str]) -> str | None:
    """Return the form's field for what a service calls `error_name`; None for what is of no field."""
    name = error_name
    if error_name.startswith(PREFIX):
        name = FIELD_PREFIX + error_name.removeprefix(PREFIX)
    return name if name in fields else None
