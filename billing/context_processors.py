"""What every page draws about money."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from billing.budgets import BudgetStatus, statuses_for, tightest
from billing.money import currency_symbol


def budgets(request: HttpRequest) -> dict[str, object]:
    """Add the currency and the sign that its amounts begin with, what is left of the user's tightest hard
    budget, all budgets that bound the user, and those almost used up.

    The latter three are lazy: fragments ask the database for neither.
    """

    @cache
    def found() -> list[BudgetStatus]:
        user = getattr(request, "user", None)
        return statuses_for(user) if isinstance(user, User) else []

    return {
        "currency": settings.CURRENCY,
        "currency_sign": currency_symbol(),
        "tightest_budget": SimpleLazyObject(lambda: tightest(found())),
        "own_budgets": SimpleLazyObject(found),
        "used_budgets": SimpleLazyObject(lambda: [each for each in found() if each.is_almost_used]),
    }
