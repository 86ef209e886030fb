"""When to poll a job again. Everything here is computed from its arguments; nothing is read or stored.

A poll is worth most when the job is likely to have finished since the last one. So the next poll is placed
where that chance reaches a few percent, given how long such jobs took and that this one is still running:
far away at first, close around the expected end. After that the delay grows to 15 s.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from videos.backends.responses import Job

FIRST_DELAY = 2.0  # seconds
MAX_DELAY = 15.0  # seconds
_GROWTH = 1.3

MIN_SAMPLES = 3  # finished jobs, before anything is concluded from them

_TYPICAL_MIN_DELAY = 0.85  # seconds; with jitter and the reply's way still within the engine's 1 s tick
_MIN_DELAY = 0.5  # seconds, whatever the jitter
_CHANCE = 0.07  # of having finished since the last poll: makes about 12 polls a job
_SURPRISE_WIDTH = 3.0  # times the spread: the wider distribution, which allows for a surprisingly short job
_SURPRISE_CHANCE = 0.28
_EARLY = 10.0  # seconds: a job that fails at once is noticed by then, and later within 4 times its age
_EARLY_GROWTH = 4.0
_P97 = 0.97  # the share of jobs that have finished by `DurationEstimate.p97`
_AFTER_P97 = 0.2  # the delay grows by this share of the time since then

_HALF_LIFE = 5  # jobs after which a duration counts half
_CAUTION = 1.2  # the past is narrower than the future, because servers get busy
_PRIOR_SPREAD = 0.14  # assumed, as if observed in two jobs, until more have finished
_PRIOR_WEIGHT = 2.0
_MIN_SPREAD = 0.018

Uniform = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class DurationEstimate:
    """How long a job takes from its acceptance: a log-logistic distribution.

    Half of the jobs are done after `median` seconds. `spread` is the scale of the logarithm: half of the
    jobs end within a factor of 3 ** spread of the median, so 0.1 means within about 12 % of it.
    """

    median: float
    spread: float

    @property
    def p97(self) -> float:
        """Seconds within which 97 % of the jobs are done."""
        return self.median * math.pow(_P97 / (1 - _P97), self.spread)


def estimate_duration(durations: Sequence[float]) -> DurationEstimate | None:
    """Estimate the next duration from past ones (seconds, newest first); None with fewer than three.

    The last few jobs count most, and medians keep a single outlier from counting for much.
    """
    if len(durations) < MIN_SAMPLES:
        return None
    logs = [math.log(max(seconds, _MIN_DELAY)) for seconds in durations]
    weights = [0.5 ** (age / _HALF_LIFE) for age in range(len(logs))]
    middle = _weighted_median(logs, weights)
    # Half of a logistic distribution lies within ln 3 times its scale of the middle.
    observed = _weighted_median([abs(value - middle) for value in logs], weights) / math.log(3)
    weight = sum(weights) ** 2 / sum(w * w for w in weights)
    spread = (weight * observed + _PRIOR_WEIGHT * _PRIOR_SPREAD) / (weight + _PRIOR_WEIGHT)
    return DurationEstimate(math.exp(middle), max(_MIN_SPREAD, _CAUTION * spread))


def _weighted_median(values: Sequence[float], weights: Sequence[float]) -> float:
    half, so_far = sum(weights) / 2, 0.0
    for value, weight in sorted(zip(values, weights, strict=True)):
        so_far += weight
        if so_far >= half:
            return value
    return max(values)


def first_poll_delay(
    job: Job, estimate: DurationEstimate | None = None, *, uniform: Uniform = random.uniform
) -> float:
    """Return the seconds to wait after acceptance; 0 for a job that is finished already."""
    if job.status in ("completed", "failed"):
        return 0.0
    return next_poll_delay(
        job, polls=0, elapsed=0.0, last_progress=job.progress, estimate=estimate, uniform=uniform
    )


def next_poll_delay(
    job: Job,
    *,
    polls: int,
    elapsed: float,
    last_progress: int | None,
    estimate: DurationEstimate | None,
    uniform: Uniform = random.uniform,
) -> float:
    """Return the seconds until the next poll of a job that has been running for `elapsed` seconds.

    What the backend asked for wins. Otherwise the delay follows `estimate` (how long such jobs take), refined
    by the job's progress where that has passed `last_progress`, the percentage known before this poll.
    Without an estimate it grows exponentially with the number of `polls` so far, from 2 s to 15 s; progress
    can only shorten that.

    Unless the backend asks otherwise, the delay is never below 0.5 s, and never reaches more than 15 s beyond
    the estimated p97, or beyond now when that has passed.
    """
    if job.poll_after:
        return job.poll_after
    elapsed = max(0.0, elapsed)
    from_progress = _estimate_from_progress(job.progress, last_progress or 0, elapsed)
    if estimate is None:
        delay = backoff(polls, first=FIRST_DELAY, longest=MAX_DELAY, growth=_GROWTH, uniform=uniform)
        return delay if from_progress is None else max(_MIN_DELAY, min(delay, _delay(from_progress, elapsed)))
    if from_progress is not None:
        estimate = _combine(estimate, from_progress)
    delay = max(_MIN_DELAY, _delay(estimate, elapsed) * uniform(0.9, 1.1))
    return min(delay, max(0.0, estimate.p97 - elapsed) + MAX_DELAY)


def backoff(
    attempts: int, *, first: float, longest: float, growth: float = 2.0, uniform: Uniform = random.uniform
) -> float:
    """Return the seconds to wait after so many failed attempts: exponential up to `longest`, ±10 % jitter."""
    delay = min(longest, first * growth ** min(attempts, 50))
    return delay * uniform(0.9, 1.1)


def _delay(estimate: DurationEstimate, elapsed: float) -> float:
    """The delay before jitter: until the job has probably ended, or may have ended surprisingly early."""
    wider = DurationEstimate(estimate.median, estimate.spread * _SURPRISE_WIDTH)
    delay = min(
        _seconds_until(estimate, elapsed, _CHANCE),
        _seconds_until(wider, elapsed, _SURPRISE_CHANCE),
        max(_EARLY, _EARLY_GROWTH * elapsed),
    )
    return max(delay, _TYPICAL_MIN_DELAY, min(MAX_DELAY, _AFTER_P97 * (elapsed - estimate.p97)))


def _seconds_until(estimate: DurationEstimate, elapsed: float, chance: float) -> float:
    """The seconds in which a job that has been running for `elapsed` seconds ends with this `chance`."""
    share = elapsed / estimate.median  # may round to 0 where `elapsed` is not
    power = math.log(share) / estimate.spread if share > 0 else -math.inf
    if power > 50:  # far beyond the median, where the odds would overflow and the 1 no longer counts
        return elapsed * (math.pow(1 - chance, -estimate.spread) - 1)
    odds = (1 + math.exp(power)) / (1 - chance) - 1
    return estimate.median * math.pow(odds, estimate.spread) - elapsed


def _estimate_from_progress(
    progress: int | None, last_progress: int, elapsed: float
) -> DurationEstimate | None:
    """The estimate that the job's own progress gives, where it has moved since the last poll.

    Otherwise progress says nothing: many backends report 0 until they report 100, and others stop at 99.
    """
    if progress is None or not last_progress < progress < 100 or elapsed <= 0:
        return None
    # Time spent in the backend's queue makes the end look further away than it is, the more so early on.
    return DurationEstimate(elapsed * 100 / progress, 0.02 + 0.1 * (100 - progress) / progress)


def _combine(estimate: DurationEstimate, from_progress: DurationEstimate) -> DurationEstimate:
    """Weight both by their precision. Where they contradict each other, progress wins: it is of this job."""
    distance = abs(math.log(from_progress.median / estimate.median))
    if distance > 2 * (from_progress.spread + estimate.spread):
        return from_progress
    precisions = 1 / estimate.spread**2, 1 / from_progress.spread**2
    logs = math.log(estimate.median), math.log(from_progress.median)
    middle = sum(log * precision for log, precision in zip(logs, precisions, strict=True)) / sum(precisions)
    return DurationEstimate(math.exp(middle), 1 / math.sqrt(sum(precisions)))
