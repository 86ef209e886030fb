"""Which prices a manager has to approve before anything is paid.

A manager's own request needs no approval: managers set the budgets, and in a studio with one of them nobody
else could approve it. What they spend stands on the Spend page as everybody's does.
"""

from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext

from accounts.models import User
from accounts.roles import may_manage
from billing.errors import ApprovalRequiredError, PriceRisenError
from billing.money import ZERO, format_money
from billing.spender import Spender


def require_approval(
    owner: User, price: Decimal, spender: Spender, *, is_priced: bool, limit: Decimal | None = None
) -> None:
    """Raise `ApprovalRequiredError` for a price above `APPROVE_PRICE_ABOVE`, or above a lower `limit`, that
    nobody approved, and `PriceRisenError` for one above the price that somebody did.

    What has no price (`is_priced` is False for a sum without it) is not above any limit: `UNPRICED_MODELS`
    says what becomes of it. Where a price was approved, though, it may have lost it since.
    """
    if spender.approved_price is not None:
        _require_approved(price, spender, is_priced=is_priced)
        return
    bound = _bound_of(owner)
    limit = bound if limit is None or bound is None else min(limit, bound)
    if limit is not None and price > limit:
        raise ApprovalRequiredError(
            gettext("This costs %(price)s. A manager has to approve what costs more than %(limit)s.")
            % {"price": format_money(price), "limit": format_money(limit)},
            price,
            is_priced=is_priced,
        )


def approved_most(owner: User, spender: Spender) -> Decimal | None:
    """Return up to which price in all a request may go on that `require_approval` has let pass; None: any.

    For what is reserved bit by bit, so that its parts together are bounded as the whole was.
    """
    return _bound_of(owner) if spender.approved_price is None else spender.approved_price


def _bound_of(owner: User) -> Decimal | None:
    """Return up to which price the person needs no approval; None: none is needed at any price."""
    limit: Decimal | None = settings.APPROVE_PRICE_ABOVE
    return None if may_manage(owner) else limit


def _require_approved(price: Decimal, spender: Spender, *, is_priced: bool) -> None:
    approved = spender.approved_price or ZERO
    if price > approved:
        raise PriceRisenError(
            gettext("The price has risen: it was %(approved)s and is now %(price)s.")
            % {"approved": format_money(approved), "price": format_money(price)}
        )
    if not (is_priced or spender.approves_unpriced):
        raise PriceRisenError(
            gettext("The price was %(approved)s and is not known any more.")
            % {"approved": format_money(approved)}
        )
