"""Amounts as people read them."""

from decimal import Decimal

from billing.money import format_money


def format_dollars(amount: Decimal) -> str:
    """Return an amount in the studio's currency, which is US dollars unless `CURRENCY` says otherwise."""
    return format_money(amount)


def format_duration(seconds: int) -> str:
    """Return whole seconds as `90 seconds`, `10 minutes`, `1 hour 30 minutes`: in at most two units."""
    if seconds < 120:
        return _count(seconds, "second")
    parts = []
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(_count(number, unit))
    return " ".join(parts[:2])


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
