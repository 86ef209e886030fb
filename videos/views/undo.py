"""Undoing a move to the trash: the session remembers what went there together, by a batch id of its own.

So a batch id is worth nothing in another session, and nobody's moment of trashing has to be told to a page.
"""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_urlsafe

from django.contrib import messages
from django.db.models import Max
from django.utils.translation import ngettext

from videos.models import Video
from videos.views.access import Request

MAX_BATCHES = 20  # remembered in a session; of more, the oldest are forgotten
UNDO = "undo"  # the tag of a message that is drawn with an undo button

_BATCHES = "trash_batches"
_OFFERED = "undo_batch"  # read by `_messages.html`


def remember_batch(request: Request, videos: Sequence[Video]) -> str:
    """Remember that the videos were just moved to the trash together. Returns the batch id.

    All of them have the same moment in `trashed_at`, which tells them from what was trashed before or since.
    """
    moment = Video.objects.filter(pk__in=[video.pk for video in videos]).aggregate(at=Max("trashed_at"))["at"]
    if moment is None:  # deleted for good in the meantime
        return ""
    batch_id = token_urlsafe(8)
    batches = [*request.session.get(_BATCHES, ()), [batch_id, moment.isoformat()]]
    request.session[_BATCHES] = batches[-MAX_BATCHES:]
    return batch_id


def offer_undo(request: Request, text: str, batch_id: str) -> None:
    """Show `text` on the next page, with a button that undoes the batch."""
    messages.success(request, text, extra_tags=UNDO)
    request.session[_OFFERED] = batch_id


def describe_trashed(number: int) -> str:
    """Return in a sentence that so many videos were moved to the trash."""
    text = ngettext("%(count)d video moved to the trash.", "%(count)d videos moved to the trash.", number)
    return text % {"count": number}


def describe_restored(number: int) -> str:
    """Return in a sentence that so many videos are no longer in the trash."""
    return ngettext("%(count)d video restored.", "%(count)d videos restored.", number) % {"count": number}


def trashed_moment(request: Request, batch_id: str) -> datetime | None:
    """Return the `trashed_at` of the videos in a batch; None when this session remembers no such batch."""
    moment = dict(request.session.get(_BATCHES, ())).get(batch_id)
    return datetime.fromisoformat(moment) if moment else None
