"""The form for a model of the catalogue."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from videos.backends.parameters import VIDEOS_API_PARAMETERS
from videos.models import VideoModel
from videos.parameters import declaration_of, parse_declarations

_KNOWN = {parameter.name: parameter for parameter in VIDEOS_API_PARAMETERS}
_EXAMPLE = '[{"name": "steps", "type": "integer", "minimum": 1, "maximum": 50, "default": 30, "help": "…"}]'


class DeclarationsField(forms.JSONField):
    """A list of declarations of parameters, as JSON; empty for none of one's own."""

    widget = forms.Textarea(attrs={"rows": 10, "cols": 90, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if value is None:
            return ""
        is_text = isinstance(value, str)
        return value if is_text else json.dumps(value, ensure_ascii=False, indent=2)

    def validate(self, value: Any) -> None:
        """Raise `ValidationError` with a sentence for each declaration that cannot be used."""
        if value is not None:
            parse_declarations(value)


class VideoModelForm(forms.ModelForm[VideoModel]):
    """A model of the catalogue. Usual parameters are ticked; others are declared as JSON."""

    parameters = DeclarationsField(
        required=False,
        help_text="What it can be told beyond prompt, length and size. Empty: what is known of its backend's "
        f"kind of service; [] for nothing. Each has a name and a type, such as {_EXAMPLE}. Types: integer, "
        "number, boolean, choice (with choices), text (with max_length). A default is sent when nobody "
        "chooses a value.",
    )
    add_parameters = forms.MultipleChoiceField(
        label="Add usual parameters",
        required=False,
        choices=[(each.name, f"{each.label} ({each.name})") for each in VIDEOS_API_PARAMETERS],
        widget=forms.CheckboxSelectMultiple,
        help_text="As vLLM-Omni and SGLang take them. They are added to the list above when you save.",
    )

    class Meta:
        model = VideoModel
        fields = "__all__"  # noqa: DJ007  # an administrator may change all that the model lets be changed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        added = cleaned.get("add_parameters")
        if added and "parameters" in cleaned:
            declared = list(cleaned["parameters"] or [])
            taken = {entry["name"].casefold() for entry in declared}
            new = [declaration_of(_KNOWN[name]) for name in added if name.casefold() not in taken]
            cleaned["parameters"] = [*declared, *new]
            try:
                parse_declarations(cleaned["parameters"])
            except ValidationError as error:
                self.add_error("parameters", error)
        return cleaned
