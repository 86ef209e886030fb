"""What staff can do with people's access. What cannot be undone is asked about first, with what it means."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _

from accounts import deactivation, sessions, tokens
from accounts.models import User

MAX_PEOPLE = 100  # of one action

Words = Callable[[], str]  # a sentence, in whatever language is active when it is asked for


def may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether whoever asks may change or delete this account: one without rights, or as a superuser any."""
    return user is None or bool(request.user.is_superuser) or not _has_rights(user)


def _has_rights(user: User) -> bool:
    is_privileged = user.is_staff or user.is_superuser
    return is_privileged or user.groups.exists() or user.user_permissions.exists()


def only_superuser_can(user: User) -> str:
    """Return the sentence about an account that this member of staff may not touch."""
    return gettext("Only a superuser can do this for “%(person)s”.") % {"person": user}


def tokens_revoked(count: int) -> str:
    """Return the sentence about tokens that were revoked."""
    return ngettext("%(count)d API token revoked.", "%(count)d API tokens revoked.", count) % {"count": count}


def _signed_out(ended: int) -> str:
    return ngettext(
        "Signed out everywhere: %(count)d session ended.",
        "Signed out everywhere: %(count)d sessions ended.",
        ended,
    ) % {"count": ended}


def _about(user: User, sentence: str) -> str:
    return gettext("“%(person)s”: %(sentence)s") % {"person": user, "sentence": sentence}


def _for_one(title: str, user: User) -> str:
    return gettext("%(title)s: “%(person)s”") % {"title": title, "person": user}


class UserActions(admin.ModelAdmin[User]):
    """Signing out everywhere, revoking tokens, and blocking."""

    def has_revoke_tokens_permission(self, request: HttpRequest) -> bool:
        """Whether this person may revoke others' tokens, as in the list of tokens."""
        return request.user.has_perm("accounts.change_apitoken")

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End all sessions. It asks nothing: people sign in again."""
        self._for_each(request, queryset, self._sign_out)

    @admin.action(description=_("Revoke all API tokens…"), permissions=["revoke_tokens"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        meaning = gettext("Programs that use them stop at once. A revoked token never works again.")
        if "confirmed" not in request.POST:
            return self._ask(request, queryset, "revoke_tokens", gettext("Revoke all API tokens"), meaning)
        self._for_each(request, queryset, self._revoke)
        return None

    @admin.action(description=_("Deactivate…"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        meaning = gettext(
            "Sessions end, API tokens are refused, and what waits in the queue is canceled, which costs"
            " nothing. What a backend works on is followed to its end: it is paid for. Tick “Active” to let"
            " somebody in again; what was canceled stays canceled."
        )
        if "confirmed" not in request.POST:
            return self._ask(request, queryset, "deactivate", gettext("Deactivate"), meaning)
        self._for_each(request, queryset, self._block)
        return None

    def consequences_of(self, action: str, user: User) -> str:
        """Return what an action means for this person, in a few words; empty where nothing is to be said."""
        if action == "revoke_tokens":
            count = tokens.active_tokens(user).count()
            return ngettext("%(count)d API token", "%(count)d API tokens", count) % {"count": count}
        return ""

    def _sign_out(self, user: User) -> Words:
        return partial(_signed_out, sessions.sign_out_everywhere(user))

    def _revoke(self, user: User) -> Words:
        return partial(tokens_revoked, tokens.revoke_all(user))

    def _block(self, user: User) -> Words:
        is_news = deactivation.deactivate(user)
        return lambda: gettext("Deactivated.") if is_news else gettext("Was deactivated before.")

    def _for_each(self, request: HttpRequest, people: QuerySet[User], act: Callable[[User], Words]) -> None:
        """Do it for each person for whom it is allowed, and tell what became of it."""
        for user in people[:MAX_PEOPLE]:
            if not may_touch(request, user):
                self.message_user(request, only_superuser_can(user), messages.ERROR)
                continue
            try:
                done = act(user)
            except ValidationError as error:
                self.message_user(request, _about(user, error.messages[0]), messages.ERROR)
                continue
            with override("en"):  # as the history is kept
                self.log_change(request, user, done())
            self.message_user(request, _about(user, done()))

    def _ask(
        self, request: HttpRequest, people: QuerySet[User], action: str, title: str, meaning: str
    ) -> HttpResponse:
        """Ask for confirmation, with what the action means for each."""
        listed = list(people[:MAX_PEOPLE])
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": title if len(listed) != 1 else _for_one(title, listed[0]),
            "opts": self.opts,
            "meaning": meaning,
            "action": action,
            "button": title,
            "people": [(user, self.consequences_of(action, user)) for user in listed],
        }
        return TemplateResponse(request, "admin/accounts/user/confirm_action.html", context)
