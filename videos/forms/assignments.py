"""A field for values by name that people write as lines, such as `seed = 7`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from videos.backends.parameters import form_values
from videos.parameter_texts import parse_assignments


class AssignmentsField(forms.CharField):
    """Values by name, one a line. It is cleaned to a dict of texts: which are valid, a service says."""

    widget = forms.Textarea(attrs={"rows": 3, "placeholder": "seed = 7"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            help_text=gettext_lazy(
                "What else the model takes, one a line: seed = 7. Empty: use the current settings."
            ),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        texts = {name: " ".join(str(text).split()) for name, text in form_values(value).items()}
        return "\n".join(f"{name} = {text}" for name, text in sorted(texts.items()))

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        lines = str(super().to_python(value) or "").splitlines()
        return parse_assignments(line for line in lines if line.strip())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial or {}), data)
