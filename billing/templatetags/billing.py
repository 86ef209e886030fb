"""Amounts of money on pages."""

from decimal import Decimal

from django import template

from billing.money import format_money

register = template.Library()


@register.filter
def amount(value: Decimal | str) -> str:
    """Return an amount in the studio's currency, such as $1,250.00."""
    return format_money(Decimal(value))
