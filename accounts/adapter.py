"""How allauth behaves in the studio."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from accounts import sign_in_limits
from accounts.client_address import UNKNOWN, client_address
from accounts.models import User
from accounts.sign_in_limits import Attempt


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes allauth's own sign-up: every account can spend money, so people join by invitation alone.

    Wrong passwords are limited as `sign_in_limits` says. allauth's own limit is by name alone, so that
    anybody could lock the owner out.
    """

    _attempt: Attempt | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return an address that the database takes: of a Unix socket's client there is none."""
        address = client_address(request)
        return "0.0.0.0" if address == UNKNOWN else address  # noqa: S104  # no address to listen on

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raises `ValidationError` when there were too many."""
        self._attempt = sign_in_limits.begin_attempt(request, _account_name(credentials))
        if not self._attempt.is_allowed:
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None and self._attempt is not None:
            self._attempt.forgive()
        return user

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **details: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **details)
        sign_in_limits.remember_device(response, cast(User, user))
        return response

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Send the link; or, to somebody who signs in at the provider, that there is no password."""
        if user.has_usable_password():
            super().send_password_reset_mail(user, email, context)
        else:
            self.send_mail("account/email/no_password", email, {"provider": settings.OIDC_NAME})


def _account_name(credentials: dict[str, Any]) -> str:
    """Return the username of the account that is guessed at, to which guesses by address count too."""
    login = str(credentials.get("username") or credentials.get("email") or "")
    if "@" not in login or User.objects.filter(username__iexact=login).exists():
        return login
    owners = sorted(filter_users_by_email(login, for_login=True), key=lambda user: user.pk)
    return str(owners[0].get_username()) if owners else login


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Names passkeys by number, in our words."""

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:  # noqa: A002
        count = user.authenticator_set.filter(type=type).count()  # type: ignore[attr-defined]
        return gettext("Passkey %(number)s") % {"number": count + 1}
