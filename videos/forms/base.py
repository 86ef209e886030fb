"""What the forms share that make something of what was typed by asking a service."""

from typing import Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User

Made = TypeVar("Made")


class CreationForm(forms.Form, Generic[Made]):
    """A form whose rules are a service's: what the service refuses is said at the form's fields."""

    def save(self, owner: User) -> Made | None:
        """Make what a form asks for that is valid so far. None when it cannot be: then `errors` say why."""
        try:
            return self._make(owner)
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                self.add_error(field if field in self.fields else None, messages)
            return None

    def _make(self, owner: User) -> Made:
        """Ask the service. Raises `ValidationError` by field."""
        raise NotImplementedError
