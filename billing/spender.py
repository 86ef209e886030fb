"""Who pays for what is asked for in this request: a person, perhaps through a token.

It is known where a request comes in, and needed where the reservation is written, far below; all that lies
between does not care. So it is kept beside the call, for as long as the `with` statement lasts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError

from accounts.models import ApiToken
from billing.money import parse_amount


@dataclass(frozen=True)
class Spender:
    """The token that the request came with, and the prices that whoever sent it agreed to, if any.

    `shown_price` is what the button said that was pressed, `confirmed_price` what was agreed to in so many
    words, `approved_price` what a manager approved; none of them may be passed, and only the last two let a
    high price through. What has no price passes an approval only where that was approved too
    (`approves_unpriced`).
    """

    token: ApiToken | None = None
    confirmed_price: Decimal | None = None
    shown_price: Decimal | None = None
    approved_price: Decimal | None = None
    approves_unpriced: bool = False


ANY_PRICE = Decimal("Infinity")  # agreed to by whoever was shown the price and pressed the button
_NOBODY_IN_PARTICULAR = Spender()
_current: ContextVar[Spender] = ContextVar("spender", default=_NOBODY_IN_PARTICULAR)


@contextmanager
def spending(
    *,
    token: ApiToken | None = None,
    confirmed_price: Decimal | None = None,
    shown_price: Decimal | None = None,
    approved_price: Decimal | None = None,
    approves_unpriced: bool = False,
) -> Iterator[None]:
    """Reserve what is asked for inside the block through `token`, at up to these prices; None is any."""
    spender = Spender(token, confirmed_price, shown_price, approved_price, approves_unpriced)
    reset = _current.set(spender)
    try:
        yield
    finally:
        _current.reset(reset)


def current_spender() -> Spender:
    """Return who pays; without a token outside of any `spending` block."""
    return _current.get()


def read_confirmed_price(text: str) -> Decimal | None:
    """Return the price that a form agrees to; None for anything that is no amount."""
    try:
        return parse_amount(text)
    except ValidationError:
        return None
