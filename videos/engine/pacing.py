"""When to look at a job again. Everything here is computed from its arguments; nothing is read or kept.

A look is worth most when the job is likely to have finished since the last one. So the next look is placed
where that chance reaches a few percent, given how long such jobs took and that this one still runs: far
away at first, close around the expected end. After it the wait grows to 15 s.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from videos.backends.responses import Job

FIRST = 2.0  # seconds
LONGEST = 15.0  # seconds
_GROWTH = 1.3

NEEDED = 3  # finished jobs, before anything is concluded from them

_CLOSEST = 0.85  # seconds between looks; with jitter and the reply's way still within the engine's 1 s tick
_SHORTEST = 0.5  # seconds, whatever the jitter
_CHANCE = 0.07  # of having finished since the last look: makes about 12 looks a job
_SURPRISE_WIDTH = 3.0  # times the spread: the wider view that reckons with a surprisingly short job
_SURPRISE_CHANCE = 0.28
_EARLY = 10.0  # seconds: a job that fails at once is noticed by then, and later within 4 times its age
_EARLY_GROWTH = 4.0
_DONE = 0.97  # the share of jobs finished by "the expected end"
_AFTER_END = 0.2  # the wait grows by this much of the time since then

_HALF_LIFE = 5  # jobs after which one counts half
_CAUTION = 1.2  # the past is narrower than the future, because servers get busy
_USUAL_SPREAD = 0.14  # what is assumed, as if seen in two jobs, until more have finished
_USUAL_WEIGHT = 2.0
_LEAST_SPREAD = 0.018

Uniform = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Expectation:
    """How long a job takes, counted from its acceptance: a log-logistic distribution.

    Half of the jobs are done after `median` seconds. `spread` is the scale of the logarithm: half of the
    jobs end within a factor of 3 ** spread of the median, so 0.1 means within about 12 % of it.
    """

    median: float
    spread: float

    @property
    def end(self) -> float:
        """Seconds after which 97 % of the jobs are done."""
        return self.median * math.pow(_DONE / (1 - _DONE), self.spread)


def learn(durations: Sequence[float]) -> Expectation | None:
    """Return what past `durations` (seconds, newest first) say of the next one; None with fewer than three.

    The last few jobs count most, and medians keep a single odd job from counting for much.
    """
    if len(durations) < NEEDED:
        return None
    logs = [math.log(max(seconds, _SHORTEST)) for seconds in durations]
    weights = [0.5 ** (age / _HALF_LIFE) for age in range(len(logs))]
    middle = _weighted_median(logs, weights)
    # Half of a logistic distribution lies within ln 3 times its scale of the middle.
    seen = _weighted_median([abs(value - middle) for value in logs], weights) / math.log(3)
    weight = sum(weights) ** 2 / sum(w * w for w in weights)
    spread = (weight * seen + _USUAL_WEIGHT * _USUAL_SPREAD) / (weight + _USUAL_WEIGHT)
    return Expectation(math.exp(middle), max(_LEAST_SPREAD, _CAUTION * spread))


def _weighted_median(values: Sequence[float], weights: Sequence[float]) -> float:
    half, so_far = sum(weights) / 2, 0.0
    for value, weight in sorted(zip(values, weights, strict=True)):
        so_far += weight
        if so_far >= half:
            return value
    return max(values)


def first_look(job: Job, expected: Expectation | None = None, *, uniform: Uniform = random.uniform) -> float:
    """Return the seconds to wait after acceptance. A job that is finished already is looked at at once."""
    if job.status in ("completed", "failed"):
        return 0.0
    return next_look(job, looks=0, elapsed=0.0, shown=job.progress, expected=expected, uniform=uniform)


def next_look(
    job: Job,
    *,
    looks: int,
    elapsed: float,
    shown: int | None,
    expected: Expectation | None,
    uniform: Uniform = random.uniform,
) -> float:
    """Return the seconds until the next look at a job that runs since `elapsed` seconds.

    What the backend asked for wins. Otherwise the wait follows `expected` (what such jobs took), refined by
    the job's progress where it moved beyond `shown` percent, what was known before this look. Without
    history it grows exponentially with `looks` so far, from 2 s to 15 s; progress alone only shortens that.

    Unless the backend asks otherwise, the wait is never below 0.5 s, and never leads further than 15 s
    beyond the expected end, or beyond now when that has passed.
    """
    if job.poll_after:
        return job.poll_after
    elapsed = max(0.0, elapsed)
    told = _told(job.progress, shown or 0, elapsed)
    if expected is None:
        wait = backoff(looks, first=FIRST, longest=LONGEST, growth=_GROWTH, uniform=uniform)
        return wait if told is None else max(_SHORTEST, min(wait, _paced(told, elapsed)))
    if told is not None:
        expected = _weighed(expected, told)
    wait = max(_SHORTEST, _paced(expected, elapsed) * uniform(0.9, 1.1))
    return min(wait, max(0.0, expected.end - elapsed) + LONGEST)


def backoff(
    tries: int, *, first: float, longest: float, growth: float = 2.0, uniform: Uniform = random.uniform
) -> float:
    """Return the seconds to wait after `tries` tries in vain: exponential to `longest`, a tenth of jitter."""
    wait = min(longest, first * growth ** min(tries, 50))
    return wait * uniform(0.9, 1.1)


def _paced(expected: Expectation, elapsed: float) -> float:
    wider = Expectation(expected.median, expected.spread * _SURPRISE_WIDTH)
    wait = min(
        _until(expected, elapsed, _CHANCE),
        _until(wider, elapsed, _SURPRISE_CHANCE),
        max(_EARLY, _EARLY_GROWTH * elapsed),
    )
    return max(wait, _CLOSEST, min(LONGEST, _AFTER_END * (elapsed - expected.end)))


def _until(expected: Expectation, elapsed: float, chance: float) -> float:
    """The seconds in which a job that runs since `elapsed` seconds ends with this `chance`."""
    share = elapsed / expected.median  # may round to 0 where `elapsed` is not
    power = math.log(share) / expected.spread if share > 0 else -math.inf
    if power > 50:  # far beyond the median, where the odds would overflow and the 1 no longer counts
        return elapsed * (math.pow(1 - chance, -expected.spread) - 1)
    odds = (1 + math.exp(power)) / (1 - chance) - 1
    return expected.median * math.pow(odds, expected.spread) - elapsed


def _told(progress: int | None, shown: int, elapsed: float) -> Expectation | None:
    """What the job's own progress says of its end, where it moved since the last look.

    Otherwise it says nothing: many backends tell 0 until they tell 100, and others stand still at 99.
    """
    if progress is None or not shown < progress < 100 or elapsed <= 0:
        return None
    # Time spent in the backend's queue makes the end look further away than it is, the more so early on.
    return Expectation(elapsed * 100 / progress, 0.02 + 0.1 * (100 - progress) / progress)


def _weighed(expected: Expectation, told: Expectation) -> Expectation:
    """Both, by how sure each is; only what was told when the two contradict, for it is about this job."""
    apart = abs(math.log(told.median / expected.median))
    if apart > 2 * (told.spread + expected.spread):
        return told
    mine, theirs = 1 / expected.spread**2, 1 / told.spread**2
    middle = (math.log(expected.median) * mine + math.log(told.median) * theirs) / (mine + theirs)
    return Expectation(math.exp(middle), 1 / math.sqrt(mine + theirs))
