"""What every page says of the queue: how much of one's own waits, and who has paused what."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Subquery

from accounts.models import User
from videos.models import State, StudioState, Video


@dataclass(frozen=True)
class QueueNotice:
    """Of one person: how many videos wait, and the pauses in effect; `hold` is the studio's."""

    waiting: int = 0
    paused_at: datetime | None = None
    staff_paused_at: datetime | None = None
    staff_pause_note: str = ""
    hold: StudioState | None = None


def read_notice(user: User) -> QueueNotice:
    """Return what to say to the user: one query, and one more while submissions are held."""
    queued = Video.objects.filter(
        owner=OuterRef("pk"), state=State.QUEUED, cancel_requested_at=None, trashed_at=None, deleted_at=None
    )
    counted = queued.order_by().values("owner").annotate(count=Count("pk"))
    held = StudioState.objects.filter(held_at__isnull=False)
    rows = User.objects.filter(pk=user.pk).values_list(
        Subquery(counted.values("count")),
        "video_queue__paused_at",
        "video_queue__staff_paused_at",
        "video_queue__staff_pause_note",
        Exists(held),
    )
    for waiting, paused_at, staff_paused_at, note, is_held in rows:
        return QueueNotice(
            waiting or 0, paused_at, staff_paused_at, note or "", held.first() if is_held else None
        )
    return QueueNotice()
