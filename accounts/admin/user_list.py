"""What the list of people shows of each, in queries that do not grow with the list."""

from datetime import datetime, timedelta
from typing import Any, cast

from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.deactivation import ONLY_SUPERUSER, is_only_superuser
from accounts.formats import format_moment
from accounts.models import ApiToken, Role, User
from contentgen.stored_texts import translated

_NOW = timedelta(minutes=5)


class SeenFilter(admin.SimpleListFilter):
    title = _("last seen")
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, StrOrPromise]]:
        return [
            ("day", _("In the last day")),
            ("week", _("In the last week")),
            ("month", _("In the last 30 days")),
            ("not", _("Not for 90 days")),
            ("never", _("Never")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        now = timezone.now()
        days = {"day": 1, "week": 7, "month": 30}.get(self.value() or "")
        if days:
            return queryset.filter(last_seen_at__gte=now - timedelta(days=days))
        if self.value() == "not":
            return queryset.filter(Q(last_seen_at__lt=now - timedelta(days=90)) | Q(last_seen_at=None))
        return queryset.filter(last_seen_at=None) if self.value() == "never" else queryset


class UserColumns(admin.ModelAdmin[User]):
    """The columns of the list. All counts are subqueries of its one query."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).annotate(token_total=_tokens(), session_total=_sessions())

    @admin.display(description=_("person"), ordering="username")
    def name(self, user: User) -> SafeString:
        more = " · ".join(each for each in (user.get_full_name(), user.email) if each)
        return format_html('<bdi>{}</bdi><span class="admin-secondary">{}</span>', user.username, more)

    @admin.display(description=_("role"), ordering="role")
    def role_in_words(self, user: User) -> SafeString:
        more = gettext("Superuser") if user.is_superuser else gettext("Staff") if user.is_staff else ""
        return format_html('{}<span class="admin-secondary">{}</span>', Role(user.role).label, more)

    @admin.display(description=_("last seen"), ordering="last_seen_at")
    def seen(self, user: User) -> SafeString | str:
        return describe_seen(user)

    @admin.display(description=_("tokens"), ordering="token_total")
    def token_count(self, user: Any) -> SafeString | str:
        return linked_count(user.token_total, "admin:accounts_apitoken_changelist", user__id__exact=user.pk)

    @admin.display(description=_("sessions"), ordering="session_total")
    def session_count(self, user: Any) -> int:
        return int(user.session_total)


def describe_seen(user: User) -> SafeString | str:
    """Return how long ago somebody was last here, with the moment as a title."""
    if user.last_seen_at is None:
        return gettext("Never")
    is_here = timezone.now() - user.last_seen_at < _NOW
    words = gettext("Now") if is_here else _ago(user.last_seen_at)
    return format_html('<span title="{}">{}</span>', format_moment(user.last_seen_at), words)


def _ago(moment: datetime) -> str:
    return gettext("%(time)s ago") % {"time": timesince(moment, depth=1)}


def linked_count(count: int, name: str, **query: Any) -> SafeString | str:
    """Return a number that leads to what it counts."""
    if not count:
        return "0"
    return format_html('<a href="{}">{}</a>', reverse(name, query=query), count)


def _tokens() -> Coalesce:
    """How many tokens of the person work now."""
    is_current = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    found = ApiToken.objects.filter(is_current, user=OuterRef("pk"), revoked_at=None)
    return _count(found, "user")


def _sessions() -> Coalesce:
    """How many sessions of the person are open: those that ended by themselves leave a row for a while."""
    is_open = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return _count(UserSession.objects.filter(Exists(is_open), user=OuterRef("pk")), "user")


def _count(rows: QuerySet[Any], key: str) -> Coalesce:
    counted = rows.order_by().values(key).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class CheckboxesForMany(admin.ModelAdmin[Any]):
    """Groups and permissions as boxes to tick: two lists need a mouse, and one list a key held down."""

    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_manytomany(
            db_field, cast(HttpRequest, request), **{**kwargs, "widget": CheckboxSelectMultiple}
        )
        if field is not None and db_field.related_model is Permission:
            field.label_from_instance = permission_label
        return field


_DEFAULT_RIGHTS = {
    "add": _("Can add"),
    "change": _("Can change"),
    "delete": _("Can delete"),
    "view": _("Can view"),
}


def permission_label(permission: Permission) -> str:
    """Return what a permission is called. Django shows the name that the database has, in English."""
    verb = permission.codename.partition("_")[0]
    is_default = verb in _DEFAULT_RIGHTS and permission.codename == f"{verb}_{permission.content_type.model}"
    right = _DEFAULT_RIGHTS[verb] if is_default else gettext(permission.name)
    return f"{permission.content_type} | {right}"


class UserForm(UserChangeForm[User]):
    """Refuses to take the studio's only superuser away, and says what blocking somebody does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "is_active" in self.fields:
            self.fields["is_active"].help_text = _(
                "Clear it to block this person: sessions end, API tokens are refused, and what waits in the"
                " queue is canceled, which costs nothing. What a backend works on is followed to its end."
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        stays = data.get("is_active", True) and data.get("is_superuser", True)
        # As it is in the database: the form has changed its own copy of the row by now.
        if not stays and is_only_superuser(User.objects.get(pk=self.instance.pk)):
            raise ValidationError(translated(ONLY_SUPERUSER))
        return data
