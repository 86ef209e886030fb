"""Setting and removing budgets, also while requests are on their way."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.models import ApiToken, User
from audit.trail import Subject, changed_values, record
from audit.vocabulary import Action, Kind
from billing.models import Budget, Scope
from billing.money import plain_amount


@dataclass(frozen=True)
class Target:
    """Whose spending a budget bounds."""

    scope: Scope
    user: User | None = None
    role: str = ""
    token: ApiToken | None = None
    collection_id: int | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The columns of its budgets."""
        return {
            "scope": self.scope,
            "user": self.user,
            "role": self.role,
            "token": self.token,
            "collection_id": self.collection_id,
        }

    @property
    def value(self) -> str:
        """What a form calls it, such as user:7."""
        keys = {
            Scope.USER: self.user and self.user.pk,
            Scope.ROLE: self.role,
            Scope.TOKEN: self.token and self.token.pk,
            Scope.COLLECTION: self.collection_id,
        }
        key = keys.get(self.scope)
        return f"{self.scope.value}:{key}" if key else self.scope.value


def target_of(budget: Budget) -> Target:
    """Return whose budget it is. Reads its person, or its token and that one's owner."""
    return Target(
        Scope(budget.scope),
        user=budget.user,
        role=budget.role,
        token=budget.token,
        collection_id=budget.collection_id,
    )


def set_budget(target: Target, period: str, amount: Decimal, *, is_soft: bool = False) -> Budget:
    """Set the target's budget for the period, or change it, and return it.

    A request that is reserving at this moment comes first, by the old amount, or after, by the new one; what
    is reserved stays, also where it is more than the new amount has.
    """
    with transaction.atomic():
        budget, is_new = Budget.objects.select_for_update().get_or_create(
            **target.fields, period=period, defaults={"amount": amount, "is_soft": is_soft}
        )
        before = _terms(budget)
        if (budget.amount, budget.is_soft) != (amount, is_soft):
            budget.notices.all().delete()  # what was told is no longer true
        budget.amount, budget.is_soft, budget.changed_at = amount, is_soft, timezone.now()
        budget.save(update_fields=["amount", "is_soft", "changed_at"])
        action = Action.CREATED if is_new else Action.CHANGED
        changes = changed_values({} if is_new else before, _terms(budget))
        record(action, _subject(budget), changes=changes)
    return budget


def remove_budget(target: Target, period: str) -> bool:
    """Remove the target's budget for the period. Returns False where there is none."""
    with transaction.atomic():
        budgets = list(Budget.objects.select_for_update().filter(**target.fields, period=period))
        for budget in budgets:
            record(Action.DELETED, _subject(budget))
            budget.delete()
    return bool(budgets)


def _terms(budget: Budget) -> dict[str, object]:
    return {"amount": plain_amount(budget.amount), "soft": budget.is_soft}


def _subject(budget: Budget) -> Subject:
    with override("en"):  # the log keeps it
        name = str(budget)
    return Subject(Kind.BUDGET, budget.code, name, budget.user_id)
