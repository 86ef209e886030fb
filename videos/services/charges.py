"""Decisions about charges of which nobody knows whether they are real."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind
from billing.models import LedgerLine
from videos import lifecycle
from videos.models import Video
from videos.validation import clean_line, has_visible_text, is_storable

MAX_NOTE_LENGTH = 500  # characters


def release_charge(by: User, public_id: str, attempt: int, note: str) -> bool:
    """Take back an unconfirmed charge, which `by` decided because of `note`; the ledger keeps both.

    Returns False where there is no such charge, or it has been confirmed or released. Raises
    `ValidationError` (`note`).
    """
    if not has_visible_text(note) or not is_storable(note):
        raise ValidationError({"note": gettext("Say why the charge is released.")})
    if len(clean_line(note)) > MAX_NOTE_LENGTH:
        raise ValidationError(
            {
                "note": gettext("The reason can have at most %(count)s characters.")
                % {"count": MAX_NOTE_LENGTH}
            }
        )
    line = LedgerLine.objects.filter(video=public_id).order_by("pk").first()
    if line is None:
        return False
    with transaction.atomic():
        # Its result may come at this moment. The video may also be deleted: then nothing can come any more.
        Video.objects.select_for_update().filter(pk=line.video_id).first()
        released = lifecycle.release_unconfirmed(line.video_id, attempt, by=by, note=clean_line(note))
        if released:
            charge = Subject(Kind.CHARGE, public_id, f"Attempt {attempt}", line.user_id)
            record(Action.RELEASED, charge, note=clean_line(note), by=by)
    return released
