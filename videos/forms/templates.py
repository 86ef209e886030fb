"""What people type about prompt templates: a template itself, and what goes into its blanks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import User
from videos.models import PromptTemplate, VideoModel
from videos.prompts.posters import poster_sizes
from videos.prompts.syntax import (
    MAX_ANSWER_LENGTH,
    MAX_VARIABLES,
    MissingValuesError,
    Variable,
    parse_template,
    validate_template,
)
from videos.services.videos import MAX_PROMPT_LENGTH, validate_prompt

OWN_LIMIT = 200  # templates of one person; their page shows them all
_KEEP = "Use current setting"


class TemplateForm(forms.ModelForm[PromptTemplate]):
    """A template may only set what the catalogue has, or leave it open."""

    class Meta:
        model = PromptTemplate
        fields = ("title", "category", "prompt", "model", "seconds", "size")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._catalogue = list(VideoModel.objects.all())
        names = [(model.name, model.label) for model in self._catalogue]
        # A model that has left the catalogue stays in the list, or the page would change it silently.
        if self.instance.model and self.instance.model not in dict(names):
            names.append((self.instance.model, f"{self.instance.model} (no longer in the catalogue)"))
        self.fields["model"] = forms.ChoiceField(
            choices=[("", _KEEP), *names], required=False, help_text=self.fields["model"].help_text
        )

    def clean_prompt(self) -> str:
        """A browser sends two characters for a line break that it counted as one."""
        prompt = str(self.cleaned_data["prompt"]).replace("\r\n", "\n")
        validate_prompt(prompt)
        validate_template(prompt)
        return prompt

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        offering = self._catalogue
        if cleaned.get("model"):
            offering = [model for model in offering if model.name == cleaned["model"]]
            if not offering:
                raise ValidationError({"model": "This model is not in the catalogue. Choose another."})
        seconds, size = cleaned.get("seconds"), cleaned.get("size")
        refusal = f"{offering[0].label} does not offer" if cleaned.get("model") else "No model offers"
        if seconds and not any(seconds in model.seconds for model in offering):
            self.add_error("seconds", f"{refusal} this duration. Choose one of: {_all(offering, 'seconds')}.")
        if size and not any(size in model.sizes for model in offering):
            self.add_error("size", f"{refusal} this resolution. Choose one of: {_all(offering, 'sizes')}.")
        return cleaned


def _all(models: list[VideoModel], what: str) -> str:
    return ", ".join(dict.fromkeys(str(value) for model in models for value in getattr(model, what)))


class OwnTemplateForm(TemplateForm):
    """A template on its owner's pages. Staff may give a template to everybody; it is then no one's own."""

    everybody = forms.BooleanField(required=False)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        for name in ("seconds", "size"):
            values = dict.fromkeys(
                str(value) for each in self._catalogue for value in getattr(each, _LISTS[name])
            )
            kept = getattr(self.instance, name)
            if kept:
                values.setdefault(str(kept))
            choices = [("", _KEEP), *((value, value) for value in values)]
            self.fields[name] = (
                forms.TypedChoiceField(choices=choices, required=False, coerce=int, empty_value=None)
                if name == "seconds"
                else forms.ChoiceField(choices=choices, required=False)
            )
        if not owner.is_staff:
            del self.fields["everybody"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        mine = PromptTemplate.objects.filter(owner=self._owner)
        if self.instance.pk is None and mine.count() >= OWN_LIMIT:
            raise ValidationError(
                f"You have reached the limit of {OWN_LIMIT} templates. Delete one to add another."
            )
        return cleaned

    def save(self, commit: bool = True) -> PromptTemplate:
        """Keep the template as the owner's, or with `everybody` ticked as nobody's: shared."""
        self.instance.owner = None if self.cleaned_data.get("everybody") else self._owner
        return super().save(commit)


_LISTS = {"seconds": "seconds", "size": "sizes"}


class SharedTemplateForm(TemplateForm):
    """A template in the admin, with everything about it."""

    class Meta:
        model = PromptTemplate
        fields = (*TemplateForm.Meta.fields, "owner", "picture", "enabled", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict.fromkeys(poster_sizes())
        if self.instance.picture:
            names.setdefault(self.instance.picture)
        self.fields["picture"] = forms.ChoiceField(
            choices=[("", "None"), *((name, name) for name in names)],
            required=False,
            help_text=self.fields["picture"].help_text,
        )


class VariablesForm(forms.Form):
    """The blanks of a template, each as a field of its own, in the order of the sentence."""

    def __init__(self, pattern: str, data: QueryDict | None = None) -> None:
        self.pattern = pattern
        self.template = parse_template(pattern)
        super().__init__(data)
        for blank in self.template.blanks:
            self.fields[_key(blank)] = _field(blank)

    @classmethod
    def of(cls, pattern: str, data: QueryDict | None = None) -> "VariablesForm | None":
        """The form of a pattern; None when it has no blanks, or more than a template may have."""
        form = cls(pattern, data)
        return form if 0 < len(form.fields) <= MAX_VARIABLES else None

    @classmethod
    def sent(cls, data: QueryDict) -> "VariablesForm | None":
        """The blanks that came with the studio's form; None where the prompt was written by hand."""
        pattern = data.get("pattern", "").replace("\r\n", "\n")  # as `TemplateForm` keeps it
        return cls.of(pattern[:MAX_PROMPT_LENGTH], data)

    def clean(self) -> dict[str, Any]:
        try:
            self.template.fill(self._answers)
        except MissingValuesError as error:
            for blank in self.template.blanks:
                if blank.name in error.names and _key(blank) not in self.errors:
                    self.add_error(_key(blank), f"Enter a value: “{blank.label}” is empty.")
        return self.cleaned_data

    @property
    def wording(self) -> str:
        """The prompt as far as it is filled in."""
        return self.template.sketch(self._answers)

    @property
    def pieces(self) -> list[tuple[str, str]]:
        """The sentence for drawing: text with an empty name, or a blank's answer with its field's name."""
        answers = self._answers
        return [
            (part, "")
            if isinstance(part, str)
            else (answers[part.name].strip() or f"[{part.label}]", _key(part))
            for part in self.template.parts
        ]

    @property
    def _answers(self) -> dict[str, str]:
        return {
            blank.name: str(self.data.get(_key(blank), "")) if self.is_bound else blank.start
            for blank in self.template.blanks
        }


def _key(blank: Variable) -> str:
    return f"blank-{blank.name}"


def _field(blank: Variable) -> forms.Field:
    settings: dict[str, Any] = {
        "label": blank.label[:1].upper() + blank.label[1:],
        "initial": blank.start,
        "required": False,  # `clean` says which are empty
    }
    if blank.is_choice:
        choices = [(value, value) for value in blank.values]
        wrong = {"invalid_choice": "Choose a value from the list."}
        return forms.ChoiceField(choices=choices, error_messages=wrong, **settings)
    field = forms.TextInput(attrs={"data-label": blank.label})
    return forms.CharField(max_length=MAX_ANSWER_LENGTH, widget=field, **settings)
