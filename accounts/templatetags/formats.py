"""Dates, numbers and stored sentences as the person likes them. Every template has these: they are among the
builtins.
"""

from django import template

from accounts import formats
from contentgen.stored_texts import translated

register = template.Library()
register.filter("day", formats.format_day)
register.filter("moment", formats.format_moment)
register.filter("exact_moment", formats.format_exact_moment)
register.filter("time_of_day", formats.format_time)
register.filter("exact_time", formats.format_exact_time)
register.filter("number", formats.format_number)
register.filter("filesizeformat", formats.format_size)  # in place of Django's
register.filter("translated", translated)
