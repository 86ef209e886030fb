"""Users and their API tokens in the admin."""

from collections.abc import Iterable, Sequence
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import tokens
from accounts.models import ApiToken, User
from accounts.password_forms import StaffPasswordChangeForm
from contentgen.admin_search import SmallTableSearch

# Whoever sets these says what an account may do.
_RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)  # Django's own, in whose place is the one below

# The studio's own sign-in page is the only one, because it limits wrong passwords.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(SmallTableSearch[User], auth_admin.UserAdmin[User]):
    """Django's own, with the number of videos; an account that owns something is not deleted."""

    list_display = ("username", "email", "is_active", "is_staff", "video_count", "last_login")
    readonly_fields = ("video_count", "last_login", "date_joined")
    fieldsets = (*(auth_admin.UserAdmin.fieldsets or ()), ("Videos", {"fields": ("video_count",)}))
    change_password_form = StaffPasswordChangeForm
    change_user_password_template = "admin/accounts/user/change_password.html"  # noqa: S105  # a path

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Leave it to superusers to say what anybody may do: it is not in the form of others at all."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, *_RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse accounts with rights to all but superusers: whoever sets its password has those rights."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Say in the log how many tokens went with a password."""
        if revoked := getattr(form, "revoked", 0):
            self.message_user(request, f"{revoked} API token{'s' if revoked > 1 else ''} revoked.")
            return f"Changed password and revoked {revoked} API token{'s' if revoked > 1 else ''}."
        return super().construct_change_message(request, form, formsets, add)

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
        """Say in one sentence per account why it cannot go, where Django would list thousands of videos."""
        protecting = [sentence for user in objs if (sentence := _deletion_obstacle(user))]
        if protecting:
            return [], {}, set(), protecting
        listed, counts, missing, protected = super().get_deleted_objects(list(objs), request)
        # Nobody may delete a token by itself, but it goes with its owner.
        return listed, counts, missing - {str(ApiToken._meta.verbose_name)}, protected


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether whoever asks may change or delete this account: one without rights, or as a superuser any."""
    return user is None or bool(request.user.is_superuser) or not _has_rights(user)


def _has_rights(user: User) -> bool:
    is_privileged = user.is_staff or user.is_superuser
    return is_privileged or user.groups.exists() or user.user_permissions.exists()


@admin.register(Group)
class GroupAdmin(auth_admin.GroupAdmin):
    """Groups give rights, so superusers alone change them. With the permission, staff may look."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)


def _deletion_obstacle(user: User) -> str:
    """Return why `user` cannot be deleted; an empty string when nothing is in the way."""
    counted: Sequence[tuple[int, str, str]] = [
        (user.videos.count(), "video", "videos"),
        (user.references.count(), "reference image", "reference images"),
        (
            LogEntry.objects.filter(user=user).count(),
            "entry in the log",
            "entries in the log",
        ),
    ]
    owned = " and ".join(f"{count} {one if count == 1 else more}" for count, one, more in counted if count)
    if not owned:
        return ""
    return f"{user}: {owned}. To block this person, clear “Active” on the account instead of deleting it."


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

    @admin.display(description="status")
    def status(self, token: ApiToken) -> str:
        return token.status

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = [token for token in queryset if tokens.revoke(token)]
        for token in revoked:
            self.log_change(request, token, "Revoked.")
        earlier = len(queryset) - len(revoked)
        text = f"{len(revoked)} revoked" + (f"; {earlier} already revoked" if earlier else "")
        self.message_user(request, f"{text}.", messages.SUCCESS if revoked else messages.WARNING)
