"""The forms by which an account is deleted: one's own, and by staff somebody else's."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import deletion
from accounts.models import AccountDeletion, User, WorkChoice


class DeletionForm(forms.Form):
    """What becomes of the work. The choice is never made beforehand."""

    work = forms.ChoiceField(choices=WorkChoice.choices, widget=forms.RadioSelect, label=_("Your work"))
    heir = forms.CharField(
        required=False,
        max_length=150,
        label=_("Username of who is to get it"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    username = forms.CharField(
        max_length=150,
        label=_("Your own username, to confirm"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, user: User, data: Any = None, *, by: User | None = None) -> None:
        super().__init__(data)
        self.user, self.by = user, by
        if by is not None:
            self.fields["work"].label = _("Their work")
            self.fields["username"].label = _("The username of this account, to confirm")

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if name != self.user.get_username():
            raise ValidationError(gettext("Type “%(name)s”.") % {"name": self.user.get_username()})
        return name

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("work") == WorkChoice.HAND_OVER and not data.get("heir"):
            self.add_error("heir", gettext("Say who is to get it."))
        return data

    def save(self) -> AccountDeletion | None:
        """Schedule the deletion; None, with the errors in the form, where that can't be."""
        work, heir = WorkChoice(self.cleaned_data["work"]), self.cleaned_data["heir"]
        try:
            return deletion.schedule(self.user, work, heir_name=heir, by=self.by)
        except ValidationError as error:
            self.add_error(None, error)
            return None
