"""How far a backend's clock may be off, so that what it says about the time of a job can be believed.

Jobs are listed with when they were created by the backend's clock, and our attempts are recorded by ours. Two
things tell how far apart the clocks are: the `Date` of the list, and each listed job that is known to be
ours, because it was created between our attempt and its acceptance. What all of them allow is taken, as in
Marzullo's algorithm, which NTP uses. Where they contradict each other, a clock was set meanwhile or several
are involved: then each may be right about some job. And where nothing is known, no time proves anything.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from videos.backends.responses import Job
from videos.models import Video

TOLERANCE = 60.0  # seconds by which a clock may drift while the list grows, and a request be delayed


@dataclass(frozen=True)
class BackendClock:
    """The backend's clock is ahead of ours by `least` to `most` seconds, below 0 behind it."""

    least: float = -math.inf
    most: float = math.inf

    def is_before(self, job: Job, moment: datetime) -> bool:
        """Whether the job was certainly created before `moment`."""
        return job.created_at is not None and job.created_at - self.least < moment.timestamp() - TOLERANCE

    def may_be_before(self, job: Job, moment: datetime) -> bool:
        """Whether the job may have been created before `moment`. One without a time is not doubted."""
        return job.created_at is not None and job.created_at - self.most < moment.timestamp() - TOLERANCE

    def is_after(self, job: Job, moment: datetime) -> bool:
        """Whether the job was certainly created after `moment`."""
        return job.created_at is not None and job.created_at - self.most > moment.timestamp()


UNKNOWN_CLOCK = BackendClock()


def measure_clock(date: BackendClock, known: Iterable[tuple[Video, Job]]) -> BackendClock:
    """Return how far the clock may be off.

    `date` is what the `Date` of the list says. `known` are listed jobs with the videos whose jobs they are.
    """
    ranges = [(date.least, date.most)] if date != UNKNOWN_CLOCK else []
    ranges += [
        (job.created_at - video.accepted_at.timestamp(), job.created_at - video.attempted_at.timestamp())
        for video, job in known
        if job.created_at is not None and video.accepted_at is not None and video.attempted_at is not None
    ]
    if not ranges:
        return UNKNOWN_CLOCK
    least, most = max(low for low, _ in ranges), min(high for _, high in ranges)
    if least <= most + TOLERANCE:
        return BackendClock(min(least, most), max(least, most))
    return BackendClock(min(low for low, _ in ranges), max(high for _, high in ranges))
