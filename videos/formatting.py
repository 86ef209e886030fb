"""Numbers as people read them."""

from decimal import Decimal


def format_dollars(amount: Decimal) -> str:
    """Write an amount for people: two decimals, up to four where a cent is too coarse."""
    exact = f"{amount:,.4f}"
    return f"${exact[:-2]}{exact[-2:].rstrip('0')}"
