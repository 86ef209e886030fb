"""Durations and counts as people read them."""

import re

from django.utils.translation import ngettext

# Written out one by one, because each language has plurals of its own, and messages are found by reading.
_COUNTS = {
    "second": lambda number: ngettext("%(count)d second", "%(count)d seconds", number),
    "minute": lambda number: ngettext("%(count)d minute", "%(count)d minutes", number),
    "hour": lambda number: ngettext("%(count)d hour", "%(count)d hours", number),
    "day": lambda number: ngettext("%(count)d day", "%(count)d days", number),
    "video": lambda number: ngettext("%(count)d video", "%(count)d videos", number),
    "deleted video": lambda number: ngettext("%(count)d deleted video", "%(count)d deleted videos", number),
    "character": lambda number: ngettext("%(count)d character", "%(count)d characters", number),
    "job": lambda number: ngettext("%(count)d job", "%(count)d jobs", number),
    "model": lambda number: ngettext("%(count)d model", "%(count)d models", number),
}

# As `format_duration` and `count_of` write it in English.
_ENGLISH_PART = r"(\d{1,9}) (second|minute|hour|day)s?"
_ENGLISH_DURATION = re.compile(rf"{_ENGLISH_PART}(?: {_ENGLISH_PART})?")


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
    """Return a number with what it counts, a key of the table above, in the active language's plural."""
    return _COUNTS[unit](number) % {"count": number}


def translate_duration(text: str) -> str:
    """Return a duration that was written in English in the active language; any other text as it is."""
    found = _ENGLISH_DURATION.fullmatch(text)
    if found is None:
        return text
    number, unit, smaller_number, smaller_unit = found.groups()
    parts = [count_of(int(number), unit)]
    if smaller_unit:
        parts.append(count_of(int(smaller_number), smaller_unit))
    return " ".join(parts)
