"""allauth's forms of passkeys: an answer of an authenticator that makes no sense is an error, no crash."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as webauthn

# What the parsers of allauth and fido2 raise besides `ValidationError`.
_NONSENSE = (ArithmeticError, LookupError, ValueError, TypeError, AttributeError)


class AddForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    def clean(self) -> Any:
        try:
            return super().clean()
        except _NONSENSE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class _AskingForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except _NONSENSE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class AuthenticateForm(_AskingForm):
    """The second step of signing in."""


class SignInForm(_AskingForm, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """Signing in with a passkey alone."""


class ReauthenticateForm(_AskingForm, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Confirming who one is."""
