"""What is left of budgets, before videos are asked for."""

from accounts.models import User
from billing.budgets import statuses_for
from billing.money import ZERO, format_money
from videos.services.prices import Price


def describe_budgets(owner: User, price: Price | None) -> list[str]:
    """Return a sentence for each budget that bounds the owner: what is left, and whether `price`, as far as
    it is known, fits.
    """
    amount = ZERO if price is None else price.amount
    sentences = []
    for status in statuses_for(owner):
        verdict = ""
        if amount > status.left:
            verdict = " This is more than that." if status.budget.is_soft else " This does not fit."
        sentences.append(f"{status.budget}, {format_money(status.left)} left. {status.renewal}{verdict}")
    return sentences
