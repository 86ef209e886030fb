"""Forms for prompt templates: to write one, and to fill in its variables."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import normalize_newlines

from accounts.models import User
from videos.forms.assignments import AssignmentsField
from videos.forms.base import MAX_IN_ROW
from videos.models import PromptTemplate, VideoModel
from videos.prompts.posters import poster_sizes
from videos.prompts.syntax import (
    MAX_INPUT_LENGTH,
    MAX_VARIABLES,
    MissingValuesError,
    Variable,
    parse_template,
    validate_template,
)
from videos.services.parameters import template_parameters
from videos.services.videos import MAX_PROMPT_LENGTH, validate_prompt
from videos.shapes import shapes_of
from videos.validation import clean_line, clean_text, has_visible_text

MAX_OWN_TEMPLATES = 200  # of one person, whose page shows them all
_UNSET = "Use current setting"
_MAX_LISTED = 12  # values in one sentence


class TemplateForm(forms.ModelForm[PromptTemplate]):
    """A template. Model, length and size are of the catalogue, or left to whoever uses it."""

    class Meta:
        model = PromptTemplate
        fields = ("title", "category", "prompt", "model", "seconds", "size", "parameters")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._catalogue = list(VideoModel.objects.all())
        if "model" not in self.fields:  # the admin of somebody who may only look
            return
        names = [(model.name, model.label) for model in self._catalogue]
        # A model that has left the catalogue stays in the list, or the page would change it silently.
        if self.instance.model and self.instance.model not in dict(names):
            names.append((self.instance.model, f"{self.instance.model} (no longer in the catalogue)"))
        self.fields["model"] = forms.ChoiceField(
            choices=[("", _UNSET), *names],
            required=False,
            help_text=self.fields["model"].help_text,
            error_messages={"invalid_choice": "This model is not in the catalogue. Choose another."},
        )
        self.fields["parameters"] = AssignmentsField()

    def clean_title(self) -> str:
        title = self.cleaned_data["title"]
        if not has_visible_text(title):
            raise ValidationError("Enter a title.")
        return clean_line(title)

    def clean_category(self) -> str:
        category = self.cleaned_data["category"]
        return clean_line(category) if has_visible_text(category) else ""

    def clean_prompt(self) -> str:
        # A browser sends two characters for a line break that it counted as one.
        prompt = str(normalize_newlines(self.cleaned_data["prompt"]))
        validate_prompt(prompt)
        prompt = clean_text(prompt)
        validate_template(prompt)
        return prompt

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        models = self._catalogue
        if cleaned.get("model"):
            models = [model for model in models if model.name == cleaned["model"]]
            if not models:
                raise ValidationError({"model": "This model is not in the catalogue. Choose another."})
        seconds, size = cleaned.get("seconds"), cleaned.get("size")
        refusal = f"{models[0].label} does not offer" if cleaned.get("model") else "No model offers"
        if seconds and not any(seconds in model.seconds for model in models):
            self.add_error(
                "seconds", f"{refusal} this duration. Choose one of: {_listed(models, 'seconds')}."
            )
        if size and not any(size in model.sizes for model in models):
            self.add_error("size", f"{refusal} this resolution. Choose one of: {_listed(models, 'sizes')}.")
        if cleaned.get("parameters"):
            self._clean_parameters(cleaned)
        return cleaned

    def _clean_parameters(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["parameters"] = template_parameters(cleaned["parameters"], cleaned.get("model") or "")
        except ValidationError as error:
            self.add_error("parameters", error.messages)


def _listed(models: list[VideoModel], attribute: str) -> str:
    values = list(dict.fromkeys(str(value) for model in models for value in getattr(model, attribute)))
    more = len(values) - _MAX_LISTED
    return ", ".join(values[:_MAX_LISTED]) + (f" or {more} others" if more > 0 else "")


class OwnTemplateForm(TemplateForm):
    """A template on its owner's pages. Whoever may add shared ones can share it: it then has no owner."""

    everybody = forms.BooleanField(required=False)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        for name in ("seconds", "size"):
            values = dict.fromkeys(
                str(value) for each in self._catalogue for value in getattr(each, _ATTRIBUTES[name])
            )
            current = getattr(self.instance, name)
            if current:
                values.setdefault(str(current))
            choices = [("", _UNSET), *((value, _label(name, value)) for value in values)]
            self.fields[name] = (
                forms.TypedChoiceField(choices=choices, required=False, coerce=int, empty_value=None)
                if name == "seconds"
                else forms.ChoiceField(choices=choices, required=False)
            )
        if self.picks_model:
            placeholder = {"placeholder": _UNSET, "autocomplete": "off", "data-model-field": ""}
            self.fields["model"].widget = forms.TextInput(attrs=placeholder)
        if not owner.has_perm("videos.add_prompttemplate"):
            del self.fields["everybody"]

    @property
    def picks_model(self) -> bool:
        """Whether the models are so many that they are chosen from a list that can be searched."""
        return len(self._catalogue) > MAX_IN_ROW

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        own = PromptTemplate.objects.filter(owner=self._owner)
        if self.instance.pk is None and own.count() >= MAX_OWN_TEMPLATES:
            raise ValidationError(
                f"You have reached the limit of {MAX_OWN_TEMPLATES} templates. Delete one to add another."
            )
        return cleaned

    def save(self, commit: bool = True) -> PromptTemplate:
        """Save the template as the owner's own; with `everybody` ticked, without an owner: shared."""
        self.instance.owner = None if self.cleaned_data.get("everybody") else self._owner
        return super().save(commit)


def _label(name: str, value: str) -> str:
    """Return how a length or size stands in its list: a size after its ratio and resolution."""
    shape = next(iter(shapes_of([value])), None) if name == "size" else None
    return shape.full_label if shape else value


_ATTRIBUTES = {"seconds": "seconds", "size": "sizes"}  # of a model, by the field that chooses from them


class SharedTemplateForm(TemplateForm):
    """A template in the admin, with everything about it."""

    class Meta:
        model = PromptTemplate
        fields = (*TemplateForm.Meta.fields, "owner", "picture", "enabled", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "picture" not in self.fields:
            return
        names = dict.fromkeys(poster_sizes())
        if self.instance.picture:
            names.setdefault(self.instance.picture)
        self.fields["picture"] = forms.ChoiceField(
            choices=[("", "None"), *((name, name) for name in names)],
            required=False,
            help_text=self.fields["picture"].help_text,
        )


class VariablesForm(forms.Form):
    """The variables of a template, each as a field of its own, in the order of the sentence."""

    def __init__(self, pattern: str, data: QueryDict | None = None) -> None:
        self.pattern = pattern
        self.template = parse_template(pattern)
        super().__init__(data)
        for variable in self.template.variables:
            self.fields[_field_name(variable)] = _field(variable)

    @classmethod
    def for_pattern(cls, pattern: str, data: QueryDict | None = None) -> "VariablesForm | None":
        """Return the form of a template's text; None without variables, or with more than it may have."""
        form = cls(pattern, data)
        return form if 0 < len(form.fields) <= MAX_VARIABLES else None

    @classmethod
    def from_post(cls, data: QueryDict) -> "VariablesForm | None":
        """Return the variables sent with the studio's form; None where the prompt was written as text."""
        pattern = str(normalize_newlines(data.get("pattern", "")))  # as `TemplateForm` keeps it
        return cls.for_pattern(pattern[:MAX_PROMPT_LENGTH], data)

    def clean(self) -> dict[str, Any]:
        try:
            self.template.fill(self._values)
        except MissingValuesError as error:
            for variable in self.template.variables:
                if variable.name in error.names and _field_name(variable) not in self.errors:
                    message = f"Enter a value: “{variable.label}” is empty."
                    self.add_error(_field_name(variable), message)
        return self.cleaned_data

    @property
    def prompt(self) -> str:
        """The prompt as far as it is filled in."""
        return self.template.preview(self._values)

    @property
    def segments(self) -> list[tuple[str, str]]:
        """The sentence for drawing: text with an empty name, or a variable's value with its field's name."""
        values = self._values
        return [
            (part, "")
            if isinstance(part, str)
            else (values[part.name].strip() or f"[{part.label}]", _field_name(part))
            for part in self.template.parts
        ]

    @property
    def _values(self) -> dict[str, str]:
        return {
            each.name: str(self.data.get(_field_name(each), "")) if self.is_bound else each.default
            for each in self.template.variables
        }


def _field_name(variable: Variable) -> str:
    return f"variable-{variable.name}"


def _field(variable: Variable) -> forms.Field:
    options: dict[str, Any] = {
        "label": variable.label[:1].upper() + variable.label[1:],
        "initial": variable.default,
        "required": False,  # `clean` says which are empty
    }
    if variable.is_choice:
        choices = [(value, value) for value in variable.values]
        messages = {"invalid_choice": "Choose a value from the list."}
        return forms.ChoiceField(choices=choices, error_messages=messages, **options)
    widget = forms.TextInput(attrs={"data-label": variable.label})
    return forms.CharField(max_length=MAX_INPUT_LENGTH, widget=widget, **options)
