"""As in English, since these follow the style that is active, and not the language."""

from accounts.locale_formats.en.formats import *  # noqa: F403

# Of numbers that templates write by themselves, in attributes and drawings too, where a comma means something
# else. What people read goes through `accounts.formats`.
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
