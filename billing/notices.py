"""Telling that a budget is nearly used up, or used up: once in a period, in the transaction that does it."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Role, User
from billing.budgets import BudgetStatus, statuses, used_by
from billing.errors import BudgetExceededError
from billing.models import Budget, BudgetNotice, LedgerLine, Scope
from billing.money import plain_amount
from billing.periods import first_day
from contentgen.events import Event, EventKind, publish


def tell_levels(found: Iterable[BudgetStatus]) -> None:
    """Publish `budget.warning` or `budget.exceeded` for those budgets that are at it, unless that was done.

    Of two transactions that reach it at once, one does: the other waits for it, and finds it told.
    """
    for status in found:
        if status.used > 0 and status.is_almost_used:
            kind = EventKind.BUDGET_EXCEEDED if status.is_exceeded else EventKind.BUDGET_WARNING
            _tell_once(status, kind)


def tell_about(lines: Iterable[LedgerLine]) -> None:
    """Publish the same after lines were written, by which more may be spent than was reserved."""
    grown = [line for line in lines if line.net > 0]
    if not grown:
        return
    bounding = Q()
    for line in grown:
        bounding |= used_by(line)
    tell_levels(statuses(Budget.objects.filter(bounding).select_related("user").order_by("pk")))


def tell_refusal(error: BaseException) -> None:
    """Publish `budget.exceeded` for the budget that a request did not fit into.

    To be called once what was refused is rolled back: an event of its transaction would be lost with it.
    """
    if not isinstance(error, BudgetExceededError):
        return
    with transaction.atomic():
        budget = Budget.objects.filter(pk=error.shortage.budget_id).first()
        if budget is not None:
            (status,) = statuses([budget])
            _tell_once(status, EventKind.BUDGET_EXCEEDED)


def _tell_once(status: BudgetStatus, kind: EventKind) -> None:
    budget = status.budget
    since = first_day(budget.period, timezone.localdate(status.now))
    told = BudgetNotice.objects.filter(budget=budget, since=since).values_list("kind", flat=True)
    if {kind.value, EventKind.BUDGET_EXCEEDED.value} & set(told):
        return  # nor is anybody warned of what is used up already
    _, is_new = BudgetNotice.objects.get_or_create(budget=budget, since=since, kind=kind.value)
    if is_new:
        with override("en"):  # it is kept, and sent to programs, whoever it was whose request used it up
            told_as = _describe(status, kind)
        for user_id in _recipients(budget):
            publish(Event(kind, user_id, budget.code, told_as))


def _recipients(budget: Budget) -> list[int]:
    """Return whom it concerns: the person whose budget or token it is, else the managers."""
    if budget.scope == Scope.USER and budget.user_id:
        return [budget.user_id]
    if budget.scope == Scope.TOKEN and budget.token:
        return [budget.token.user_id]
    managers = User.objects.filter(Q(role=Role.MANAGER) | Q(is_superuser=True), is_active=True)
    return list(managers.order_by("pk").values_list("pk", flat=True))


def _message(status: BudgetStatus, kind: EventKind) -> str:
    if kind == EventKind.BUDGET_WARNING or status.is_exceeded:
        return status.warning
    return status.too_little


def _describe(status: BudgetStatus, kind: EventKind) -> dict[str, Any]:
    return {
        "path": reverse("billing:spend"),
        "name": status.budget.target,
        "terms": status.budget.terms,
        "message": _message(status, kind),
        "amount": plain_amount(status.budget.amount),
        "used": plain_amount(status.used),
        "left": plain_amount(status.left),
        "currency": settings.CURRENCY,
        "is_soft": status.budget.is_soft,
        "renews_at": status.renews_at.isoformat() if status.renews_at else None,
    }
