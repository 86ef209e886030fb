"""What staff can do with people's access. What cannot be undone is asked about first, with what it means."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts import deactivation, sessions, tokens
from accounts.models import User

MAX_PEOPLE = 100  # of one action


def may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether whoever asks may change or delete this account: one without rights, or as a superuser any."""
    return user is None or bool(request.user.is_superuser) or not _has_rights(user)


def _has_rights(user: User) -> bool:
    is_privileged = user.is_staff or user.is_superuser
    return is_privileged or user.groups.exists() or user.user_permissions.exists()


class UserActions(admin.ModelAdmin[User]):
    """Signing out everywhere, revoking tokens, and blocking."""

    def has_revoke_tokens_permission(self, request: HttpRequest) -> bool:
        """Whether this person may revoke others' tokens, as in the list of tokens."""
        return request.user.has_perm("accounts.change_apitoken")

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End all sessions. It asks nothing: people sign in again."""
        self._for_each(request, queryset, self._sign_out)

    @admin.action(description="Revoke all API tokens…", permissions=["revoke_tokens"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        meaning = "Programs that use them stop at once. A revoked token never works again."
        if "confirmed" not in request.POST:
            return self._ask(request, queryset, "revoke_tokens", "Revoke all API tokens", meaning)
        self._for_each(request, queryset, self._revoke)
        return None

    @admin.action(description="Deactivate…", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        meaning = (
            "Sessions end, API tokens are refused, and what waits in the queue is canceled, which costs"
            " nothing. What a backend works on is followed to its end: it is paid for. Tick “Active” to let"
            " somebody in again; what was canceled stays canceled."
        )
        if "confirmed" not in request.POST:
            return self._ask(request, queryset, "deactivate", "Deactivate", meaning)
        self._for_each(request, queryset, self._block)
        return None

    def consequences_of(self, action: str, user: User) -> str:
        """Return what an action means for this person, in a few words; empty where nothing is to be said."""
        if action == "revoke_tokens":
            count = tokens.active_tokens(user).count()
            return f"{count} API token{'' if count == 1 else 's'}"
        return ""

    def _sign_out(self, user: User) -> str:
        ended = sessions.sign_out_everywhere(user)
        return f"Signed out everywhere: {ended} session{'' if ended == 1 else 's'} ended."

    def _revoke(self, user: User) -> str:
        revoked = tokens.revoke_all(user)
        return f"{revoked} API token{'' if revoked == 1 else 's'} revoked."

    def _block(self, user: User) -> str:
        return "Deactivated." if deactivation.deactivate(user) else "Was deactivated before."

    def _for_each(self, request: HttpRequest, people: QuerySet[User], act: Callable[[User], str]) -> None:
        """Do it for each person for whom it is allowed, and tell what became of it."""
        for user in people[:MAX_PEOPLE]:
            if not may_touch(request, user):
                self.message_user(request, f"Only a superuser can do this for “{user}”.", messages.ERROR)
                continue
            try:
                done = act(user)
            except ValidationError as error:
                self.message_user(request, f"“{user}”: {error.messages[0]}", messages.ERROR)
                continue
            self.log_change(request, user, done)
            self.message_user(request, f"“{user}”: {done}")

    def _ask(
        self, request: HttpRequest, people: QuerySet[User], action: str, title: str, meaning: str
    ) -> HttpResponse:
        """Ask for confirmation, with what the action means for each."""
        listed = list(people[:MAX_PEOPLE])
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": title if len(listed) != 1 else f"{title}: “{listed[0]}”",
            "opts": self.opts,
            "meaning": meaning,
            "action": action,
            "button": title,
            "people": [(user, self.consequences_of(action, user)) for user in listed],
        }
        return TemplateResponse(request, "admin/accounts/user/confirm_action.html", context)
