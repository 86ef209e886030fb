"""The form for a new API token."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import tokens
from accounts.models import ApiToken, Scope, User

NAME_LIMIT = 100  # characters
_EXPIRIES = [
    ("", _("Never")),
    ("7", _("In 7 days")),
    ("30", _("In 30 days")),
    ("90", _("In 90 days")),
    ("365", _("In 1 year")),
]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LIMIT,
        widget=forms.TextInput(attrs={"placeholder": _("What is it for?"), "autocomplete": "off"}),
    )
    scope = forms.ChoiceField(label=_("Permissions"), choices=Scope.choices, initial=Scope.WRITE)
    expires_in = forms.ChoiceField(label=_("Expires"), choices=_EXPIRIES, required=False)

    def issue(self, user: User) -> tuple[ApiToken, str]:
        """Create the token of a valid form. Return it with its secret."""
        data: dict[str, Any] = self.cleaned_data
        days = int(data["expires_in"] or 0)
        expires_at = timezone.now() + timedelta(days=days) if days else None
        return tokens.issue(user, data["name"], scope=Scope(data["scope"]), expires_at=expires_at)
