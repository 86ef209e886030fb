"""People in the administration, with what they spend and what they have here: a page and a list.

What `accounts` shows of them knows neither money nor videos; this is that with both.
"""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.user_list import linked_count
from accounts.admin.users import UserAdmin
from accounts.models import User
from audit.models import Entry
from billing.budgets import BudgetStatus, statuses, tightest_for
from billing.models import Budget, Scope
from billing.money import format_money
from billing.periods import in_words
from billing.rights import may_see_budgets, may_see_spending
from videos.admin.person_budget import budget_view, may_set_budget_of
from videos.models import Batch, Collection, Video
from videos.services.person_facts import count_videos, describe_blocking, facts_of, used_this_month

_LISTED_ENTRIES = 10

admin.site.unregister(User)  # the one of accounts, in whose place is the one below


class PeopleChangeList(ChangeList):
    """Reads money and videos of the people on the page at once, in queries that do not grow with them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        people: list[Any] = list(self.result_list)
        user = cast(User, request.user)
        videos = count_videos([each.pk for each in people])
        budgets = tightest_for(people) if may_see_budgets(user) else {}
        used = used_this_month([each.pk for each in people]) if may_see_spending(user) else {}
        for each in people:
            each.tightest = budgets.get(each.pk)
            each.month_used = used.get(each.pk)
            each.video_total = videos.get(each.pk, 0)
            each.may_be_given_a_budget = may_set_budget_of(request, each)
        self.result_list = people


@admin.register(User)
class PeopleAdmin(UserAdmin):
    list_display: tuple[Any, ...] = (
        *("name", "role_in_words", "budget", "month", "seen", "token_count", "session_count"),
        *("video_count", "is_active"),
    )
    list_per_page = 50
    change_form_template = "admin/accounts/user/person.html"

    class Media:
        css = {"all": ("css/admin.css",)}

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Leave out what the person may not see of others' money."""
        user = cast(User, request.user)
        shown = {"budget": may_see_budgets(user), "month": may_see_spending(user)}
        return [name for name in super().get_list_display(request) if shown.get(str(name), True)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PeopleChangeList

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.budget_view)
        return [path("<int:pk>/budget/", view, name="accounts_user_budget"), *super().get_urls()]

    def budget_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return budget_view(self, request, pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        person = self.get_object(request, object_id)
        facts = self._facts(request, person) if person and self.has_view_permission(request, person) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **facts})

    def consequences_of(self, action: str, user: User) -> str:
        return describe_blocking(user) if action == "deactivate" else super().consequences_of(action, user)

    @admin.display(description=_("budget"))
    def budget(self, user: Any) -> SafeString | str:
        """Return what is left of the tightest hard budget. It leads to where a budget of one's own is set."""
        words, whose = _describe(user.tightest)
        if not user.may_be_given_a_budget:
            return format_html('{}<span class="admin-secondary">{}</span>', words, whose)
        address = reverse("admin:accounts_user_budget", args=[user.pk])
        whom = gettext("of %(name)s") % {"name": user.username}
        hidden = format_html('<span class="visually-hidden"> {}</span>', whom)
        link = format_html('<a href="{}">{}{}</a>', address, words, hidden)
        return format_html('{}<span class="admin-secondary">{}</span>', link, whose)

    @admin.display(description=_("videos"))
    def video_count(self, user: Any) -> SafeString | str:
        return linked_count(user.video_total, "admin:videos_video_changelist", owner__id__exact=user.pk)

    @admin.display(description=_("used this month"))
    def month(self, user: Any) -> str:
        return format_money(user.month_used)

    def _facts(self, request: HttpRequest, person: User) -> dict[str, Any]:
        """Return what the page says beside the form, as far as the one who looks may see it."""
        viewer = cast(User, request.user)
        own = Budget.objects.filter(scope=Scope.USER, user=person).select_related("user").order_by("pk")
        sees_entries = viewer.has_perm("audit.view_entry")
        return {
            "person": self.get_queryset(request).get(pk=person.pk),
            "facts": facts_of(person),
            "may_see": {model._meta.model_name: self._may_view(request, model) for model in _LINKED},
            "month_used": used_this_month([person.pk])[person.pk] if may_see_spending(viewer) else None,
            "budgets": statuses(own) if may_see_budgets(viewer) else [],
            "sees_budgets": may_see_budgets(viewer),
            "may_set_budget": may_set_budget_of(request, person),
            "person_actions": self._offered(request, person),
            "entries": _entries_about(person) if sees_entries else [],
            "sees_entries": sees_entries,
        }

    def _may_view(self, request: HttpRequest, model: Any) -> bool:
        return bool(self.admin_site.get_model_admin(model).has_view_permission(request))

    def _offered(self, request: HttpRequest, person: User) -> list[tuple[str, str]]:
        """Return the actions that the page has buttons for."""
        if not self.has_change_permission(request, person):
            return []
        names = ("sign_out_everywhere", "revoke_tokens", *(("deactivate",) if person.is_active else ()))
        allowed = self.get_actions(request)
        return [(name, str(found[2])) for name in names if (found := allowed.get(name))]


_LINKED = (Video, Batch, Collection)


def _describe(status: BudgetStatus | None) -> tuple[str, str]:
    if status is None:
        return pgettext("budget", "None"), ""
    budget = status.budget
    amounts = {"left": format_money(status.left), "amount": format_money(budget.amount)}
    words = gettext("%(left)s of %(amount)s left %(period)s") % {**amounts, "period": in_words(budget.period)}
    whose = {Scope.ROLE: gettext("of the role"), Scope.STUDIO: gettext("of the studio")}
    return words, whose.get(Scope(budget.scope), "")


def _entries_about(person: User) -> list[Entry]:
    """Return the latest that somebody did, or that was done with their account. Each part by its index."""
    did = Entry.objects.filter(user_id=person.pk).order_by("-at", "-pk")[:_LISTED_ENTRIES]
    concerns = Entry.objects.filter(~Q(user_id=person.pk), owner_id=person.pk)
    found = {*did, *concerns.order_by("-at", "-pk")[:_LISTED_ENTRIES]}
    return sorted(found, key=lambda entry: (entry.at, entry.pk), reverse=True)[:_LISTED_ENTRIES]
