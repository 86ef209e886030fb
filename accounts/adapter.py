"""How allauth behaves in the studio."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from accounts import sign_in_limits
from accounts.client_address import client_address
from accounts.models import User
from accounts.sign_in_limits import Attempt


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes sign-up: every account can spend money, so an operator creates it in the admin.

    Wrong passwords are limited as `sign_in_limits` says. allauth's own limit is by name alone, so that
    anybody could lock the owner out.
    """

    _attempt: Attempt | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raises `ValidationError` when there were too many."""
        self._attempt = sign_in_limits.begin_attempt(request, str(credentials.get("username", "")))
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
