"""Amounts of money: exact in the database, in sums and on the page. None is ever a float."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext

DIGITS = 6  # decimals that are kept: what services tell of their prices
LIMIT = Decimal(10) ** 12  # amounts are below this, so that sums fit into 64 bits
ZERO = Decimal(0)

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}


class MoneyField(models.Field[Decimal, Decimal]):
    """An amount as a whole number of millionths, in 64 bits.

    SQLite keeps a `DecimalField` as a float and sums it as one; whole numbers it adds up exactly.
    """

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else _to_millionths(Decimal(value))

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-DIGITS)

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else to_money(Decimal(str(value)))

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))


def to_money(amount: Decimal) -> Decimal:
    """Return `amount` with the decimals that are kept, rounded half up.

    Raises `ValueError` for what is no finite number below `LIMIT`.
    """
    if not amount.is_finite() or abs(amount) >= LIMIT:
        raise ValueError(f"{amount} is no amount of money.")
    return amount.quantize(Decimal(1).scaleb(-DIGITS), ROUND_HALF_UP)


def _to_millionths(amount: Decimal) -> int:
    with localcontext(prec=40):
        return int(to_money(amount).scaleb(DIGITS))


def parse_amount(text: str) -> Decimal:
    """Return the amount that a person wrote, such as 12, 12.5 or $1,250.00; 0 and above.

    The decimal point is a point, whatever the locale. Raises `ValidationError` with a sentence.
    """
    plain = text.strip().removeprefix(currency_symbol()).strip()
    if "," in plain and _has_thousands(plain):
        plain = plain.replace(",", "")
    if not plain.isascii() or not plain.replace(".", "", 1).isdigit():
        raise ValidationError(gettext("Write an amount such as 12.50, not “%(text)s”.") % {"text": text[:40]})
    try:
        amount = Decimal(plain)
        exact = to_money(amount)
    except (InvalidOperation, ValueError) as error:
        raise ValidationError(gettext("“%(text)s” is too large.") % {"text": text[:40]}) from error
    if exact != amount:
        raise ValidationError(gettext("Write an amount with at most %(count)s decimals.") % {"count": DIGITS})
    return exact


def _has_thousands(text: str) -> bool:
    """Whether the commas in `text` separate thousands, as in 1,250.00, and are no decimal point."""
    first, *groups = text.partition(".")[0].split(",")
    return 1 <= len(first) <= 3 and all(len(group) == 3 for group in groups)


def currency_symbol() -> str:
    """Return what an amount begins with: the sign of `CURRENCY`, else its code and a space."""
    code: str = settings.CURRENCY
    return _SYMBOLS.get(code, f"{code}\N{NO-BREAK SPACE}")


def format_money(amount: Decimal) -> str:
    """Return an amount in the studio's currency: two decimals, or up to four where a cent is too coarse."""
    exact = f"{abs(amount):,.4f}"
    sign = "\N{MINUS SIGN}" if amount < 0 and Decimal(exact.replace(",", "")) else ""
    return f"{sign}{currency_symbol()}{exact[:-2]}{exact[-2:].rstrip('0')}"


def plain_amount(amount: Decimal) -> str:
    """Return an amount for programs: digits and a point, with at least two decimals."""
    exact = f"{amount.quantize(Decimal(1).scaleb(-DIGITS), ROUND_HALF_UP):f}"  # as `to_money` rounds
    return f"{exact[:-4]}{exact[-4:].rstrip('0')}"
