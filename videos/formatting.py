"""Amounts as people read them."""

from decimal import Decimal


def format_dollars(amount: Decimal) -> str:
    """Return an amount in dollars with two decimals, or up to four where a cent is too coarse."""
    exact = f"{amount:,.4f}"
    return f"${exact[:-2]}{exact[-2:].rstrip('0')}"
