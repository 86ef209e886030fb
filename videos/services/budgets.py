"""What is left of budgets, before videos are asked for."""

from django.utils.translation import gettext

from accounts.models import User
from billing.budgets import BudgetStatus, statuses_for
from billing.money import ZERO, format_money
from videos.services.prices import Price


def describe_budgets(owner: User, price: Price | None) -> list[str]:
    """Return a sentence for each budget that bounds the owner: what is left, and whether `price`, as far as
    it is known, fits.
    """
    amount = ZERO if price is None else price.amount
    return [_describe(status, fits=amount <= status.left) for status in statuses_for(owner)]


def _describe(status: BudgetStatus, *, fits: bool) -> str:
    values = {"budget": status.budget, "left": format_money(status.left)}
    sentences = [gettext("%(budget)s, %(left)s left.") % values, status.renewal]
    if not fits:
        is_soft = status.budget.is_soft
        sentences.append(gettext("This is more than that.") if is_soft else gettext("This does not fit."))
    return " ".join(sentences)
