"""What of this app writes sentences that are stored, and how numbers and days in them are written for their
reader, for `contentgen.stored_texts`.
"""

import re

from django.utils.translation import gettext

from accounts import deletion, formats  # noqa: F401  # the first makes its sentences known
from contentgen.stored_texts import remember_by, translate_part

_BETWEEN = " and "
_MANY = re.compile(r"([\d,]+) (.+)")


def _translate_rows(text: str) -> str:
    """Return what an account waits for, such as “1 character and 2 videos”."""
    found = [_MANY.fullmatch(part) for part in text.split(_BETWEEN)]
    words = [f"{formats.rewrite_number(each[1])} {gettext(each[2])}" for each in found if each]
    return gettext(_BETWEEN).join(words) if all(found) else text


remember_by(formats.active_style)
translate_part("count", formats.rewrite_number)
translate_part("seconds", formats.rewrite_number)
translate_part("rows", _translate_rows)
translate_part("size", formats.rewrite_number)
translate_part("day", formats.rewrite_moment)
translate_part("moment", formats.rewrite_moment)
