"""Amounts of money on pages."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext

from accounts.formats import format_number
from billing import money
from billing.models import Discrepancy

register = template.Library()

MAX_SHOWN = 5  # discrepancies on the administration's first page


@register.filter
def amount(value: Decimal | str) -> str:
    """Return an amount in the studio's currency, such as $1,250.00."""
    return money.format_money(Decimal(value))


@register.filter
def plain_amount(value: Decimal) -> str:
    """Return an amount as forms send it, such as 1250.00."""
    return money.plain_amount(value)


@register.simple_tag
def ledger_discrepancies() -> list[str]:
    """Return what does not fit between ledger and videos: a few sentences, and how many more there are."""
    found = list(Discrepancy.objects.values_list("sentence", flat=True)[: MAX_SHOWN + 1])
    if len(found) <= MAX_SHOWN:
        return found
    more = format_number(Discrepancy.objects.count() - MAX_SHOWN)
    return [*found[:MAX_SHOWN], gettext("And %(count)s more.") % {"count": more}]
