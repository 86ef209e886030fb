"""What of this app writes sentences that are stored. `contentgen.stored_texts` imports it when a page is to
be shown in another language than English.
"""

from billing import budgets  # noqa: F401  # makes its sentences known
from billing.models import role_in_words
from billing.periods import translate_period
from contentgen.stored_texts import translate_part, translated

translate_part("budget", translated)
translate_part("renewal", translated)
translate_part("period", translate_period)
translate_part("role", role_in_words)
