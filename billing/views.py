"""The Spend page, and its table as a file."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from billing.budgets import statuses, statuses_for
from billing.models import Budget
from billing.reports import Query, SpendReport


@require_safe
def spend(request: HttpRequest) -> HttpResponse:
    """Show what was spent: one's own, and to managers everybody's, with all budgets."""
    report = _report(request)
    budgets = statuses_for(report.user)
    if report.is_manager:
        budgets = statuses(Budget.objects.select_related("user", "token"))
    context = {"report": report, "budgets": budgets}
    return render(request, "billing/spend.html", context, status=400 if report.query.problem else 200)


@require_safe
def spend_csv(request: HttpRequest) -> HttpResponse:
    """Return the table of the Spend page as CSV, in the currency that the file is named by."""
    report = _report(request)
    span = report.query.span
    name = f"spend-{report.query.by}-{span.first}-{span.last}-{settings.CURRENCY}.csv"
    return HttpResponse(
        "".join(report.csv_lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _report(request: HttpRequest) -> SpendReport:
    return SpendReport(cast(User, request.user), Query.from_parameters(request.GET.dict()))
