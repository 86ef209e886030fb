"""The forms that change a password, one's own or another person's, and revoke the API tokens with it."""

from typing import Any, cast

from allauth.account import forms as allauth_forms
from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, SetUnusablePasswordMixin
from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext, override

from accounts import subjects, tokens
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action


def _revoke_tokens_field(user: User, *, is_own: bool) -> forms.BooleanField | None:
    """Return the box to tick; None where there is no token to revoke. Never ticked beforehand."""
    count = tokens.active_tokens(user).count()
    if not count:
        return None
    label = _ask_for_own(count) if is_own else _ask_for_others(count)
    return forms.BooleanField(required=False, label=label % {"count": count})


def _ask_for_own(count: int) -> str:
    return ngettext(
        "Also revoke my API token. Programs that use it stop working at once.",
        "Also revoke my %(count)d API tokens. Programs that use them stop working at once.",
        count,
    )


def _ask_for_others(count: int) -> str:
    return ngettext(
        "Also revoke this person's API token. Programs that use it stop working at once.",
        "Also revoke this person's %(count)d API tokens. Programs that use them stop working at once.",
        count,
    )


# What allauth calls its fields, without its capitals.
_LABELS = {
    "Current Password": _("Current password"),
    "New Password": _("New password"),
    "New Password (again)": _("New password (again)"),
    "Password": _("Password"),
    "Password (again)": _("Password (again)"),
    "Remember Me": _("Remember me"),
}


def _clear_hints(form: forms.Form) -> None:
    """Remove what allauth writes below and into fields, and its capitals: the pages have their own words."""
    for field in form.fields.values():
        with override("en"):
            name = str(field.label)
        field.label = _LABELS.get(name, field.label)
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)


class SignInForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth ships no types
    """Takes a username or an email address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _clear_hints(self)
        self.fields["login"].label = _("Username or email")
        self.fields["login"].widget = forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )


class ReauthenticateForm(allauth_forms.ReauthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """Asks for one's own password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _clear_hints(self)


class SetPasswordForm(allauth_forms.SetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Sets a first password, of somebody who signs in at the provider."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _clear_hints(self)


class ResetPasswordForm(allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth ships no types
    """Sets a new password, for whoever has the link of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _clear_hints(self)
        if self.user is not None and (field := _revoke_tokens_field(self.user, is_own=True)) is not None:
            self.fields["revoke_tokens"] = field

    def save(self) -> None:
        super().save()
        if self.cleaned_data.get("revoke_tokens"):
            tokens.revoke_all(self.user)


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Changes one's own password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _clear_hints(self)
        if (field := _revoke_tokens_field(self.user, is_own=True)) is not None:
            self.fields["revoke_tokens"] = field

    def save(self) -> None:
        super().save()
        if self.cleaned_data.get("revoke_tokens"):
            tokens.revoke_all(self.user)


class StaffPasswordChangeForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # Django has no generic
    """Changes another person's password in the admin. `revoked` is how many tokens that revoked."""

    revoked = 0
    # Django puts this together when the module is imported, so that it is in English for everybody.
    usable_password_help_text = format_lazy(  # type: ignore[assignment]  # a lazy text is as good
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        SetUnusablePasswordMixin.usable_password_help_text,
        _("If disabled, the current password for this user will be lost."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (field := _revoke_tokens_field(self.user, is_own=False)) is not None:
            self.fields["revoke_tokens"] = field

    def save(self, commit: bool = True) -> User:
        with transaction.atomic():
            user = cast(User, super().save(commit))
            record(Action.PASSWORD_CHANGED, subjects.person(user), note=gettext_noop("By staff."))
        if self.cleaned_data.get("revoke_tokens"):
            self.revoked = tokens.revoke_all(user)
        return user
