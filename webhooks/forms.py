"""The form of a webhook, and the one that sends what failed again."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.models import User
from webhooks import endpoints
from webhooks.destinations import MAX_URL
from webhooks.kinds import CHOICES
from webhooks.models import Endpoint

_SINCE = [
    ("1", _("the last hour")),
    ("24", _("the last day")),
    ("168", _("the last week")),
    ("720", _("the last month")),
]


class EndpointForm(forms.Form):
    """For a new webhook, and for one that there is. Everything is checked by `endpoints`."""

    url = forms.CharField(
        label=_("Address"),
        max_length=MAX_URL,
        widget=forms.URLInput(
            attrs={"placeholder": "https://hooks.example.org/contentgen", "autocomplete": "off"}
        ),
    )
    description = forms.CharField(
        label=_("Description (optional)"),
        required=False,
        max_length=endpoints.MAX_DESCRIPTION,
        widget=forms.TextInput(attrs={"placeholder": _("What is it for?"), "autocomplete": "off"}),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Send when"),
        choices=CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of event.")},
    )
    is_studio_wide = forms.BooleanField(label=_("Everybody's events, not only mine"), required=False)

    def __init__(self, user: User, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user, self._endpoint = user, endpoint
        if endpoint or not roles.may_manage(user):
            del self.fields["is_studio_wide"]

    def save(self) -> tuple[Endpoint, str] | None:
        """Create or change the webhook of a valid form. Returns it with its secret; empty for a change.

        Returns None, with the form's errors filled in, for what `endpoints` refuses.
        """
        try:
            if self._endpoint is None:
                return endpoints.create(self._user, **self.cleaned_data)
            endpoints.update(self._endpoint, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return None
        except endpoints.NotPossibleError as error:
            self.add_error(None, str(error))
            return None
        return self._endpoint, ""


class ResendForm(forms.Form):
    hours = forms.ChoiceField(label=_("Failed in"), choices=_SINCE, initial="24")

    @property
    def since(self) -> datetime:
        return timezone.now() - timedelta(hours=int(self.cleaned_data["hours"]))
