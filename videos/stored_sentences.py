"""What of this app writes sentences that are stored. `contentgen.stored_texts` imports it when a page is to
be shown in another language than English.
"""

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
from videos.formatting import translate_duration
from videos.lifecycle import payments  # noqa: F401
from videos.models.collection import CollectionRole
from videos.services import batch_file, batch_record, batch_stops, note_sentences  # noqa: F401


def _translate_role(text: str) -> str:
    known = {str(each.value): each for each in (*Role, *CollectionRole)}
    return str(known[text].label) if text in known else text


translate_part("duration", translate_duration)
translate_part("place", translated)
translate_part("role", _translate_role)
