"""When to look again: hard bounds for every input, and where the looks go."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.pacing import KINDS, Workload, replay
from videos.backends.responses import Job
from videos.engine import pacing
from videos.engine.pacing import Expectation

EXPECTED = Expectation(median=100.0, spread=0.1)


def _middle(low: float, high: float) -> float:
    """Jitter that does not."""
    return (low + high) / 2


def _job(progress: int | None = None, poll_after: float | None = None, status: str = "in_progress") -> Job:
    return Job("job_1", status, status, progress=progress, poll_after=poll_after)


def _wait(elapsed: float, expected: Expectation | None = EXPECTED, *, shown: int = 0, **job) -> float:
    return pacing.next_look(
        _job(**job), looks=3, elapsed=elapsed, shown=shown, expected=expected, uniform=_middle
    )


def _look_times(expected: Expectation | None, *, until: float) -> list[float]:
    times, now = [], 0.0
    while now < until:
        now += pacing.next_look(
            _job(), looks=len(times), elapsed=now, shown=None, expected=expected, uniform=_middle
        )
        times.append(now)
    return times


seconds = st.floats(min_value=-100, max_value=1e6)
expectations = st.builds(
    Expectation,
    median=st.floats(min_value=0.5, max_value=1e5),
    spread=st.floats(min_value=0.018, max_value=5),
)
percents = st.none() | st.integers(min_value=0, max_value=100)


@given(seconds, st.none() | expectations, percents, percents, st.integers(0, 10_000), st.randoms())
def test_it_is_never_below_half_a_second(elapsed, expected, progress, shown, looks, rng):
    wait = pacing.next_look(
        _job(progress), looks=looks, elapsed=elapsed, shown=shown, expected=expected, uniform=rng.uniform
    )

    assert wait >= 0.5
    assert math.isfinite(wait)


def test_an_instant_is_no_less_than_nothing():
    expected = Expectation(2.0, 1.0)

    assert pacing.next_look(_job(), looks=0, elapsed=5e-324, shown=None, expected=expected) > 0


@given(seconds, expectations, st.randoms())
def test_it_never_leads_further_than_15_s_beyond_the_expected_end(elapsed, expected, rng):
    wait = pacing.next_look(
        _job(), looks=0, elapsed=elapsed, shown=None, expected=expected, uniform=rng.uniform
    )

    now = max(0.0, elapsed)
    assert now + wait <= max(now, expected.end) + 15.0 + 1e-6 * now


@given(expectations, st.floats(0, 1e4))
def test_after_the_expected_end_it_backs_off_to_15_s(expected, late):
    wait = _wait(expected.end + late, expected)

    assert min(15.0, 0.2 * late) - 1e-6 <= wait <= 15.0
    assert _wait(expected.end + 10_000, expected) == pytest.approx(15.0)


@given(st.floats(0.001, 86_400), seconds, st.none() | expectations, percents)
def test_what_the_backend_asks_for_wins(asked, elapsed, expected, progress):
    assert _wait(elapsed, expected, progress=progress, poll_after=asked) == asked
    assert pacing.first_look(_job(poll_after=asked), expected) == asked


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_job_that_is_finished_at_once_is_looked_at_at_once(status: str):
    assert pacing.first_look(_job(status=status, poll_after=9.0), EXPECTED) == 0.0


def test_without_history_it_grows_from_2_to_15_s():
    waits = [
        pacing.next_look(_job(), looks=looks, elapsed=0, shown=None, expected=None, uniform=_middle)
        for looks in range(20)
    ]

    assert waits[0] == 2.0
    assert waits == sorted(waits)
    assert waits[-1] == 15.0


def test_the_looks_are_few_early_and_close_around_the_expected_end():
    times = _look_times(EXPECTED, until=EXPECTED.end)

    assert len([time for time in times if time < 50]) <= 3
    around = [time for time in times if 95 < time < 110]
    assert max(later - earlier for earlier, later in pairwise(around)) < 3.0
    assert len(around) >= 5


def test_a_job_that_fails_at_once_is_noticed_within_ten_seconds():
    assert _look_times(EXPECTED, until=1)[0] <= 10.0


def test_jobs_started_together_spread_out():
    rng = random.Random(1)
    waits = {
        pacing.next_look(_job(), looks=0, elapsed=100.0, shown=0, expected=EXPECTED, uniform=rng.uniform)
        for _ in range(20)
    }

    assert len(waits) == 20


# --- Learning ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durations", [[], [40.0], [40.0, 41.0]])
def test_fewer_than_three_jobs_teach_nothing(durations: list[float]):
    assert pacing.learn(durations) is None


def test_it_learns_the_usual_length():
    assert pacing.learn([98.0, 102.0, 100.0, 99.0, 101.0]).median == pytest.approx(100, abs=2)


@given(st.lists(st.floats(0, 1e7), min_size=3, max_size=30))
def test_any_past_gives_a_usable_expectation(durations):
    expected = pacing.learn(durations)

    assert 0.4 < expected.median <= 1.1e7
    assert expected.spread >= 0.018


def test_one_odd_job_changes_little():
    steady = [100.0 + n % 5 for n in range(20)]
    calm = pacing.learn(steady)
    shaken = pacing.learn([3600.0, *steady])

    assert shaken.median == pytest.approx(calm.median, rel=0.02)
    assert shaken.spread < calm.spread * 1.5


def test_it_follows_a_backend_that_became_slower_within_six_jobs():
    before, after = [60.0] * 24, [120.0] * 6

    assert pacing.learn(after + before).median == pytest.approx(120)
    assert pacing.learn(before[:6] + after).median == pytest.approx(60)


def test_a_kind_that_varies_is_watched_more_widely():
    rng = random.Random(1)
    narrow = pacing.learn([100 * math.exp(rng.gauss(0, 0.03)) for _ in range(30)])
    wide = pacing.learn([100 * math.exp(rng.gauss(0, 0.5)) for _ in range(30)])

    assert wide.spread > 3 * narrow.spread


# --- Progress ----------------------------------------------------------------------------------------------


def test_progress_that_moves_tells_of_a_slower_job():
    assert _wait(90.0, progress=30, shown=20) > 3 * _wait(90.0)


def test_progress_that_moves_tells_of_a_faster_job():
    assert _wait(40.0, progress=80, shown=50) < _wait(40.0) / 2


@pytest.mark.parametrize(("progress", "shown"), [(0, 0), (99, 99), (30, 60), (100, 60), (None, 0)])
def test_progress_that_does_not_move_changes_nothing(progress: int | None, shown: int):
    assert _wait(90.0, progress=progress, shown=shown) == _wait(90.0)


def test_without_history_progress_only_shortens_the_wait():
    assert _wait(10.0, None, progress=10) == _wait(10.0, None)
    assert _wait(97.0, None, progress=97) < _wait(97.0, None) / 2


def test_a_little_progress_does_not_put_the_end_off():
    """After a time in the backend's queue, 3 % at 30 s does not mean 1000 s."""
    assert _wait(30.0, progress=3) <= 2 * _wait(30.0)


# --- All of it, replayed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", ["jumps", "moves"])
def test_drifting_jobs_are_noticed_soon_and_with_few_looks(progress: str):
    looks, median, late, _ = replay(Workload("", KINDS, 0.05, progress), "experience", 0.25, seed=1)
    plain_looks, _, plain_late, _ = replay(Workload("", KINDS, 0.05), "2 to 15 s", 0.25, seed=1)

    assert median <= 1.0
    assert looks <= 12.0 < plain_looks
    assert late <= 1.1 * plain_late


def test_a_replay_is_the_same_each_time():
    work = Workload("", (60.0,), 0.1, "moves")

    assert replay(work, "experience", 1.0, seed=3) == replay(work, "experience", 1.0, seed=3)
    assert replay(work, "experience", 1.0, seed=3) != replay(work, "experience", 1.0, seed=4)
