"""What of this app writes sentences that are stored. `contentgen.stored_texts` imports it when a page is to
be shown in another language than English.
"""

import json
import re

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext

from accounts.models import Role
from contentgen.stored_texts import translate_part, translated
from videos.engine import (  # noqa: F401  # each makes its sentences known
    backend_sentences,
    characters,
    error_messages,
    file_ages,
    ledger_check,
    probe_sentences,
    removal_guard,
    retention,
    store,
)
from videos.formatting import count_of, translate_duration
from videos.lifecycle import payments  # noqa: F401
from videos.models.collection import CollectionRole
from videos.services import batch_file, batch_record, batch_stops, note_sentences  # noqa: F401


def _translate_role(text: str) -> str:
    known = {str(each.value): each for each in (*Role, *CollectionRole)}
    return str(known[text].label) if text in known else text


def _translate_counts(text: str) -> str:
    """Return what an import brought in, a JSON object of numbers by kind, in words."""
    try:
        counts = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(counts, dict):
        return text
    return ", ".join(
        f"{capfirst(gettext(name.replace('_', ' ')))}: {count}" for name, count in counts.items()
    )


def _translate_each(text: str) -> str:
    """Return sentences with commas in between, each of which ends with names in parentheses."""
    return ", ".join(map(translated, _BETWEEN_EACH.split(text)))


def _translate_fields(text: str) -> str:
    """Return names of fields that Django has put together, such as “Name, Role and Active”."""
    return get_text_list([gettext(name) for name in _BETWEEN_FIELDS.split(text)], gettext("and"))


def _translate_waiting(text: str) -> str:
    """Return what waited when submissions were released, such as “3 videos, $1.20 and 1 without a price”."""
    found = _WAITING.fullmatch(text)
    if found is None:
        return text
    videos, price, unpriced = count_of(int(found[1]), "video"), found[2], found[3]
    values = {"videos": videos, "price": price, "unpriced": unpriced}
    if not unpriced:
        return gettext("%(videos)s, %(price)s") % values
    if not price:
        return gettext("%(videos)s, %(unpriced)s without a price") % values
    return gettext("%(videos)s, %(price)s and %(unpriced)s without a price") % values


_WAITING = re.compile(r"(\d{1,9}) videos?(?:, ([^ ]+))??(?:(?:,| and) (\d+) without a price)?")
_BETWEEN_FIELDS = re.compile(r", | and ")
_BETWEEN_EACH = re.compile(r"(?<=\)), ")

translate_part("changes", _translate_each)
translate_part("counts", _translate_counts)
translate_part("duration", translate_duration)
translate_part("place", translated)
translate_part("fields", _translate_fields)
translate_part("role", _translate_role)
translate_part("videos", _translate_waiting)
