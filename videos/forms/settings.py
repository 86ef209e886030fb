"""What templates and collections begin with: a model, length, size and parameters, each optional."""

from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext, gettext_lazy, ngettext

from videos.forms.assignments import AssignmentsField
from videos.forms.base import MAX_IN_ROW
from videos.models import VideoModel
from videos.services.parameters import template_parameters
from videos.shapes import shapes_of

UNSET = gettext_lazy("Use current setting")
_NOT_LISTED = gettext_lazy("This model is not in the catalogue. Choose another.")
_MAX_LISTED = 12  # values in one sentence
_ATTRIBUTES = {"seconds": "seconds", "size": "sizes"}  # of a model, by the field that chooses from them

Row = TypeVar("Row", bound=Model)


class SettingsForm(forms.ModelForm[Row]):
    """A form with `model`, `seconds`, `size` and `parameters`, which are of the catalogue, or left open."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._catalogue = list(VideoModel.objects.all())
        if "model" not in self.fields:  # the admin of somebody who may only look
            return
        names = [(model.name, model.label) for model in self._catalogue]
        # A model that has left the catalogue stays in the list, or the page would change it silently.
        current = getattr(self.instance, "model", "")
        if current and current not in dict(names):
            names.append((current, gettext("%(model)s (no longer in the catalogue)") % {"model": current}))
        self.fields["model"] = forms.ChoiceField(
            choices=[("", UNSET), *names],
            required=False,
            help_text=self.fields["model"].help_text,
            error_messages={"invalid_choice": _NOT_LISTED},
        )
        self.fields["parameters"] = AssignmentsField()

    def offer_lists(self) -> None:
        """Have lengths and sizes chosen from lists, and the model from a list or, of many, by searching."""
        for name in _ATTRIBUTES:
            values = dict.fromkeys(
                str(value) for each in self._catalogue for value in getattr(each, _ATTRIBUTES[name])
            )
            current = getattr(self.instance, name)
            if current:
                values.setdefault(str(current))
            choices = [("", UNSET), *((value, _label(name, value)) for value in values)]
            self.fields[name] = (
                forms.TypedChoiceField(choices=choices, required=False, coerce=int, empty_value=None)
                if name == "seconds"
                else forms.ChoiceField(choices=choices, required=False)
            )
        if self.picks_model:
            placeholder = {"placeholder": UNSET, "autocomplete": "off", "data-model-field": ""}
            self.fields["model"].widget = forms.TextInput(attrs=placeholder)

    @property
    def picks_model(self) -> bool:
        """Whether the models are so many that they are chosen from a list that can be searched."""
        return len(self._catalogue) > MAX_IN_ROW

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        models = self._catalogue
        if cleaned.get("model"):
            models = [model for model in models if model.name == cleaned["model"]]
            if not models:
                raise ValidationError({"model": _NOT_LISTED})
        seconds, size = cleaned.get("seconds"), cleaned.get("size")
        chosen = models[0].label if cleaned.get("model") else ""
        if seconds and not any(seconds in model.seconds for model in models):
            self.add_error("seconds", _refuse_duration(chosen, _listed(models, "seconds")))
        if size and not any(size in model.sizes for model in models):
            self.add_error("size", _refuse_resolution(chosen, _listed(models, "sizes")))
        if cleaned.get("parameters"):
            self._clean_parameters(cleaned)
        return cleaned

    def _clean_parameters(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["parameters"] = template_parameters(cleaned["parameters"], cleaned.get("model") or "")
        except ValidationError as error:
            self.add_error("parameters", error.messages)


def _refuse_duration(model: str, values: str) -> str:
    """Return in a sentence what to choose instead of a duration that `model`, or else no model, offers."""
    sentence = (
        gettext("%(model)s does not offer this duration. Choose one of: %(values)s.")
        if model
        else gettext("No model offers this duration. Choose one of: %(values)s.")
    )
    return sentence % {"model": model, "values": values}


def _refuse_resolution(model: str, values: str) -> str:
    """Return the same about a resolution."""
    sentence = (
        gettext("%(model)s does not offer this resolution. Choose one of: %(values)s.")
        if model
        else gettext("No model offers this resolution. Choose one of: %(values)s.")
    )
    return sentence % {"model": model, "values": values}


def _listed(models: list[VideoModel], attribute: str) -> str:
    values = list(dict.fromkeys(str(value) for model in models for value in getattr(model, attribute)))
    more = len(values) - _MAX_LISTED
    listed = ", ".join(values[:_MAX_LISTED])
    if more <= 0:
        return listed
    text = ngettext("%(values)s or %(count)d other", "%(values)s or %(count)d others", more)
    return text % {"values": listed, "count": more}


def _label(name: str, value: str) -> str:
    """Return how a length or size stands in its list: a size after its ratio and resolution."""
    shape = next(iter(shapes_of([value])), None) if name == "size" else None
    return shape.full_label if shape else value
