"""Forms for prompt templates: to write one, and to fill in its variables."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import normalize_newlines
from django.utils.translation import gettext, pgettext

from accounts.models import User
from videos.forms.settings import SettingsForm
from videos.models import PromptTemplate
from videos.prompts.posters import poster_sizes
from videos.prompts.syntax import (
    MAX_INPUT_LENGTH,
    MAX_VARIABLES,
    MissingValuesError,
    Variable,
    parse_template,
    validate_template,
)
from videos.services.generation_requests import MAX_PROMPT_LENGTH, validate_prompt
from videos.validation import clean_line, clean_text, has_visible_text

MAX_OWN_TEMPLATES = 200  # of one person, whose page shows them all


class TemplateForm(SettingsForm[PromptTemplate]):
    """A template. Model, length and size are of the catalogue, or left to whoever uses it."""

    class Meta:
        model = PromptTemplate
        fields = ("title", "category", "prompt", "model", "seconds", "size", "parameters")

    def clean_title(self) -> str:
        title = self.cleaned_data["title"]
        if not has_visible_text(title):
            raise ValidationError(gettext("Enter a title."))
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


class OwnTemplateForm(TemplateForm):
    """A template on its owner's pages. Whoever may add shared ones can share it: it then has no owner."""

    everybody = forms.BooleanField(required=False)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        self.offer_lists()
        if not owner.has_perm("videos.add_prompttemplate"):
            del self.fields["everybody"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        own = PromptTemplate.objects.filter(owner=self._owner)
        if self.instance.pk is None and own.count() >= MAX_OWN_TEMPLATES:
            sentence = gettext(
                "You have reached the limit of %(count)d templates. Delete one to add another."
            )
            raise ValidationError(sentence % {"count": MAX_OWN_TEMPLATES})
        return cleaned

    def save(self, commit: bool = True) -> PromptTemplate:
        """Save the template as the owner's own; with `everybody` ticked, without an owner: shared."""
        self.instance.owner = None if self.cleaned_data.get("everybody") else self._owner
        return super().save(commit)


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
            choices=[("", pgettext("picture", "None")), *((name, name) for name in names)],
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
                    message = gettext("Enter a value: “%(name)s” is empty.")
                    self.add_error(_field_name(variable), message % {"name": variable.label})
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
        messages = {"invalid_choice": gettext("Choose a value from the list.")}
        return forms.ChoiceField(choices=choices, error_messages=messages, **options)
    widget = forms.TextInput(attrs={"data-label": variable.label})
    return forms.CharField(max_length=MAX_INPUT_LENGTH, widget=widget, **options)
