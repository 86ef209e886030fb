"""What the page of one's own queue shows: what is in flight, and what waits, in the order of its starts."""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.formats import format_moment, format_time
from accounts.models import User
from contentgen.stored_texts import translated
from videos.engine import durations, fair_queue
from videos.engine.fair_queue import MAX_POSITION, OWNERS_ORDER, USES_SLOT
from videos.formatting import format_duration
from videos.models import IN_FLIGHT, OwnerQueue, State, StudioState, Video
from videos.models.keyset import take_page
from videos.models.video_queries import VideoQuerySet
from videos.services.held_videos import explain_hold
from videos.services.queue import being_canceled, waiting_of

PAGE_SIZE = 50  # waiting videos
SHOWN_IN_FLIGHT = 12
_LONG_FIELDS = ("note", "error_detail", "search_text")


@dataclass(frozen=True)
class Entry:
    """A video that waits: where it stands at its backend, from 1, what it waits for, and in how many seconds
    it starts, as far as anybody can tell.
    """

    video: Video
    position: int | None
    waits_for: str
    starts_in: float | None

    @property
    def start(self) -> str:
        """When it starts, in words."""
        return describe_start(self.starts_in)


def describe_start(seconds: float | None) -> str:
    """Say when what starts in `seconds` does, no more exactly than the estimate is; nothing for None."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if minutes < 1:
        return gettext("starts in less than a minute")
    duration = format_duration(60 * (minutes if minutes < 60 else 30 * (minutes // 30)))
    return gettext("starts in about %(duration)s") % {"duration": duration}


@dataclass(frozen=True)
class OwnQueue:
    """One's own queue, a page of it. `after` is the cursor of the next page, empty on the last."""

    waiting: int
    paused: int
    canceling: int
    in_flight: list[Video]
    in_flight_count: int
    entries: list[Entry]
    after: str
    queue: OwnerQueue | None
    hold: StudioState | None

    @property
    def may_change(self) -> bool:
        """Whether it may change without its owner's doing."""
        return bool(self.waiting or self.in_flight_count or self.canceling)

    @property
    def fingerprint(self) -> str:
        """A word that differs when what the page shows does."""
        shown = [
            (each.video.pk, each.video.revision, each.position, each.waits_for, each.start)
            for each in self.entries
        ]
        running = [(each.pk, each.revision) for each in self.in_flight]
        switches = (self.queue and (self.queue.revision, self.queue.paused_at), self.hold and self.hold.epoch)
        counts = (self.waiting, self.paused, self.canceling, self.in_flight_count, self.after)
        written = repr((shown, running, switches, counts))
        return hashlib.sha256(written.encode()).hexdigest()[:16]


def read_queue(owner: User, *, after: str = "", size: int = PAGE_SIZE) -> OwnQueue:
    """Return the owner's queue, the page behind the cursor `after`. A cursor that is none begins anew.

    However long the queue is, a constant number of queries.
    """
    queue = OwnerQueue.objects.filter(owner=owner).first()
    hold = StudioState.objects.filter(held_at__isnull=False).first()
    counts = waiting_of(owner).order_by().aggregate(all=Count("pk"), paused=Count("paused_at"))
    page, more = take_page(_behind(list_waiting(owner), after), size)
    in_flight = _in_flight(owner)
    return OwnQueue(
        waiting=counts["all"],
        paused=counts["paused"],
        canceling=being_canceled(owner).count(),
        in_flight=list(in_flight.select_related("backend").order_by("pk")[:SHOWN_IN_FLIGHT]),
        in_flight_count=in_flight.count(),
        entries=describe(page, hold=hold, queue=queue),
        after=cursor_of(page[-1]) if more else "",
        queue=queue,
        hold=hold,
    )


def list_waiting(owner: User) -> VideoQuerySet:
    """The owner's waiting videos in the order in which they start, with what is said about each."""
    waiting = waiting_of(owner).select_related("backend", "owner__video_queue", "batch")
    return waiting.defer(*_LONG_FIELDS).order_by(*OWNERS_ORDER)


def _in_flight(owner: User) -> VideoQuerySet:
    submitted = [state for state in IN_FLIGHT if state != State.QUEUED]
    return Video.objects.owned_by(owner).filter(state__in=submitted).defer(*_LONG_FIELDS)


# --- Pages -------------------------------------------------------------------------------------------------


def cursor_of(video: Video) -> str:
    """Return where the video stands: pages go on behind it, whatever leaves the queue meanwhile."""
    return f"{'' if video.queue_order is None else video.queue_order}.{video.pk}"


def is_cursor(text: str) -> bool:
    """Whether this can be what `cursor_of` returns."""
    return re.fullmatch(r"(-?[0-9]{1,18})?\.[0-9]{1,18}", text, re.ASCII) is not None


def _behind(waiting: VideoQuerySet, cursor: str) -> VideoQuerySet:
    if not is_cursor(cursor):
        return waiting
    order, _, key = cursor.partition(".")
    later = Q(queue_order=None, pk__gt=int(key))
    if order:  # those with a rank come first
        rank = int(order)
        later = Q(queue_order__gt=rank) | Q(queue_order=rank, pk__gt=int(key)) | Q(queue_order=None)
    return waiting.filter(later)


# --- What each waits for -----------------------------------------------------------------------------------


def describe(videos: Sequence[Video], *, hold: StudioState | None, queue: OwnerQueue | None) -> list[Entry]:
    """Return the videos, which are one owner's and in the order of the queue, with what each waits for."""
    now = timezone.now()
    positions = fair_queue.queue_positions(videos)
    reasons = {video.pk: _explain(video, hold, queue, positions.get(video.pk), now) for video in videos}
    startable = [video for video in videos if video.pk in positions and not hold and is_due(video, now)]
    estimates = estimate_starts(startable, positions)
    return [
        Entry(video, positions.get(video.pk), reasons[video.pk], estimates.get(video.pk)) for video in videos
    ]


def is_due(video: Video, now: datetime) -> bool:
    """Whether only its turn holds the video up, as far as its row and its backend tell."""
    return not video.backend.is_paused and video.due_at is not None and video.due_at <= now


def _explain(
    video: Video, hold: StudioState | None, queue: OwnerQueue | None, position: int | None, now: datetime
) -> str:
    """Return in a sentence what holds the video up, to its owner."""
    if queue is not None and queue.staff_paused_at:
        return gettext("Paused by staff")
    if hold is not None:
        return (
            gettext("The studio is in maintenance")
            if hold.is_maintenance
            else gettext("The studio submits nothing for now")
        )
    if (queue is not None and queue.paused_at) or video.paused_at:
        return gettext("Paused by you")
    if reason := explain_hold(video):
        return reason
    backend = video.backend
    if backend.pause_end is not None:
        values = {"name": backend.name, "time": _clock(backend.pause_end)}
        return gettext("%(name)s is paused until %(time)s") % values
    if video.due_at is not None and video.due_at > now:
        sentence = gettext("Tried again at %(time)s.") % {"time": _clock(video.due_at)}
        return f"{sentence} {translated(video.error_message)}".strip()
    if position == 1:
        return gettext("Next at %(backend)s") % {"backend": backend.name}
    return gettext("Waiting for a slot at %(backend)s") % {"backend": backend.name}


def _clock(moment: datetime) -> str:
    is_today = timezone.localdate(moment) == timezone.localdate()
    return format_time(moment) if is_today else format_moment(moment)


# --- When each starts --------------------------------------------------------------------------------------


def estimate_starts(videos: Sequence[Video], positions: dict[int, int]) -> dict[int, float]:
    """Return in how many seconds each probably starts: when as many jobs as are before it have made room.

    Nothing is said of one too far back, nor where too few such videos were made to know how long they take.
    """
    counted = [video for video in videos if positions[video.pk] <= MAX_POSITION]
    stats = durations.stats_for(map(durations.profile_of, counted))
    free = _free_slots(counted)
    estimates: dict[int, float] = {}
    for video in counted:
        typical = stats[durations.profile_of(video)].typical_seconds
        behind = positions[video.pk] - free[video.backend_id]
        if behind <= 0:
            estimates[video.pk] = 0
        elif typical is not None:
            estimates[video.pk] = typical * math.ceil(behind / video.backend.max_in_flight)
    return estimates


def _free_slots(videos: Iterable[Video]) -> dict[int, int]:
    backends = {video.backend_id: video.backend for video in videos}
    used = Video.objects.filter(USES_SLOT, backend__in=backends).order_by().values_list("backend")
    taken: dict[int, int] = dict(used.annotate(count=Count("pk"))) if backends else {}
    return {pk: each.max_in_flight - taken.get(pk, 0) for pk, each in backends.items()}
