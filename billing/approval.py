"""Which prices a manager has to approve before anything is paid.

A manager's own request needs no approval: managers set the budgets, and in a studio with one of them nobody
else could approve it. What they spend stands on the Spend page as everybody's does.
"""

from decimal import Decimal

from django.conf import settings

from accounts.models import User
from accounts.roles import may_manage
from billing.errors import ApprovalRequiredError, PriceRisenError
from billing.money import format_money
from billing.spender import Spender


def require_approval(owner: User, price: Decimal, spender: Spender) -> None:
    """Raise `ApprovalRequiredError` for a price above `APPROVE_PRICE_ABOVE` that nobody approved, and
    `PriceRisenError` for one above the price that somebody did.

    What has no price is not above any: `UNPRICED_MODELS` says what becomes of it.
    """
    approved, limit = spender.approved_price, settings.APPROVE_PRICE_ABOVE
    if approved is not None:
        if price > approved:
            raise PriceRisenError(
                f"The price has risen: it was {format_money(approved)} and is now {format_money(price)}."
            )
        return
    if limit is not None and price > limit and not may_manage(owner):
        raise ApprovalRequiredError(
            f"This costs {format_money(price)}. A manager has to approve what costs more than"
            f" {format_money(limit)}.",
            price,
        )
