"""Why a batch stopped. A worker stores it in English, and pages translate it."""

from decimal import Decimal

from django.utils.translation import gettext_noop

from billing.money import format_money
from contentgen.stored_texts import sentence

RESTORED = sentence(
    gettext_noop(
        "The database was restored from a backup. Rows that were created after it may be among the backend's "
        "jobs: look there before you go on, or they are paid for twice."
    )
)
_USED_UP = sentence(
    gettext_noop(
        "What is next costs more than what is left of the agreed price, which is %(left)s. Going on asks for "
        "the rest at the prices of now."
    )
)
_UNPRICED = sentence(
    gettext_noop("Nobody knows any more what %(place)s (%(model)s) costs. Going on makes it all the same.")
)
_RISEN = sentence(
    gettext_noop(
        "Prices have risen since this batch was checked: %(place)s (%(model)s) costs %(price)s now, not "
        "%(before)s. Going on accepts the new prices."
    )
)


def explain_used_up(left: Decimal) -> str:
    """Return that the next row costs more than what is `left` of the price that was agreed to."""
    return _USED_UP % {"left": format_money(left)}


def explain_lost_price(place: str, model: str) -> str:
    """Return that the price of a row, which was known when it was checked, is not known any more."""
    return _UNPRICED % {"place": place, "model": model}


def explain_risen_price(place: str, model: str, price: Decimal, before: Decimal) -> str:
    """Return that a row costs `price` now, and not what it did `before`."""
    values = {"price": format_money(price), "before": format_money(before)}
    return _RISEN % {"place": place, "model": model, **values}
