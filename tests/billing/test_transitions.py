"""A test for each row of the table of transitions: what each writes into the ledger, and what it does not."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from billing.errors import BudgetExceededError
from billing.ledger import release_unconfirmed
from billing.models import LedgerLine
from tests.billing.money import assert_consistent, kinds, make, sums
from tests.billing.steps import PRICE, REFUSED, ZERO, accept, claim, finish, lose, time_out
from videos import lifecycle
from videos.backends.charges import Charge
from videos.models import Backend, JobCandidate, State, Video
from videos.models.values import Reason
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.videos import create_videos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _paid(paid: Backend) -> Backend:
    return paid


def test_creating_reserves_the_price(alice: User):
    video = make(alice)
    line = LedgerLine.objects.get()
    assert (line.kind, line.reserved, line.spent) == ("reserve", PRICE, ZERO)
    assert (line.video_id, line.video, line.user_id, line.role) == (
        video.pk,
        video.public_id,
        alice.pk,
        "creator",
    )
    assert_consistent()


def test_creating_what_does_not_fit_creates_nothing(alice: User, alices_dollar):
    with pytest.raises(BudgetExceededError) as refused:
        make(alice, seconds=12)
    assert refused.value.shortage.left == Decimal("1.00")
    assert "$1.20" in refused.value.sentence
    assert "It renews on" in refused.value.sentence
    assert not Video.objects.exists()
    assert not LedgerLine.objects.exists()


def test_takes_are_reserved_each_and_refused_together(alice: User, alices_dollar):
    request = GenerationRequest("A paper boat", "sora-2", 4, "1280x720")
    with pytest.raises(BudgetExceededError, match="These 3 videos cost"):
        create_videos(alice, make_takes(request, 3))
    assert not Video.objects.exists()
    create_videos(alice, make_takes(request, 2))
    assert LedgerLine.objects.count() == 2
    assert sums() == (2 * PRICE, ZERO)


def test_what_a_simulator_makes_costs_nothing(alice: User, paid: Backend):
    Backend.objects.filter(pk=paid.pk).update(service="simulator")
    video = finish(accept(make(alice)), Decimal("3"))
    assert video.state == State.STORING
    assert not LedgerLine.objects.exists()
    assert_consistent()


def test_what_a_backend_makes_that_is_free_of_charge_costs_nothing(alice: User, paid: Backend):
    Backend.objects.filter(pk=paid.pk).update(costs_nothing=True)
    accept(make(alice))
    assert not LedgerLine.objects.exists()
    assert_consistent()


def test_queued_again_keeps_the_reservation(alice: User):
    video = make(alice)
    lifecycle.requeue(video.pk, claim(video), REFUSED, due_at=timezone.now())
    assert kinds(video) == ["1 reserve created"]
    assert_consistent()


def test_an_absent_job_that_is_queued_again_keeps_the_reservation(alice: User):
    video = make(alice)
    lifecycle.mark_uncertain(video.pk, claim(video), REFUSED, due_at=timezone.now())
    video.refresh_from_db()
    assert video.attempted_at is not None
    assert lifecycle.requeue_absent(video.pk, attempted_at=video.attempted_at, attempts=0)
    assert kinds(video) == ["1 reserve created"]
    assert sums() == (PRICE, ZERO)
    assert_consistent()


def test_accepted_turns_the_reservation_into_a_charge(alice: User):
    video = accept(make(alice))
    assert kinds(video) == ["1 reserve created", "1 charge accepted"]
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_accepted_twice_is_charged_once(alice: User):
    video = make(alice)
    token = claim(video)
    now = timezone.now()
    assert lifecycle.accept(video.pk, token, job_id="job_1", progress=0, due_at=now)
    assert not lifecycle.accept(video.pk, token, job_id="job_1", progress=0, due_at=now)
    assert sums() == (ZERO, PRICE)


def test_adopted_turns_the_reservation_into_a_charge(alice: User):
    video = make(alice)
    lifecycle.mark_uncertain(video.pk, claim(video), REFUSED, due_at=timezone.now())
    video.refresh_from_db()
    assert video.attempted_at is not None
    now = timezone.now()
    assert lifecycle.adopt(
        video.pk, State.UNCERTAIN, attempted_at=video.attempted_at, job_id="job_1", due_at=now
    )
    assert kinds(video) == ["1 reserve created", "1 charge adopted"]


def test_a_candidate_that_is_adopted_is_charged(alice: User):
    video = lose(make(alice))
    JobCandidate.objects.create(video=video, backend_job_id="job_7")
    assert lifecycle.adopt_candidate(video.pk, "job_7", by_staff=False)
    assert kinds(video) == ["1 reserve created", "1 charge adopted"]
    assert_consistent()


@pytest.mark.parametrize("true_price", ["0.25", "0.55", "7.000001", "0"])
def test_the_true_price_counts_up_and_down_whatever_the_budget(alice: User, alices_dollar, true_price: str):
    video = finish(accept(make(alice)), Decimal(true_price))
    assert kinds(video)[-1] == "1 adjust finished"
    assert sums() == (ZERO, Decimal(true_price))
    assert_consistent()


def test_after_a_true_price_above_the_budget_the_budget_refuses_what_comes_next(alice: User, alices_dollar):
    finish(accept(make(alice)), Decimal("7"))
    with pytest.raises(BudgetExceededError, match=r"has \$0.00 left"):
        make(alice)


def test_refused_releases(alice: User, alices_dollar):
    video = make(alice, seconds=8)
    lifecycle.refuse(video.pk, claim(video), REFUSED)
    assert kinds(video) == ["1 reserve created", "1 release refused"]
    assert sums() == (ZERO, ZERO)
    assert make(alice, seconds=8), "what was released can be spent"
    assert_consistent()


def test_canceled_while_queued_releases(alice: User):
    video = make(alice)
    assert lifecycle.cancel(video.pk)
    assert kinds(video) == ["1 reserve created", "1 release canceled"]
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_a_cancellation_that_has_to_wait_keeps_the_reservation(alice: User):
    video = make(alice)
    claim(video)
    assert lifecycle.cancel(video.pk)
    assert sums() == (PRICE, ZERO)
    assert_consistent()


def test_canceled_after_acceptance_stays_charged(alice: User):
    video = accept(make(alice))
    assert lifecycle.cancel(video.pk)
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_failed_at_a_backend_that_charges_no_failures_releases(alice: User):
    video = accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", REFUSED)
    assert kinds(video)[-1] == "1 release failed"
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_failed_at_a_backend_that_charges_failures_stays_charged(alice: User, paid: Backend):
    Backend.objects.filter(pk=paid.pk).update(charges_failures=True)
    video = accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", REFUSED)
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_what_the_backend_says_it_charged_for_a_failure_counts(alice: User):
    video = accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", REFUSED, charge=Charge(Decimal("0.10")))
    assert sums() == (ZERO, Decimal("0.10"))
    assert_consistent()


def test_a_job_that_is_lost_at_the_backend_stays_charged_unconfirmed(alice: User):
    video = accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", Reason("gone", "It is gone."))
    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.confirms) == ("mark", False)
    assert sums() == (ZERO, PRICE)


def test_timed_out_stays_charged_unconfirmed_and_found_later_is_confirmed(alice: User):
    video = accept(make(alice))
    time_out(video)
    assert LedgerLine.objects.latest("pk").confirms is False
    assert sums() == (ZERO, PRICE)

    assert lifecycle.begin_storing_late(video.pk, "job_1")

    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.confirms, line.transition) == ("mark", True, "finished_late")
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_checks_of_a_late_job_that_end_leave_it_unconfirmed(alice: User):
    video = accept(make(alice))
    time_out(video)
    lifecycle.record_late_check(video.pk, "job_1", Reason("timed_out", "Too slow."), due_at=None)
    assert LedgerLine.objects.latest("pk").confirms is False
    assert sums() == (ZERO, PRICE)


def test_a_late_job_that_failed_after_all_is_released(alice: User):
    video = accept(make(alice))
    time_out(video)
    lifecycle.record_late_check(video.pk, "job_1", REFUSED, due_at=None)
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_given_up_is_an_unconfirmed_charge(alice: User):
    video = lose(make(alice))
    assert lifecycle.abandon(video.pk, Reason("given_up", "Gone."))
    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.confirms, line.transition) == ("charge", False, "given_up")
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_canceled_instead_of_decided_is_an_unconfirmed_charge(alice: User):
    video = lose(make(alice))
    assert lifecycle.cancel(video.pk)
    assert LedgerLine.objects.latest("pk").confirms is False
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_staff_release_an_unconfirmed_charge_with_a_word(alice: User, carol: User):
    video = lose(make(alice))
    lifecycle.abandon(video.pk, Reason("given_up", "Gone."))

    assert release_unconfirmed(video.pk, 1, by=carol, note="The bill does not have it.")
    assert not release_unconfirmed(video.pk, 1, by=carol, note="Again.")

    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.decided_by, line.note) == ("release", "carol", "The bill does not have it.")
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_found_after_staff_released_it_is_charged_again_once(alice: User, carol: User):
    video = accept(make(alice))
    time_out(video)
    assert release_unconfirmed(video.pk, 1, by=carol, note="Surely not.")
    assert lifecycle.begin_storing_late(video.pk, "job_1")
    assert sums() == (ZERO, PRICE)
    assert kinds(video).count("1 charge accepted") == 1
    assert_consistent()


def test_a_confirmed_charge_cannot_be_released_by_hand(alice: User, carol: User):
    video = accept(make(alice))
    assert not release_unconfirmed(video.pk, 1, by=carol, note="Please.")
    assert sums() == (ZERO, PRICE)
