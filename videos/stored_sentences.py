"""What of this app writes sentences that are stored. `contentgen.stored_texts` imports it when a page is to
be shown in another language than English.
"""

from contentgen.stored_texts import translate_part, translated
from videos.engine import (  # noqa: F401  # each makes its sentences known
    backend_sentences,
    characters,
    error_messages,
    file_ages,
    probe_sentences,
    removal_guard,
    retention,
    store,
)
from videos.formatting import translate_duration
from videos.lifecycle import payments  # noqa: F401
from videos.services import batch_file, batch_record, batch_stops  # noqa: F401

translate_part("duration", translate_duration)
translate_part("place", translated)
