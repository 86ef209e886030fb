"""Why something that would cost money is not done now."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from billing.money import format_money, plain_amount

FIELD = "budget"  # under which forms and commands show these


class RefusedPaymentError(ValidationError):
    """A request that costs too much, or nobody knows how much. The sentence is under `FIELD`."""

    code_for_programs = "payment_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__({FIELD: sentence})
        self.sentence = sentence


@dataclass(frozen=True)
class Shortage:
    """What a hard budget has left of too little, and when it is full again; None: never.

    `budget` is its code, `budget_id` its key.
    """

    budget: str
    left: Decimal
    renews_at: datetime | None
    budget_id: int


class BudgetExceededError(RefusedPaymentError):
    """A hard budget has less left than the request costs."""

    code_for_programs = "budget_exceeded"

    def __init__(self, sentence: str, shortage: Shortage) -> None:
        super().__init__(sentence)
        self.shortage = shortage


class UnpricedError(RefusedPaymentError):
    """Nobody knows what the request costs, and `UNPRICED_MODELS` says to refuse such ones."""

    code_for_programs = "price_unknown"

    def __init__(self, model: str, backend: str) -> None:
        sentence = gettext("Nobody knows what %(model)s on %(backend)s costs, so it is not used here.")
        advice = gettext("Choose another model, or ask for a price to be set.")
        super().__init__(f"{sentence % {'model': model, 'backend': backend}} {advice}")


class UnconfirmedPriceError(RefusedPaymentError):
    """The price is above `limit`, which was shown or is `CONFIRM_PRICE_ABOVE`, and the request does not say
    that it is meant.
    """

    code_for_programs = "price_confirmation_required"

    def __init__(self, price: Decimal, limit: Decimal) -> None:
        sentence = gettext("This costs %(price)s, which is more than %(limit)s. Confirm it.")
        super().__init__(sentence % {"price": format_money(price), "limit": format_money(limit)})
        self.price = price


class ApprovalRequiredError(RefusedPaymentError):
    """The price is above `APPROVE_PRICE_ABOVE`, and whoever pays may not approve it themselves.

    `is_priced` is whether that is all of it, because the price of each part is known.
    """

    code_for_programs = "approval_required"

    def __init__(self, sentence: str, price: Decimal, *, is_priced: bool) -> None:
        super().__init__(sentence)
        self.price, self.is_priced = price, is_priced


class PriceRisenError(RefusedPaymentError):
    """The price is above the one that was approved, or not known any more."""

    code_for_programs = "price_risen"


def price_to_confirm(error: ValidationError) -> str:
    """Return the price that a form has to ask about, as it sends it back; empty for any other error."""
    return plain_amount(error.price) if isinstance(error, UnconfirmedPriceError) else ""
