"""Users and API tokens in the admin."""

from collections.abc import Iterable, Sequence
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import tokens
from accounts.models import ApiToken, User

# One way in: the studio's own sign-in page, with its limit on wrong passwords.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    list_display = ("username", "email", "is_active", "is_staff", "video_count", "last_login")
    readonly_fields = ("video_count", "last_login", "date_joined")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Videos", {"fields": ("video_count",)}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        videos = User._meta.get_field("videos").related_model
        own = videos._default_manager.filter(owner=OuterRef("pk"), deleted_at=None).order_by()
        count = own.values("owner").annotate(n=Count("pk")).values("n")
        return (
            super()
            .get_queryset(request)
            .annotate(video_total=Coalesce(Subquery(count, output_field=IntegerField()), 0))
        )

    @admin.display(description="videos", ordering="video_total")
    def video_count(self, user: Any) -> SafeString | str:
        count: int = getattr(user, "video_total", 0)
        if not count:
            return "0"
        address = reverse("admin:videos_video_changelist")
        return format_html('<a href="{}?owner__id__exact={}">{}</a>', address, user.pk, count)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name what keeps an account in a sentence each, where Django would list thousands of videos."""
        kept = [sentence for user in objs if (sentence := _what_keeps(user))]
        if kept:
            return [], {}, set(), kept
        listed, counts, missing, protected = super().get_deleted_objects(list(objs), request)
        # Nobody deletes tokens on their own, but they go with their owner.
        return listed, counts, missing - {str(ApiToken._meta.verbose_name)}, protected


def _what_keeps(user: User) -> str:
    """Return why `user` cannot be deleted, or nothing."""
    counted: Sequence[tuple[int, str]] = [
        (user.videos.count(), "video"),
        (user.references.count(), "reference image"),
    ]
    owned = " and ".join(f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in counted if count)
    if not owned:
        return ""
    return f"{user}: {owned}. To block this person, clear “Active” on the account instead of deleting it."


@admin.register(ApiToken)
class TokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens are made by their owners alone, for nobody else may see the secret. Here they are revoked."""

    list_display = ("name", "user", "hint", "scope", "created_at", "last_used_at", "expires_at", "standing")
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
        "standing",
    )
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Never by hand. The right to change tokens is the right to revoke them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_revoke_permission(request)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_apitoken")

    @admin.display(description="state")
    def standing(self, token: ApiToken) -> str:
        return token.standing

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = [token for token in queryset if tokens.revoke(token)]
        for token in revoked:
            self.log_change(request, token, "Revoked.")
        before = len(queryset) - len(revoked)
        words = f"{len(revoked)} revoked" + (f"; {before} already revoked" if before else "")
        self.message_user(request, f"{words}.", messages.SUCCESS if revoked else messages.WARNING)
