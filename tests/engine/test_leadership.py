"""One of several processes leads, by the clock of the database."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from videos.engine import leadership
from videos.engine.leadership import LEASE, RENEW_EVERY, Leadership, leader_of
from videos.models import Heartbeat

pytestmark = pytest.mark.django_db


class _Clock:
    """The clock that goes on while a machine sleeps, as far as a test says."""

    now = 1000.0

    def __call__(self, clock: int) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(leadership.time, "clock_gettime", clock)
    return clock


def _pass_in_the_database(seconds: float) -> None:
    Heartbeat.objects.update(beat_at=Now() - timedelta(seconds=seconds))


def test_the_first_leads_until_it_lets_go():
    first, second = Leadership("beat"), Leadership("beat")

    assert (first.is_held(), second.is_held()) == (True, False)
    second.release()  # which is not its to let go of
    assert not Leadership("beat").is_held()
    first.release()
    assert (second.is_held(), first.is_held()) == (True, False)


def test_two_roles_have_nothing_to_do_with_each_other():
    assert Leadership("beat").is_held()
    assert Leadership("other").is_held()


def test_one_that_was_killed_is_followed_once_its_lease_has_run_out():
    assert Leadership("beat").is_held()
    _pass_in_the_database(LEASE - 1)
    assert not Leadership("beat").is_held()
    _pass_in_the_database(LEASE + 1)
    assert leader_of("beat") is None
    assert Leadership("beat").is_held()


def test_one_whose_machine_slept_does_not_believe_that_it_still_leads(clock: _Clock):
    sleeper, other = Leadership("beat"), Leadership("beat")
    assert sleeper.is_held()
    clock.now += 3600
    _pass_in_the_database(3600)
    assert other.is_held()

    assert not sleeper.is_held()


def test_nobody_is_asked_again_before_a_renewal_is_due(clock: _Clock, django_assert_num_queries):
    leader = Leadership("beat")
    assert leader.is_held()
    with django_assert_num_queries(0):
        clock.now += RENEW_EVERY - 0.1
        assert leader.is_held()
    with django_assert_num_queries(1):
        clock.now += 0.2
        assert leader.is_held()


def test_who_leads_is_told_with_its_host_and_process():
    assert leader_of("beat") is None
    Leadership("beat").is_held()

    name, age = leader_of("beat") or ("", -1.0)

    assert ", process " in name
    assert 0 <= age < LEASE
