"""How allauth behaves in the studio."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes sign-up: every account can spend money, so an operator creates it in the admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
