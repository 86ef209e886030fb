"""The forms by which people are invited, ask to join, and make their account."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import invitations, roles
from accounts.models import Invitation, Role, User

_DAYS = [("1", _("In 1 day")), ("7", _("In 7 days")), ("30", _("In 30 days"))]


class InviteForm(forms.Form):
    """Whom a manager invites. The roles are those that they may give."""

    email = forms.EmailField(
        label=_("Email (optional)"),
        required=False,
        max_length=254,
        help_text=_(
            "The link is sent there, and works for that person alone. Without one, whoever has the link may"
            " use it once."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), initial=Role.CREATOR)
    days = forms.ChoiceField(label=_("Expires"), choices=_DAYS, initial=str(invitations.DEFAULT_DAYS))

    def __init__(self, inviter: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inviter = inviter
        self.result: tuple[Invitation, str] | None = None
        roles_field = cast(forms.ChoiceField, self.fields["role"])
        roles_field.choices = [(role.value, role.label) for role in roles.invitable_roles(inviter)]

    def issue(self) -> tuple[Invitation, str] | None:
        """Create the invitation of a valid form. Returns None, with an error at its field, if that fails."""
        data = self.cleaned_data
        try:
            return invitations.issue(
                self._inviter, role=Role(data["role"]), email=data["email"], days=int(data["days"])
            )
        except forms.ValidationError as error:
            self.add_error(None, error)
            return None


class AcceptForm(UserCreationForm[User]):
    """Makes the account of somebody who was invited; asks for an address where the invitation has none."""

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, invitation: Invitation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = ""
        self.fields["username"].widget.attrs.update(autocomplete="username", autocapitalize="none")
        for name in ("password1", "password2"):
            self.fields[name].help_text = ""
        if invitation.email:
            del self.fields["email"]
        else:
            self.fields["email"].label = _("Email (optional)")
            self.fields["email"].help_text = _("To sign in by, and to reset a forgotten password.")

    def clean_username(self) -> str:
        """Return the name. Raises `ValidationError` for one that is taken, in whatever case."""
        username: str = super().clean_username() or ""
        if "@" in username:
            raise forms.ValidationError(gettext("Choose a name without @: that is for email addresses."))
        return username


class RequestInvitationForm(forms.Form):
    """Asks for a link, with an address at one of SIGNUP_EMAIL_DOMAINS."""

    email = forms.EmailField(
        max_length=254, label=_("Work email"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if not invitations.is_open_domain(email):
            domains = ", ".join(settings.SIGNUP_EMAIL_DOMAINS)
            raise forms.ValidationError(
                gettext("Only addresses at %(domains)s can join by themselves.") % {"domains": domains}
            )
        return email
