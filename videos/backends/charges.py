"""What services say that a job cost. Believed within bounds, because it counts in sums and estimates."""

import reprlib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

MAX_COST = Decimal(10_000)  # US dollars; nobody is charged more for one video


@dataclass(frozen=True, slots=True)
class Charge:
    """What a backend says that a job cost: an `amount` in US dollars with six decimals, or a `problem`, a
    sentence for why what it named cannot be one. Neither where it says nothing.
    """

    amount: Decimal | None = None
    problem: str = ""


NO_CHARGE_TOLD = Charge()


def parse_charge(value: object, *, currency: object = None) -> Charge:
    """Return what `value`, an amount that a backend named, says that a job cost.

    `currency` is the one that it named beside the amount, if it did: without one it is US dollars.
    """
    if value is None:
        return NO_CHARGE_TOLD
    if currency is not None and (not isinstance(currency, str) or currency.strip().upper() != "USD"):
        return _wrong_charge(value, f"its currency is {_quote(currency)}, not US dollars")
    amount = _parse_amount(value)
    if amount is None:
        return _wrong_charge(value, "that is no number")
    if amount < 0:
        return _wrong_charge(value, "a charge is never negative")
    if amount >= MAX_COST:
        return _wrong_charge(value, f"no video costs ${MAX_COST:,} or more")
    return Charge(abs(amount).quantize(Decimal("0.000001")))  # without the sign of -0.0


def _parse_amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value)) if not isinstance(value, str) or value.isascii() else Decimal("NaN")
    except (InvalidOperation, ValueError):  # ValueError: an integer of thousands of digits
        return None
    return amount if amount.is_finite() else None


def _wrong_charge(value: object, reason: str) -> Charge:
    return Charge(problem=f"The backend named {_quote(value)} as its charge, and {reason}.")


def _quote(value: object) -> str:
    text = value if isinstance(value, str) and value.isprintable() else reprlib.repr(value)
    return f"“{text[:40]}”"
