"""Amounts of money on pages."""

from decimal import Decimal

from django import template

from billing import money

register = template.Library()


@register.filter
def amount(value: Decimal | str) -> str:
    """Return an amount in the studio's currency, such as $1,250.00."""
    return money.format_money(Decimal(value))


@register.filter
def plain_amount(value: Decimal) -> str:
    """Return an amount as forms send it, such as 1250.00."""
    return money.plain_amount(value)
