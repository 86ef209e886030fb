"""Amounts as people read them."""

from decimal import Decimal


def format_dollars(amount: Decimal) -> str:
    """Return an amount in dollars with two decimals, or up to four where a cent is too coarse."""
    exact = f"{amount:,.4f}"
    return f"${exact[:-2]}{exact[-2:].rstrip('0')}"


def format_duration(seconds: int) -> str:
    """Return whole seconds as `90 seconds`, `10 minutes`, `1 hour 30 minutes`: in at most two units."""
    if seconds < 120:
        return count_of(seconds, "second")
    parts = []
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(count_of(number, unit))
    return " ".join(parts[:2])


def count_of(number: int, unit: str) -> str:
    """Return a number with what it counts, in the plural where there is not one."""
    return f"{number} {unit}{'' if number == 1 else 's'}"
