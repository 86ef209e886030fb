"""Users and groups in the admin."""

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

from accounts import deactivation, second_factor
from accounts.models import User
from accounts.password_forms import StaffPasswordChangeForm
from contentgen.admin_search import SmallTableSearch

# Whoever sets these says what an account may do.
_RIGHTS = ("role", "is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)  # Django's own, in whose place is the one below

# The studio's own sign-in page is the only one, because it limits wrong passwords.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(SmallTableSearch[User], auth_admin.UserAdmin[User]):
    """Django's own, with the number of videos; an account that owns something is not deleted."""

    list_display = ("username", "email", "role", "is_active", "is_staff", "video_count", "last_login")
    list_filter = ("role", *auth_admin.UserAdmin.list_filter)
    readonly_fields = ("video_count", "last_login", "date_joined")
    fieldsets = (
        *(auth_admin.UserAdmin.fieldsets or ()),
        ("In the studio", {"fields": ("role", "video_count")}),
    )
    actions = ("remove_second_factors",)
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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the account. One that is blocked stops at once: its sessions, its tokens, its queue."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            deactivation.end_access(obj)
            self.message_user(request, f"Sessions, API tokens and queue of “{obj}” stopped.")

    @admin.action(description="Remove second factors (lost phone)", permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people in by their password alone, who lost their app, passkeys and recovery codes."""
        for user in queryset:
            if not self.has_change_permission(request, user):
                self.message_user(request, f"Only a superuser can do this for “{user}”.", messages.ERROR)
            elif second_factor.remove_all(user):
                self.log_change(request, user, "Removed second factors.")
                self.message_user(request, f"“{user}” signs in by password alone until a new one is set up.")
            else:
                self.message_user(request, f"“{user}” has no second factor.", messages.WARNING)

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
        return listed, counts, missing - self._names_of_what_goes_along(), protected

    def _names_of_what_goes_along(self) -> set[str]:
        """Return what nobody may delete by itself, such as a token, but what goes with its owner."""
        registered = self.admin_site._registry.items()
        return {str(m._meta.verbose_name) for m, a in registered if getattr(a, "goes_with_owner", False)}


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
