"""What is told of budgets is kept in English, and shown in the language of its reader."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils.translation import override

from accounts.models import Role, User
from billing.budgets import BudgetStatus
from billing.models import Budget, Scope
from billing.periods import Period
from contentgen.stored_texts import translated
from videos.models import Collection

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def make_status(scope: Scope, period: Period, used: str = "45") -> BudgetStatus:
    whose = {
        Scope.USER: {"user": User(username="alice")},
        Scope.ROLE: {"role": Role.CREATOR},
        Scope.COLLECTION: {"collection": Collection(name="The best of today")},
    }
    budget = Budget(scope=scope, period=period, amount=Decimal(50), **whose.get(scope, {}))
    return BudgetStatus(budget, Decimal(used), NOON)


@pytest.mark.parametrize("period", [Period.DAY, Period.WEEK, Period.TOTAL])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_budget_is_named_in_the_language_of_the_reader(scope: Scope, period: Period):
    almost, over = make_status(scope, period), make_status(scope, period, "50")
    stored = (almost.warning, over.warning, almost.too_little)
    with override("de"):
        assert [translated(each).split(". ")[0] for each in stored] == [
            each.split(". ")[0] for each in (almost.warning, over.warning, almost.too_little)
        ]
        assert almost.name in translated(stored[0])


@pytest.mark.parametrize("period", list(Period))
def test_the_terms_of_a_budget_are_told_in_the_language_of_the_reader(period: Period):
    budget = make_status(Scope.USER, period).budget
    stored = budget.terms
    with override("de"):
        assert translated(stored) == budget.terms


def test_what_somebody_called_a_budget_is_left_alone():
    with override("de"):
        assert translated("Your budget of nothing, ever") == "Your budget of nothing, ever"
