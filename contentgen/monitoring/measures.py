"""What each process counts and measures while it works; `sharing` adds the processes up.

Labels are names of views, backends and reasons: there is a bounded number of each. Nothing is counted where
nobody scrapes.
"""

import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

Sample = tuple[str, ...]  # a name such as `contentgen_store_seconds_bucket`, and the values of its labels

OTHER = "other"
_MAX_LABEL_LENGTH = 100


class _Pending:
    """What this process has counted since it last shared it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changes: defaultdict[Sample, float] = defaultdict(float)

    def add(self, changes: Mapping[Sample, float]) -> None:
        with self.lock:
            for sample, amount in changes.items():
                self.changes[sample] += amount

    def take(self) -> dict[Sample, float]:
        """Return what was counted, and begin anew."""
        with self.lock:
            taken, self.changes = dict(self.changes), defaultdict(float)
        return taken


pending = _Pending()
# What the parent had counted is its own to share, and its lock may be held by a thread that is not here.
os.register_at_fork(after_in_child=pending.__init__)  # type: ignore[misc]


@dataclass(frozen=True)
class Counter:
    """A number that only grows. Its samples have `name`, which ends in `_total`."""

    name: str
    documentation: str
    labels: tuple[str, ...] = ()

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count `amount` more under `labels`, which are those of the counter."""
        if settings.METRICS:
            pending.add({(self.name, *_values(self.labels, labels)): amount})


@dataclass(frozen=True)
class Histogram:
    """How often something took how many seconds. `buckets` are upper bounds, in seconds."""

    name: str
    documentation: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]

    def observe(self, seconds: float, **labels: str) -> None:
        """Add one observation under `labels`, which are those of the histogram."""
        if not settings.METRICS:
            return
        values = _values(self.labels, labels)
        reached = {
            (f"{self.name}_bucket", *values, str(bound)): 1.0 for bound in self.buckets if seconds <= bound
        }
        ends = {(f"{self.name}_count", *values): 1.0, (f"{self.name}_sum", *values): seconds}
        pending.add({**reached, **ends})


def _values(names: tuple[str, ...], labels: Mapping[str, str]) -> list[str]:
    return [labels[name][:_MAX_LABEL_LENGTH] for name in names]


REQUESTS = Counter("contentgen_requests_total", "Requests answered.", ("view", "status"))
REQUEST_SECONDS = Histogram(
    "contentgen_request_seconds",
    "Seconds until the answer to a request began.",
    ("view",),
    (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
REQUESTED = Counter("contentgen_videos_requested_total", "Videos that people asked for.", ("backend",))
SUBMISSIONS = Counter(
    "contentgen_submissions_total",
    "Attempts to submit a video to a backend, by what became of them.",
    ("backend", "result"),
)
OUTCOMES = Counter(
    "contentgen_outcomes_total",
    "Videos that ended, by the reason where they failed.",
    ("backend", "outcome", "reason"),
)
DETECTION_LAG = Histogram(
    "contentgen_detection_lag_seconds",
    "Seconds from the end of a job at a backend that tells it until the studio saw it.",
    ("backend",),
    (1, 2, 3, 5, 10, 20, 30, 60, 300),
)
STORE_SECONDS = Histogram(
    "contentgen_store_seconds",
    "Seconds from the end of a job, as the studio saw it, until the file was stored.",
    ("backend",),
    (1, 2, 5, 10, 20, 30, 60, 120, 300, 900),
)
DOWNLOADED = Counter("contentgen_download_bytes_total", "Bytes of videos fetched.", ("backend",))
PROMPT_HELP = Counter(
    "contentgen_prompt_help_total", "Questions to the server that helps with prompts.", ("kind", "outcome")
)

COUNTERS = (REQUESTS, REQUESTED, SUBMISSIONS, OUTCOMES, DOWNLOADED, PROMPT_HELP)
HISTOGRAMS = (REQUEST_SECONDS, DETECTION_LAG, STORE_SECONDS)
