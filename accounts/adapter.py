"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up by themselves: every account can spend money, so an operator makes it in the admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
