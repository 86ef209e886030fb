"""How long videos of each profile took lately: for pacing the polls of a job, and for telling people.

A duration runs from the acceptance to the poll that found the job finished, so it includes that poll's lag.
Polls are close together around the expected end, which keeps the error near a second there; it is not
corrected. Where the job was finished by the time its id was known, the duration runs from the attempt: a
synchronous server answers when all is done.
"""

import hashlib
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import NamedTuple

from django.core.cache import caches
from django.db.models import F, Q, QuerySet

from videos.engine import pacing, safe_cache
from videos.engine.pacing import DurationEstimate
from videos.models import Kind, Video

SAMPLES = 30  # finished videos of a profile that count
FRESH_FOR = 30.0  # seconds for which cached statistics are used
REMEMBERED_FOR = 5.0  # seconds for which a process does not ask the cache again
_UNKNOWN = -1.0  # is no duration
SYNCHRONOUS = 2.0  # seconds; what ended so soon after its acceptance was done by the time its id was known
_BATCH = 100  # profiles in one query; SQLite takes at most 500


class JobProfile(NamedTuple):
    """What decides how long a job takes. `seconds` is the length it generates, `kind` a `models.Kind`."""

    backend_id: int
    model: str
    size: str
    seconds: int
    kind: str = Kind.CREATE.value


@dataclass(frozen=True, slots=True)
class DurationStats:
    """What the finished videos of one profile show; nothing while they are fewer than three.

    `typical_seconds` is the median of their durations.
    """

    typical_seconds: float | None = None
    estimate: DurationEstimate | None = None


def profile_of(video: Video) -> JobProfile:
    return JobProfile(video.backend_id, video.model, video.size, video.seconds, video.kind)


def stats_for(profiles: Iterable[JobProfile]) -> dict[JobProfile, DurationStats]:
    """Return the statistics of each of `profiles`, at most 30 s old.

    Takes one request to the cache, and one query for every hundred profiles that are not in it.
    """
    wanted = set(profiles)
    stats = _cached(wanted)
    missing = sorted(wanted - stats.keys())
    for start in range(0, len(missing), _BATCH):
        read = _read(missing[start : start + _BATCH])
        now = time.time()
        safe_cache.set_many({_key(profile): (now, read[profile]) for profile in read}, timeout=FRESH_FOR)
        stats |= read
    return stats


def typical_seconds(profile: JobProfile) -> float | None:
    """Return the median duration of this profile, in seconds; None while fewer than three have finished.

    Every poll of a program asks for it, so this process remembers it for some seconds.
    """
    remembered, key = caches["process"], _key(profile)
    typical: float | None = remembered.get(key, _UNKNOWN)
    if typical == _UNKNOWN:
        typical = stats_for([profile])[profile].typical_seconds
        remembered.set(key, typical, REMEMBERED_FOR)
    return typical


def estimate_for(profile: JobProfile) -> DurationEstimate | None:
    """Return the estimate for a job of this profile; None while fewer than three have finished."""
    return stats_for([profile])[profile].estimate


def _cached(profiles: Collection[JobProfile]) -> dict[JobProfile, DurationStats]:
    keys = {_key(profile): profile for profile in profiles}
    now = time.time()
    return {
        keys[key]: stats
        for key, (read_at, stats) in safe_cache.get_many(keys).items()
        if 0 <= now - read_at < FRESH_FOR
    }


def _key(profile: JobProfile) -> str:
    digest = hashlib.sha256(repr(tuple(profile)).encode()).hexdigest()  # names may hold what no key may
    return f"durations:{profile.backend_id}:{digest}"


# A profile, then attempted_at, accepted_at and generated_at.
_Row = tuple[int, str, str, int, str, datetime | None, datetime | None, datetime | None]


def _read(profiles: Sequence[JobProfile]) -> dict[JobProfile, DurationStats]:
    first, *others = [_recently_finished(profile) for profile in profiles]
    rows = first.union(*others, all=True) if others else first
    samples: dict[JobProfile, list[tuple[float, float]]] = {profile: [] for profile in profiles}
    for backend_id, model, size, seconds, kind, attempted_at, accepted_at, generated_at in rows:
        if accepted_at and generated_at:
            duration = duration_between(attempted_at, accepted_at, generated_at)
            profile = JobProfile(backend_id, model, size, seconds, kind)
            samples[profile].append((generated_at.timestamp(), duration))
    return {
        profile: _stats([duration for _, duration in sorted(pairs, reverse=True)])
        for profile, pairs in samples.items()
    }


def duration_between(attempted_at: datetime | None, accepted_at: datetime, generated_at: datetime) -> float:
    """Return the seconds that a job took, by when it was asked for, accepted and found finished."""
    seconds = (generated_at - accepted_at).total_seconds()
    if seconds < SYNCHRONOUS and attempted_at:
        return (generated_at - attempted_at).total_seconds()
    return seconds


def _recently_finished(profile: JobProfile) -> QuerySet[Video, _Row]:
    """The last videos of `profile` that the backend finished. Read through the index `video_durations`.

    Those that had run out of time are left out: they were found by chance, hours later perhaps.
    """
    in_time = Q(deadline_at=None) | Q(generated_at__lte=F("deadline_at"))
    finished = Video.objects.filter(in_time, **profile._asdict(), generated_at__isnull=False)
    newest = finished.order_by("-generated_at").values("pk")[:SAMPLES]
    # The limit is in a subquery because SQLite has none in the parts of a union.
    return (
        Video.objects.order_by()
        .filter(pk__in=newest)
        .values_list(
            "backend_id", "model", "size", "seconds", "kind", "attempted_at", "accepted_at", "generated_at"
        )
    )


def _stats(durations: Sequence[float]) -> DurationStats:
    """The statistics of `durations`, newest first."""
    if len(durations) < pacing.MIN_SAMPLES:
        return DurationStats()
    return DurationStats(median(durations), pacing.estimate_duration(durations))
