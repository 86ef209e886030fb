"""What of this app writes sentences that are stored, and how numbers and days in them are written for their
reader, for `contentgen.stored_texts`.
"""

from accounts import deletion, formats  # noqa: F401  # the first makes its sentences known
from contentgen.stored_texts import remember_by, translate_part

remember_by(formats.active_style)
translate_part("count", formats.rewrite_number)
translate_part("seconds", formats.rewrite_number)
translate_part("size", formats.rewrite_number)
translate_part("day", formats.rewrite_moment)
translate_part("moment", formats.rewrite_moment)
