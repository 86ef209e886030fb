"""What forms share whose rules, and whose work, are a service's."""

from typing import Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import normalize_newlines

from accounts.models import User
from billing.errors import price_to_confirm
from billing.notices import tell_refusal
from videos.services.generation_requests import validate_takes

Created = TypeVar("Created")

MAX_IN_ROW = 5  # models in a row of buttons; more are chosen from a list that can be searched


class PromptAndTakes(forms.Form):
    """What a form does with the fields `prompt` and `takes`, which it has."""

    def clean_prompt(self) -> str:
        return str(normalize_newlines(self.cleaned_data["prompt"]))  # a browser sends two characters for one

    def clean_takes(self) -> int:
        takes: int | None = self.cleaned_data["takes"]
        if takes is None:
            return 1
        validate_takes(takes)
        return takes


class CreationForm(forms.Form, Generic[Created]):
    """A form that creates something by a service, and tells at its fields what the service refuses."""

    price_to_confirm = ""  # where the service refuses a high price that nobody has confirmed

    def save(self, owner: User) -> Created | None:
        """Create what a valid form asks for. None when the service refuses: then `errors` say why."""
        try:
            return self._create(owner)
        except ValidationError as error:
            tell_refusal(error)
            self.price_to_confirm = price_to_confirm(error)
            for field, messages in error.message_dict.items():
                self.add_error(field if field in self.fields else None, messages)
            return None

    def _create(self, owner: User) -> Created:
        """Call the service. Raises `ValidationError` by field."""
        raise NotImplementedError
