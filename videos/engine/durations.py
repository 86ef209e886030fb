"""How long videos of each kind took lately: for pacing the looks at a job, and for telling people.

A duration runs from the acceptance to the look that found the job finished, so it holds that look's lag.
Looks are close around the expected end, which keeps the error near a second there; it is not corrected.
Where the job was finished by the time it was known of, it runs from the attempt: a synchronous server answers
when all is done.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from threading import Lock
from typing import NamedTuple

from django.db.models import F, QuerySet

from videos.engine import pacing
from videos.engine.pacing import Expectation
from videos.models import Kind as Derivation
from videos.models import Video

CREATE = Derivation.CREATE.value
RECENT = 30  # finished videos of a kind that count
FRESH = 30.0  # seconds for which a process believes what it read
KINDS_KEPT = 500  # per process; the least recently used go first
AT_ONCE = 2.0  # seconds; what ended so soon after its acceptance was done by the time it was known of
_KINDS_AT_ONCE = 100  # in one query; SQLite takes at most 500


class JobProfile(NamedTuple):
    """What decides how long a video takes. `seconds` is the length of new film, `kind` a `models.Kind`."""

    backend_id: int
    model: str
    size: str
    seconds: int
    kind: str = CREATE


@dataclass(frozen=True, slots=True)
class DurationStats:
    """What finished videos of one profile tell; nothing while they are fewer than three.

    `typical_seconds` is their median.
    """

    typical_seconds: float | None = None
    expected: Expectation | None = None


def profile_of(video: Video) -> JobProfile:
    return JobProfile(video.backend_id, video.model, video.size, video.seconds, video.kind)


def stats_for(kinds: Iterable[JobProfile]) -> dict[JobProfile, DurationStats]:
    """Return the past of each of `kinds`, with one query for all of those (up to a hundred) that this
    process has not read within the last 30 s.
    """
    wanted = set(kinds)
    found = _remembered.get(wanted)
    missing = sorted(wanted - found.keys())
    for start in range(0, len(missing), _KINDS_AT_ONCE):
        read = _read(missing[start : start + _KINDS_AT_ONCE])
        _remembered.put(read)
        found.update(read)
    return found


def typical_seconds(kind: JobProfile) -> float | None:
    """Return the seconds a video of this kind usually takes; None while fewer than three have finished."""
    return stats_for([kind])[kind].typical_seconds


def expectation_for(kind: JobProfile) -> Expectation | None:
    """Return what to expect of a job of this kind; None while fewer than three have finished."""
    return stats_for([kind])[kind].expected


def forget_all() -> None:
    """Read everything anew. For tests, whose rows come and go faster than 30 s."""
    _remembered.clear()


class _Memory:
    """What this process read lately, by kind. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pasts: OrderedDict[JobProfile, tuple[float, DurationStats]] = OrderedDict()

    def get(self, kinds: Iterable[JobProfile]) -> dict[JobProfile, DurationStats]:
        oldest = time.monotonic() - FRESH
        found: dict[JobProfile, DurationStats] = {}
        with self._lock:
            for kind in kinds:
                read_at, past = self._pasts.get(kind, (oldest, DurationStats()))
                if read_at > oldest:
                    self._pasts.move_to_end(kind)
                    found[kind] = past
        return found

    def put(self, pasts: dict[JobProfile, DurationStats]) -> None:
        now = time.monotonic()
        with self._lock:
            for kind, past in pasts.items():
                self._pasts[kind] = (now, past)
                self._pasts.move_to_end(kind)
            while len(self._pasts) > KINDS_KEPT:
                self._pasts.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._pasts.clear()


_remembered = _Memory()

# A kind, then attempted_at, accepted_at and generated_at.
_Row = tuple[int, str, str, int, str, datetime | None, datetime | None, datetime | None]


def _read(kinds: Sequence[JobProfile]) -> dict[JobProfile, DurationStats]:
    first, *others = [_finished(kind) for kind in kinds]
    rows = first.union(*others, all=True) if others else first
    ends: dict[JobProfile, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for backend_id, model, size, seconds, kind, attempted_at, accepted_at, generated_at in rows:
        if accepted_at and generated_at:
            took = _took(attempted_at, accepted_at, generated_at)
            alike = JobProfile(backend_id, model, size, seconds, kind)
            ends[alike].append((generated_at.timestamp(), took))
    return {kind: _past([took for _, took in sorted(pairs, reverse=True)]) for kind, pairs in ends.items()}


def _took(attempted_at: datetime | None, accepted_at: datetime, generated_at: datetime) -> float:
    took = (generated_at - accepted_at).total_seconds()
    if took < AT_ONCE and attempted_at:
        return (generated_at - attempted_at).total_seconds()
    return took


def _finished(kind: JobProfile) -> QuerySet[Video, _Row]:
    """The last videos of `kind` that the backend finished. Read through the index `video_experience`.

    Those found past their deadline are left out: "check again" found them, hours later perhaps.
    """
    alike = Video.objects.filter(
        **kind._asdict(), generated_at__isnull=False, generated_at__lte=F("deadline_at")
    )
    newest = alike.order_by("-generated_at").values("pk")[:RECENT]
    # The limit is in a subquery because SQLite has none in the parts of a union.
    return (
        Video.objects.order_by()
        .filter(pk__in=newest)
        .values_list(
            "backend_id", "model", "size", "seconds", "kind", "attempted_at", "accepted_at", "generated_at"
        )
    )


def _past(durations: Sequence[float]) -> DurationStats:
    if len(durations) < pacing.NEEDED:
        return DurationStats()
    return DurationStats(typical_seconds=median(durations), expected=pacing.learn(durations))
