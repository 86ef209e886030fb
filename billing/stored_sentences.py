"""What of this app writes sentences that are stored. `contentgen.stored_texts` imports it when a page is to
be shown in another language than English.
"""

import re

from django.utils.translation import gettext

from billing.budgets import NAMES
from billing.models import role_in_words
from billing.periods import Period, in_words
from contentgen.stored_texts import translate_part, translated

_PERIODS = {"today": Period.DAY, "this week": Period.WEEK, "this month": Period.MONTH, "in all": Period.TOTAL}
_PLACE = re.compile(r"%\((\w+)\)s")


def translate_name(words: str) -> str:
    """Return what `BudgetStatus.name` was in English in the active language; other words as they are."""
    for template in NAMES.values():
        if found := _pattern(template).fullmatch(words):
            parts = found.groupdict()
            parts["period"] = in_words(_PERIODS[parts["period"]])
            if "role" in parts:
                parts["role"] = role_in_words(parts["role"])
            return gettext(template) % parts
    return words


def _pattern(template: str) -> re.Pattern[str]:
    """Return the expression for a template that was filled in; what stands at its odd places are names."""
    pieces = _PLACE.split(template)
    places = {name: f"(?P<{name}>.+)" for name in pieces[1::2]}
    places["period"] = f"(?P<period>{'|'.join(_PERIODS)})"
    return re.compile(
        "".join(places[each] if at % 2 else re.escape(each) for at, each in enumerate(pieces)), re.DOTALL
    )


translate_part("budget", translate_name)
translate_part("renewal", translated)
translate_part("terms", translated)
