"""How far a batch is: counts, money, the time that is left, and its rows as a strip of tiles.

All of it is read from the rows and their videos in a handful of queries, whatever their number, and shared
between everybody who looks within a second.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Case, Count, F, IntegerField, Sum, Value, When
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy

from billing.models import LedgerLine
from billing.money import ZERO
from videos.engine import safe_cache
from videos.models import ApprovalRequest, Batch, BatchRow, BatchState, RowState, State, Video

TILES = 240  # at most; each stands for as many rows as it takes
MAX_AGE = 1.0  # seconds for which what was read is shown to others
_SAMPLE = 30  # videos that ended last, from which the time left is estimated
_MIN_SAMPLE = 3

# What a person tells apart, in the order in which one of several decides how a tile looks.
KINDS = ("failed", "running", "waiting", "canceled", "gone", "done")
_COUNTS = {
    "failed": gettext_lazy("%(count)d failed"),
    "running": gettext_lazy("%(count)d running"),
    "waiting": gettext_lazy("%(count)d waiting"),
    "canceled": gettext_lazy("%(count)d canceled"),
    "gone": gettext_lazy("%(count)d gone"),
    "done": gettext_lazy("%(count)d done"),
}
_KIND_OF_ROW = {RowState.WAITING: "waiting", RowState.REFUSED: "failed", RowState.CANCELED: "canceled"}
_KIND_OF_VIDEO = {
    State.QUEUED: "waiting",
    State.COMPLETED: "done",
    State.FAILED: "failed",
    State.CANCELED: "canceled",
}


@dataclass(frozen=True)
class Tile:
    """Some rows that stand together, in the order of the file: what they are, by kind."""

    counts: Mapping[str, int]

    @property
    def kind(self) -> str:
        """What the tile looks like: what somebody has to know first."""
        return next(kind for kind in KINDS if self.counts.get(kind))

    @property
    def label(self) -> str:
        """What stands there, such as: 3 done, 1 failed."""
        return ", ".join(
            _COUNTS[kind] % {"count": self.counts[kind]} for kind in KINDS if self.counts.get(kind)
        )


@dataclass(frozen=True)
class Progress:
    """What is known of a batch at one moment. `by_state` counts the videos there are by their states.

    `undecided` of the running ones wait for their owner's decision. `seconds_left` is None where nobody can
    tell. Amounts are the ledger's.
    """

    total: int
    counts: Mapping[str, int]
    by_state: Mapping[str, int] = field(default_factory=dict)
    undecided: int = 0
    spent: Decimal = ZERO
    reserved: Decimal = ZERO
    seconds_left: float | None = None
    tiles: tuple[Tile, ...] = ()

    @property
    def ended(self) -> int:
        return self.total - self.counts.get("waiting", 0) - self.counts.get("running", 0)

    @property
    def created(self) -> int:
        """Rows that have become a video, or will never be one."""
        return self.total - self.counts.get("not_created", 0)

    @property
    def percent(self) -> int:
        return self.ended * 100 // self.total if self.total else 0

    @property
    def is_over(self) -> bool:
        """Whether nothing goes on without somebody's decision."""
        return self.ended + self.undecided >= self.total

    @property
    def minutes_left(self) -> int | None:
        return None if self.seconds_left is None else max(1, round(self.seconds_left / 60))

    @property
    def hours_left(self) -> int | None:
        """Of what takes more than two hours, where minutes say little."""
        minutes = self.minutes_left
        return None if minutes is None or minutes <= 120 else round(minutes / 60)

    @property
    def days_left(self) -> int | None:
        """Of what takes more than two days."""
        hours = self.hours_left
        return None if hours is None or hours <= 48 else round(hours / 24)

    def fingerprint(self, batch: Batch, approval: ApprovalRequest | None = None) -> str:
        """What differs as soon as a page shows anything else. `approval` is what the batch waits for."""
        shown = (batch.state, batch.paused_at, batch.problem, self.counts, self.undecided, self.spent)
        tiles = "".join(tile.kind[0] for tile in self.tiles)
        asked = (approval.pk, approval.status) if approval else ()
        written = repr((shown, self.reserved, self.minutes_left, tiles, asked))
        return hashlib.sha256(written.encode()).hexdigest()[:16]


def progress_of(batch: Batch) -> Progress:
    """Return how far the batch is, at most `MAX_AGE` seconds old."""
    key = f"batch-progress:{batch.pk}:{batch.state}"
    cached: Progress | None = safe_cache.get_many([key]).get(key)
    if cached is not None:
        return cached
    progress = read_progress(batch)
    safe_cache.set_many({key: progress}, timeout=MAX_AGE)
    return progress


def read_progress(batch: Batch) -> Progress:
    """Return how far the batch is now: five queries, whatever the number of its rows."""
    tiles, counts, by_state = _read_rows(batch)
    videos = Video.objects.filter(batch=batch)
    spent, reserved = _read_money(batch)
    left = counts["waiting"] + counts["running"]
    return Progress(
        total=batch.row_count,
        counts=counts,
        by_state=by_state,
        undecided=videos.filter(state=State.UNCERTAIN, due_at=None).count(),
        spent=spent,
        reserved=reserved,
        seconds_left=_estimate_left(batch, left) if left and batch.started_at else None,
        tiles=tuple(Tile(each) for each in tiles if each),
    )


def _read_rows(batch: Batch) -> tuple[list[Counter[str]], Counter[str], Counter[str]]:
    """Return the counts by kind of each tile and of all, and those of the videos by state."""
    wanted = min(TILES, batch.row_count)
    tile = Cast((F("number") - 1) * Value(wanted) / Value(batch.row_count), IntegerField())
    is_gone = Case(When(video__deleted_at__isnull=False, then=Value(1)), default=Value(0))
    grouped = (
        BatchRow.objects.filter(batch=batch)
        .order_by()
        .annotate(tile=tile, is_gone=is_gone)
        .values_list("tile", "is_gone", "state", "video__state")
        .annotate(count=Count("pk"))
    )
    tiles = [Counter[str]() for _ in range(wanted)]
    counts, by_state = Counter[str](), Counter[str]()
    for index, gone, row_state, state, count in grouped:
        kind = kind_of(row_state, state, is_gone=bool(gone))
        tiles[min(index, wanted - 1)][kind] += count
        counts[kind] += count
        if state and not gone:
            by_state[state] += count
        counts["not_created"] += count * (row_state == RowState.WAITING)
    return tiles, counts, by_state


def kind_of(row_state: str, video_state: str | None, *, is_gone: bool = False) -> str:
    """Return what a person calls a row, one of KINDS."""
    if row_state != RowState.CREATED:
        return _KIND_OF_ROW[RowState(row_state)]
    if video_state is None or is_gone:
        return "gone"
    return _KIND_OF_VIDEO.get(State(video_state), "running")


def _read_money(batch: Batch) -> tuple[Decimal, Decimal]:
    """Return what is spent on the batch and what is reserved for it; deleted videos were paid for too."""
    keys = BatchRow.objects.filter(batch=batch, video__isnull=False).order_by().values("video_id")
    lines = LedgerLine.objects.filter(video_id__in=keys).order_by()
    sums = lines.aggregate(spent=Sum("spent"), reserved=Sum("reserved"))
    return sums["spent"] or ZERO, sums["reserved"] or ZERO


def _estimate_left(batch: Batch, left: int) -> float | None:
    """Return in how many seconds the rest will have ended, if it goes on as it did lately."""
    if batch.is_paused or batch.state == BatchState.STOPPED:
        return None
    ended = Video.objects.filter(batch=batch, state__in=[State.COMPLETED, State.FAILED])
    latest = list(ended.order_by("-finished_at").values_list("finished_at", flat=True)[:_SAMPLE])
    return seconds_left(left, latest, timezone.now())


def seconds_left(left: int, ended_at: Iterable[datetime | None], now: datetime) -> float | None:
    """Return how long `left` videos take at the pace of those that `ended_at` these times, latest first."""
    known = [each for each in ended_at if each is not None]
    if len(known) < _MIN_SAMPLE:
        return None
    span = (now - known[-1]).total_seconds()
    return left * span / len(known) if span > 0 else None
