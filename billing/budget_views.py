"""The page of budgets, for managers."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.decorators import managers_only
from accounts.models import User
from billing.budget_forms import BudgetForm
from billing.budgets import statuses
from billing.models import Budget, Scope
from billing.rights import may_set_budget
from billing.targets import remove_budget, target_of

MAX_LISTED = 500  # budgets on the page


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
@never_cache
def budgets(request: HttpRequest) -> HttpResponse:
    """List all budgets with what is left of them. A POST sets one, or changes the one for the same period."""
    user = cast(User, request.user)
    form = BudgetForm(user)
    if request.method == "POST":
        form = BudgetForm(user, request.POST)
        if form.is_valid():
            messages.success(request, gettext("Budget set. %(budget)s.") % {"budget": form.save()})
            return redirect("billing:budgets")
    return _draw(request, form)


@require_http_methods(["GET", "HEAD"])
@managers_only
@never_cache
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the page with the form filled in for one budget."""
    budget = _get_settable(request, pk)
    return _draw(request, BudgetForm.for_budget(cast(User, request.user), budget), changing=budget)


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
@never_cache
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation; a POST removes the budget. What was spent stays in the ledger."""
    budget = _get_settable(request, pk)
    if request.method != "POST":
        return render(request, "billing/budget_remove.html", {"budget": budget})
    remove_budget(target_of(budget), budget.period)
    messages.success(request, gettext("Budget removed. %(budget)s.") % {"budget": budget})
    return redirect("billing:budgets")


def _draw(request: HttpRequest, form: BudgetForm, changing: Budget | None = None) -> HttpResponse:
    user = cast(User, request.user)
    rows = Budget.objects.select_related("user", "token__user", "collection")
    found = statuses(rows.order_by("role", "user__username", "pk")[:MAX_LISTED])
    found.sort(key=lambda status: Scope.values.index(status.budget.scope))  # the studio's first
    context = {
        "form": form,
        "changing": changing,
        "budgets": [(status, may_set_budget(user, target_of(status.budget))) for status in found],
    }
    return render(request, "billing/budgets.html", context, status=422 if form.errors else 200)


def _get_settable(request: HttpRequest, pk: int) -> Budget:
    """Return the budget. Raises `Http404`, and `PermissionDenied` for one that is not the user's to set."""
    rows = Budget.objects.select_related("user", "token__user", "collection")
    budget = get_object_or_404(rows, pk=pk)
    if not may_set_budget(cast(User, request.user), target_of(budget)):
        raise PermissionDenied
    return budget
