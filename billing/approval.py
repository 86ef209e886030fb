"""Which prices a manager has to approve before anything is paid.

A manager's own request needs no approval: managers set the budgets, and in a studio with one of them nobody
else could approve it. What they spend stands on the Spend page as everybody's does.
"""

from decimal import Decimal

from django.conf import settings

from accounts.models import User
from accounts.roles import may_manage
from billing.errors import ApprovalRequiredError, PriceRisenError
from billing.money import ZERO, format_money
from billing.spender import Spender


def require_approval(owner: User, price: Decimal, spender: Spender, *, is_priced: bool) -> None:
    """Raise `ApprovalRequiredError` for a price above `APPROVE_PRICE_ABOVE` that nobody approved, and
    `PriceRisenError` for one above the price that somebody did.

    What has no price (`is_priced` is False for a sum without it) is not above any limit: `UNPRICED_MODELS`
    says what becomes of it. Where a price was approved, though, it may have lost it since.
    """
    if spender.approved_price is not None:
        _require_approved(price, spender, is_priced=is_priced)
        return
    limit = settings.APPROVE_PRICE_ABOVE
    if limit is not None and price > limit and not may_manage(owner):
        raise ApprovalRequiredError(
            f"This costs {format_money(price)}. A manager has to approve what costs more than"
            f" {format_money(limit)}.",
            price,
            is_priced=is_priced,
        )


def _require_approved(price: Decimal, spender: Spender, *, is_priced: bool) -> None:
    approved = spender.approved_price or ZERO
    if price > approved:
        raise PriceRisenError(
            f"The price has risen: it was {format_money(approved)} and is now {format_money(price)}."
        )
    if not (is_priced or spender.approves_unpriced):
        raise PriceRisenError(f"The price was {format_money(approved)} and is not known any more.")
