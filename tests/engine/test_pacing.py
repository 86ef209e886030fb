"""When to poll again: hard bounds for every input, and where the polls go."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.pacing import KINDS, Workload, replay
from videos.backends.responses import Job
from videos.engine import pacing
from videos.engine.pacing import DurationEstimate

ESTIMATE = DurationEstimate(median=100.0, spread=0.1)


def _middle(low: float, high: float) -> float:
    """Jitter that does not."""
    return (low + high) / 2


def _job(progress: int | None = None, poll_after: float | None = None, status: str = "in_progress") -> Job:
    return Job("job_1", status, status, progress=progress, poll_after=poll_after)


def _wait(
    elapsed: float, estimate: DurationEstimate | None = ESTIMATE, *, last_progress: int = 0, **job
) -> float:
    return pacing.next_poll_delay(
        _job(**job), polls=3, elapsed=elapsed, last_progress=last_progress, estimate=estimate, uniform=_middle
    )


def _poll_times(estimate: DurationEstimate | None, *, until: float) -> list[float]:
    times, now = [], 0.0
    while now < until:
        now += pacing.next_poll_delay(
            _job(), polls=len(times), elapsed=now, last_progress=None, estimate=estimate, uniform=_middle
        )
        times.append(now)
    return times


seconds = st.floats(min_value=-100, max_value=1e6)
estimates = st.builds(
    DurationEstimate,
    median=st.floats(min_value=0.5, max_value=1e5),
    spread=st.floats(min_value=0.018, max_value=5),
)
percents = st.none() | st.integers(min_value=0, max_value=100)


@given(seconds, st.none() | estimates, percents, percents, st.integers(0, 10_000), st.randoms())
def test_it_is_never_below_half_a_second(elapsed, estimate, progress, last_progress, polls, rng):
    wait = pacing.next_poll_delay(
        _job(progress),
        polls=polls,
        elapsed=elapsed,
        last_progress=last_progress,
        estimate=estimate,
        uniform=rng.uniform,
    )

    assert wait >= 0.5
    assert math.isfinite(wait)


def test_an_instant_is_no_less_than_nothing():
    estimate = DurationEstimate(2.0, 1.0)

    assert pacing.next_poll_delay(_job(), polls=0, elapsed=5e-324, last_progress=None, estimate=estimate) > 0


@given(seconds, estimates, st.randoms())
def test_it_never_leads_further_than_15_s_beyond_the_p97(elapsed, estimate, rng):
    wait = pacing.next_poll_delay(
        _job(), polls=0, elapsed=elapsed, last_progress=None, estimate=estimate, uniform=rng.uniform
    )

    now = max(0.0, elapsed)
    assert now + wait <= max(now, estimate.p97) + 15.0 + 1e-6 * now


@given(estimates, st.floats(0, 1e4))
def test_after_the_p97_it_backs_off_to_15_s(estimate, late):
    wait = _wait(estimate.p97 + late, estimate)

    assert min(15.0, 0.2 * late) - 1e-6 <= wait <= 15.0
    assert _wait(estimate.p97 + 10_000, estimate) == pytest.approx(15.0)


@given(st.floats(0.001, 86_400), seconds, st.none() | estimates, percents)
def test_what_the_backend_asks_for_wins(asked, elapsed, estimate, progress):
    assert _wait(elapsed, estimate, progress=progress, poll_after=asked) == asked
    assert pacing.first_poll_delay(_job(poll_after=asked), estimate) == asked


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_job_that_is_finished_at_once_is_polled_at_once(status: str):
    assert pacing.first_poll_delay(_job(status=status, poll_after=9.0), ESTIMATE) == 0.0


def test_without_history_it_grows_from_2_to_15_s():
    waits = [
        pacing.next_poll_delay(
            _job(), polls=polls, elapsed=0, last_progress=None, estimate=None, uniform=_middle
        )
        for polls in range(20)
    ]

    assert waits[0] == 2.0
    assert waits == sorted(waits)
    assert waits[-1] == 15.0


def test_the_polls_are_few_early_and_close_around_the_p97():
    times = _poll_times(ESTIMATE, until=ESTIMATE.p97)

    assert len([time for time in times if time < 50]) <= 3
    around = [time for time in times if 95 < time < 110]
    assert max(later - earlier for earlier, later in pairwise(around)) < 3.0
    assert len(around) >= 5


def test_a_job_that_fails_at_once_is_noticed_within_ten_seconds():
    assert _poll_times(ESTIMATE, until=1)[0] <= 10.0


def test_jobs_started_together_spread_out():
    rng = random.Random(1)
    waits = {
        pacing.next_poll_delay(
            _job(), polls=0, elapsed=100.0, last_progress=0, estimate=ESTIMATE, uniform=rng.uniform
        )
        for _ in range(20)
    }

    assert len(waits) == 20


# --- Learning ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durations", [[], [40.0], [40.0, 41.0]])
def test_fewer_than_three_jobs_teach_nothing(durations: list[float]):
    assert pacing.estimate_duration(durations) is None


def test_it_learns_the_usual_length():
    assert pacing.estimate_duration([98.0, 102.0, 100.0, 99.0, 101.0]).median == pytest.approx(100, abs=2)


@given(st.lists(st.floats(0, 1e7), min_size=3, max_size=30))
def test_any_past_gives_a_usable_expectation(durations):
    estimate = pacing.estimate_duration(durations)

    assert 0.4 < estimate.median <= 1.1e7
    assert estimate.spread >= 0.018


def test_one_odd_job_changes_little():
    steady = [100.0 + n % 5 for n in range(20)]
    calm = pacing.estimate_duration(steady)
    shaken = pacing.estimate_duration([3600.0, *steady])

    assert shaken.median == pytest.approx(calm.median, rel=0.02)
    assert shaken.spread < calm.spread * 1.5


def test_it_follows_a_backend_that_became_slower_within_six_jobs():
    before, after = [60.0] * 24, [120.0] * 6

    assert pacing.estimate_duration(after + before).median == pytest.approx(120)
    assert pacing.estimate_duration(before[:6] + after).median == pytest.approx(60)


def test_a_kind_that_varies_is_watched_more_widely():
    rng = random.Random(1)
    narrow = pacing.estimate_duration([100 * math.exp(rng.gauss(0, 0.03)) for _ in range(30)])
    wide = pacing.estimate_duration([100 * math.exp(rng.gauss(0, 0.5)) for _ in range(30)])

    assert wide.spread > 3 * narrow.spread


# --- Progress ----------------------------------------------------------------------------------------------


def test_progress_that_moves_tells_of_a_slower_job():
    assert _wait(90.0, progress=30, last_progress=20) > 3 * _wait(90.0)


def test_progress_that_moves_tells_of_a_faster_job():
    assert _wait(40.0, progress=80, last_progress=50) < _wait(40.0) / 2


@pytest.mark.parametrize(("progress", "last_progress"), [(0, 0), (99, 99), (30, 60), (100, 60), (None, 0)])
def test_progress_that_does_not_move_changes_nothing(progress: int | None, last_progress: int):
    assert _wait(90.0, progress=progress, last_progress=last_progress) == _wait(90.0)


def test_without_history_progress_only_shortens_the_wait():
    assert _wait(10.0, None, progress=10) == _wait(10.0, None)
    assert _wait(97.0, None, progress=97) < _wait(97.0, None) / 2


def test_a_little_progress_does_not_put_the_end_off():
    """After a time in the backend's queue, 3 % at 30 s does not mean 1000 s."""
    assert _wait(30.0, progress=3) <= 2 * _wait(30.0)


# --- All of it, replayed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", ["jumps", "moves"])
def test_drifting_jobs_are_noticed_soon_and_with_few_looks(progress: str):
    polls, median, late, _ = replay(Workload("", KINDS, 0.05, progress), "engine", 0.25, seed=1)
    plain_polls, _, plain_late, _ = replay(Workload("", KINDS, 0.05), "2 to 15 s", 0.25, seed=1)

    assert median <= 1.0
    assert polls <= 12.0 < plain_polls
    assert late <= 1.1 * plain_late


def test_a_replay_is_the_same_each_time():
    work = Workload("", (60.0,), 0.1, "moves")

    assert replay(work, "engine", 1.0, seed=3) == replay(work, "engine", 1.0, seed=3)
    assert replay(work, "engine", 1.0, seed=3) != replay(work, "engine", 1.0, seed=4)
