"""Users and groups in the admin."""

from collections.abc import Iterable
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db.models import CASCADE, ManyToOneRel, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import deactivation, deletion, second_factor, subjects
from accounts.admin.user_actions import UserActions, may_touch, only_superuser_can, tokens_revoked
from accounts.admin.user_list import CheckboxesForMany, SeenFilter, UserColumns, UserForm
from accounts.deletion_forms import DeletionForm
from accounts.formats import format_moment
from accounts.models import AccountDeletion, User, WorkChoice
from accounts.password_forms import StaffPasswordChangeForm
from audit.admin_log import AuditedAdmin
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind
from contentgen.admin_search import SmallTableSearch
from contentgen.stored_texts import translated

# Whoever sets these says what an account may do.
_RIGHTS = ("role", "is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)  # Django's own, in whose place is the one below

# The studio's own sign-in page is the only one, because it limits wrong passwords.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(
    UserActions,
    UserColumns,
    CheckboxesForMany,
    AuditedAdmin[User],
    SmallTableSearch[User],
    auth_admin.UserAdmin[User],
):
    """Django's own, with what people have open; an account that owns something is not deleted."""

    audit_kind = Kind.USER
    form = UserForm
    list_display: tuple[Any, ...] = (
        *("name", "role_in_words", "seen", "token_count", "session_count", "is_active"),
    )
    list_filter = ("role", "is_active", "is_staff", SeenFilter, "is_superuser", "groups")
    search_help_text = _("Username, name, email")
    readonly_fields = ("planned_deletion", "last_seen_at", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "role", "is_active", "planned_deletion")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Storage"), {"fields": ("storage_quota_gb",)}),
        (_("Rights"), {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_seen_at", "last_login", "date_joined")}),
    )
    actions = (
        *("sign_out_everywhere", "revoke_tokens", "deactivate"),
        *("remove_second_factors", "delete_account", "keep_account"),
    )
    change_password_form = StaffPasswordChangeForm
    change_user_password_template = "admin/accounts/user/change_password.html"  # noqa: S105  # a path

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Leave it to superusers to say what anybody may do: it is not in the form of others at all."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, *_RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse accounts with rights to all but superusers: whoever sets its password has those rights."""
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def audit_subject(self, row: User) -> Subject:
        return subjects.person(row)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the account. One that is blocked stops at once: its sessions, its tokens, its queue."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and obj.is_active:
            record(Action.ACTIVATED, subjects.person(obj))
        if change and "is_active" in form.changed_data and not obj.is_active:
            deactivation.end_access(obj)
            text = gettext("Sessions, API tokens and queue of “%(person)s” stopped.") % {"person": obj}
            self.message_user(request, text)

    @admin.action(description=_("Remove second factors (lost phone)"), permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people in by their password alone, who lost their app, passkeys and recovery codes."""
        for user in queryset:
            if not self.has_change_permission(request, user):
                self.message_user(request, only_superuser_can(user), messages.ERROR)
            elif second_factor.remove_all(user):
                self.log_change(request, user, gettext_noop("Removed second factors."))
                text = gettext("“%(person)s” signs in by password alone until a new one is set up.")
                self.message_user(request, text % {"person": user})
            else:
                text = gettext("“%(person)s” has no second factor.")
                self.message_user(request, text % {"person": user}, messages.WARNING)

    @admin.action(description=_("Delete account, and hand over or delete its work…"), permissions=["delete"])
    def delete_account(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask what is to become of one person's work, and schedule the deletion for them."""
        user = queryset.first()
        if user is None or queryset.count() != 1 or not self.has_delete_permission(request, user):
            self.message_user(request, gettext("Choose one account that you may delete."), messages.ERROR)
            return None
        is_sent = "confirmed" in request.POST
        form = DeletionForm(user, request.POST if is_sent else None, by=cast(User, request.user))
        if is_sent and form.is_valid() and (scheduled := form.save()):
            due = scheduled.due_at
            self.log_change(
                request, user, f"Scheduled for deletion on {timezone.localtime(due):%Y-%m-%d %H:%M}."
            )
            text = gettext("“%(person)s” is blocked now, and deleted on %(time)s.")
            self.message_user(request, text % {"person": user, "time": format_moment(due)})
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Delete the account “%(person)s”") % {"person": user},
            "opts": self.opts,
            "person": user,
            "form": form,
            "obstacle": translated(deletion.find_obstacle(user)),
            "days": settings.ACCOUNT_DELETION_DAYS,
        }
        return TemplateResponse(request, "admin/accounts/user/delete_account.html", context)

    @admin.action(description=_("Keep account: call its deletion off"), permissions=["delete"])
    def keep_account(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if self.has_delete_permission(request, user) and deletion.call_off(
                user, by=cast(User, request.user)
            ):
                text = gettext("“%(person)s” stays. Tick “Active” to let them in again.")
                self.message_user(request, text % {"person": user})
            else:
                text = gettext("“%(person)s” is not to be deleted, or is gone already.")
                self.message_user(request, text % {"person": user}, messages.WARNING)

    @admin.display(description=_("deletion"))
    def planned_deletion(self, user: User) -> str:
        """Return when the account is deleted and what that waits for; a dash if it stays."""
        planned = AccountDeletion.objects.select_related("heir").filter(user=user).first()
        if planned is None:
            return "-"
        return f"{_describe_plan(planned)} {translated(planned.problem)}".strip()

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Say in the log how many tokens went with a password."""
        if revoked := getattr(form, "revoked", 0):
            self.message_user(request, tokens_revoked(revoked))
            return f"Changed password and revoked {revoked} API token{'s' if revoked > 1 else ''}."
        return super().construct_change_message(request, form, formsets, add)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Say in one sentence per account why it cannot go, where Django would list thousands of videos."""
        protecting = [sentence for user in objs if (sentence := _deletion_obstacle(user))]
        if protecting:
            return [], {}, set(), protecting
        listed, counts, missing, protected = super().get_deleted_objects(list(objs), request)
        # Nobody may delete a token or a notification by itself, but they go with their owner.
        return listed, counts, missing - _names_of_what_goes_along(), protected


def _names_of_what_goes_along() -> set[str]:
    """Return what the database deletes with an account, and what it deletes with that, such as deliveries."""
    found: set[type[Model]] = set()
    waiting: list[type[Model]] = [User]
    while waiting:
        for relation in waiting.pop()._meta.get_fields(include_hidden=True):
            if isinstance(relation, ManyToOneRel) and relation.on_delete is CASCADE:
                row = relation.related_model
                if row not in found:
                    found.add(row)
                    waiting.append(row)
    return {str(row._meta.verbose_name) for row in found}


@admin.register(Group)
class GroupAdmin(CheckboxesForMany, AuditedAdmin[Group], auth_admin.GroupAdmin):  # type: ignore[misc]
    """Groups give rights, so superusers alone change them. With the permission, staff may look."""

    audit_kind = Kind.GROUP

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)


def _describe_plan(planned: AccountDeletion) -> str:
    """Return when an account is deleted, and what becomes of the work."""
    due = format_moment(planned.due_at)
    if planned.work == WorkChoice.DELETE:
        return gettext("On %(time)s. Work: delete it.") % {"time": due}
    if planned.heir is None:
        return gettext("On %(time)s. Work: hand it over.") % {"time": due}
    return gettext("On %(time)s. Work: hand it over to %(heir)s.") % {"time": due, "heir": planned.heir}


def _deletion_obstacle(user: User) -> str:
    """Return why `user` cannot be deleted; an empty string when nothing is in the way."""
    videos, images = user.videos.count(), user.references.count()
    entries = LogEntry.objects.filter(user=user).count()
    counted = (
        (videos, ngettext("%(count)d video", "%(count)d videos", videos)),
        (images, ngettext("%(count)d reference image", "%(count)d reference images", images)),
        (entries, ngettext("%(count)d entry in the log", "%(count)d entries in the log", entries)),
    )
    owned = gettext(" and ").join(words % {"count": count} for count, words in counted if count)
    if not owned:
        return ""
    return gettext(
        "%(person)s: %(owned)s. Choose “Delete account” in the list, or clear “Active” to block this person."
    ) % {"person": user, "owned": owned}
