"""The page on which a person is given a budget."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from billing.budget_forms import PersonBudgetForm
from billing.budgets import statuses
from billing.models import Budget, Scope
from billing.rights import may_set_budget
from billing.targets import Target, remove_budget


def may_set_budget_of(request: HttpRequest, person: User) -> bool:
    """Whether this person may set the other's budget: as in the list of budgets, or as managers do."""
    user = cast(User, request.user)
    return _may_by_permission(user) or may_set_budget(user, _target(person))


def _may_by_permission(user: User) -> bool:
    return user.has_perm("billing.add_budget") and user.has_perm("billing.change_budget")


def _may_remove(request: HttpRequest, person: User) -> bool:
    user = cast(User, request.user)
    return user.has_perm("billing.delete_budget") or may_set_budget(user, _target(person))


def _target(person: User) -> Target:
    return Target(Scope.USER, user=person)


def budget_view(model_admin: admin.ModelAdmin[User], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the person's budgets, and set one or remove one."""
    person = model_admin.get_object(request, str(pk))
    if person is None:
        raise Http404
    if not model_admin.has_view_permission(request, person) or not may_set_budget_of(request, person):
        raise PermissionDenied
    form = PersonBudgetForm(person, request.POST if request.method == "POST" else None)
    if "remove" in request.POST:
        return _remove(request, person)
    if request.method == "POST" and form.is_valid():
        messages.success(request, gettext("Budget set. %(budget)s.") % {"budget": form.save()})
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))
    return _draw(model_admin, request, person, form)


def _remove(request: HttpRequest, person: User) -> HttpResponse:
    if not _may_remove(request, person):
        raise PermissionDenied
    if remove_budget(_target(person), request.POST["remove"]):
        sentence = gettext("Budget of “%(name)s” removed. What was spent stays in the ledger.")
        messages.success(request, sentence % {"name": person})
    return HttpResponseRedirect(reverse("admin:accounts_user_budget", args=[person.pk]))


def _draw(
    model_admin: admin.ModelAdmin[User], request: HttpRequest, person: User, form: PersonBudgetForm
) -> HttpResponse:
    own = Budget.objects.filter(scope=Scope.USER, user=person).select_related("user").order_by("pk")
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("Budget of “%(name)s”") % {"name": person},
        "opts": model_admin.opts,
        "person": person,
        "form": form,
        "budgets": statuses(own),
        "may_remove": _may_remove(request, person),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/accounts/user/budget.html", context, status=status)
