"""API tokens in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts import tokens
from accounts.models import ApiToken
from contentgen.admin_search import SmallTableSearch


@admin.register(ApiToken)
class TokenAdmin(SmallTableSearch[ApiToken]):
    """Lists and revokes tokens. Their owners alone create them, because nobody else may see the secret."""

    list_display = ("name", "user", "hint", "scope", "created_at", "last_used_at", "expires_at", "status")
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "hint", "user__username")
    fields = (
        "name",
        "user",
        "hint",
        "scope",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
        "status",
    )
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Refuse to edit one. The permission to change tokens is the permission to revoke them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_revoke_permission(request)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_apitoken")

    @admin.display(description=_("status"))
    def status(self, token: ApiToken) -> str:
        return token.status

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = [token for token in queryset if tokens.revoke(token)]
        for token in revoked:
            self.log_change(request, token, gettext_noop("Revoked."))
        earlier = len(queryset) - len(revoked)
        text = (
            gettext("%(revoked)d revoked; %(earlier)d already revoked.")
            if earlier
            else gettext("%(revoked)d revoked.")
        ) % {"revoked": len(revoked), "earlier": earlier}
        self.message_user(request, text, messages.SUCCESS if revoked else messages.WARNING)
