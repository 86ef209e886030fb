"""Whole numbers, in every way that programs write them: both APIs read `seconds` and `limit` alike."""

import re

_TEXT = re.compile(r"\s*\+?([0-9]{1,6})(\.0{1,6})?\s*", re.ASCII)
_EXPECTED = "Send a whole number, such as 4."


def read_whole_number(value: object) -> int:
    """Return the whole number that `value` is: `4`, `4.0`, `"4"`, `"4.0"` and `" 4 "` are the same.

    Raises `ValueError` for everything else: fractions, signs, words, `true`, and numbers of more than six
    digits.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(_EXPECTED)  # noqa: TRY004  # pydantic takes it for a wrong value
    found = _TEXT.fullmatch(value if isinstance(value, str) else repr(value))
    if found is None:
        raise ValueError(_EXPECTED)
    return int(found[1])
