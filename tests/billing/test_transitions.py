"""A test for each row of the table of transitions: what each writes into the ledger, and what it does not."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.errors import BudgetExceededError
from billing.ledger import release_unconfirmed
from billing.models import LedgerLine
from tests.billing.money import assert_consistent, kinds, make, sums
from tests.factories import BackendFactory
from videos import lifecycle
from videos.backends.charges import Charge
from videos.models import Backend, JobCandidate, State, Video, VideoModel
from videos.models.values import Reason
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.held_videos import move_queued_videos
from videos.services.videos import GenerationRequest, create_videos, delete_video, make_takes

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=1)
REFUSED = Reason("sentinel_block", "No.")
ZERO, PRICE = Decimal(0), Decimal("0.40")


@pytest.fixture(autouse=True)
def _paid(paid: Backend) -> Backend:
    return paid


def _claim(video: Video) -> uuid.UUID:
    token = lifecycle.claim(video.pk, lease=LEASE, now=timezone.now())
    assert token is not None
    return token


def _accept(video: Video, job_id: str = "job_1") -> Video:
    token = _claim(video)
    assert lifecycle.accept(video.pk, token, job_id=job_id, progress=0, due_at=timezone.now())
    video.refresh_from_db()
    return video


def _lose(video: Video) -> Video:
    """Leave the video to its owner's decision."""
    token = _claim(video)
    assert lifecycle.mark_uncertain(video.pk, token, REFUSED, due_at=timezone.now())
    video.refresh_from_db()
    assert video.attempted_at is not None
    assert lifecycle.await_decision(video.pk, REFUSED, attempted_at=video.attempted_at)
    video.refresh_from_db()
    return video


def _finish(video: Video, charged: Decimal | None = None, problem: str = "") -> Video:
    charge = Charge(charged, problem)
    assert lifecycle.begin_storing(video.pk, video.backend_job_id, charge=charge)
    video.refresh_from_db()
    return video


def _time_out(video: Video) -> None:
    now = timezone.now()
    reason = Reason("timed_out", "Too slow.")
    assert lifecycle.time_out(video.pk, video.backend_job_id, reason, due_at=now, working=1, waiting=1)


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
    video = _finish(_accept(make(alice)), Decimal("3"))
    assert video.state == State.STORING
    assert not LedgerLine.objects.exists()
    assert_consistent()


def test_what_a_backend_makes_that_is_free_of_charge_costs_nothing(alice: User, paid: Backend):
    Backend.objects.filter(pk=paid.pk).update(costs_nothing=True)
    _accept(make(alice))
    assert not LedgerLine.objects.exists()
    assert_consistent()


def test_queued_again_keeps_the_reservation(alice: User):
    video = make(alice)
    lifecycle.requeue(video.pk, _claim(video), REFUSED, due_at=timezone.now())
    assert kinds(video) == ["1 reserve created"]
    assert_consistent()


def test_an_absent_job_that_is_queued_again_keeps_the_reservation(alice: User):
    video = make(alice)
    lifecycle.mark_uncertain(video.pk, _claim(video), REFUSED, due_at=timezone.now())
    video.refresh_from_db()
    assert video.attempted_at is not None
    assert lifecycle.requeue_absent(video.pk, attempted_at=video.attempted_at, attempts=0)
    assert kinds(video) == ["1 reserve created"]
    assert sums() == (PRICE, ZERO)
    assert_consistent()


def test_accepted_turns_the_reservation_into_a_charge(alice: User):
    video = _accept(make(alice))
    assert kinds(video) == ["1 reserve created", "1 charge accepted"]
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_accepted_twice_is_charged_once(alice: User):
    video = make(alice)
    token = _claim(video)
    now = timezone.now()
    assert lifecycle.accept(video.pk, token, job_id="job_1", progress=0, due_at=now)
    assert not lifecycle.accept(video.pk, token, job_id="job_1", progress=0, due_at=now)
    assert sums() == (ZERO, PRICE)


def test_adopted_turns_the_reservation_into_a_charge(alice: User):
    video = make(alice)
    lifecycle.mark_uncertain(video.pk, _claim(video), REFUSED, due_at=timezone.now())
    video.refresh_from_db()
    assert video.attempted_at is not None
    now = timezone.now()
    assert lifecycle.adopt(
        video.pk, State.UNCERTAIN, attempted_at=video.attempted_at, job_id="job_1", due_at=now
    )
    assert kinds(video) == ["1 reserve created", "1 charge adopted"]


def test_a_candidate_that_is_adopted_is_charged(alice: User):
    video = _lose(make(alice))
    JobCandidate.objects.create(video=video, backend_job_id="job_7")
    assert lifecycle.adopt_candidate(video.pk, "job_7", by_staff=False)
    assert kinds(video) == ["1 reserve created", "1 charge adopted"]
    assert_consistent()


@pytest.mark.parametrize("true_price", ["0.25", "0.55", "7.000001", "0"])
def test_the_true_price_counts_up_and_down_whatever_the_budget(alice: User, alices_dollar, true_price: str):
    video = _finish(_accept(make(alice)), Decimal(true_price))
    assert kinds(video)[-1] == "1 adjust finished"
    assert sums() == (ZERO, Decimal(true_price))
    assert_consistent()


def test_after_a_true_price_above_the_budget_the_budget_refuses_what_comes_next(alice: User, alices_dollar):
    _finish(_accept(make(alice)), Decimal("7"))
    with pytest.raises(BudgetExceededError, match=r"has \$0.00 left"):
        make(alice)


def test_refused_releases(alice: User, alices_dollar):
    video = make(alice, seconds=8)
    lifecycle.refuse(video.pk, _claim(video), REFUSED)
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
    _claim(video)
    assert lifecycle.cancel(video.pk)
    assert sums() == (PRICE, ZERO)
    assert_consistent()


def test_canceled_after_acceptance_stays_charged(alice: User):
    video = _accept(make(alice))
    assert lifecycle.cancel(video.pk)
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_failed_at_a_backend_that_charges_no_failures_releases(alice: User):
    video = _accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", REFUSED)
    assert kinds(video)[-1] == "1 release failed"
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_failed_at_a_backend_that_charges_failures_stays_charged(alice: User, paid: Backend):
    Backend.objects.filter(pk=paid.pk).update(charges_failures=True)
    video = _accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", REFUSED)
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_what_the_backend_says_it_charged_for_a_failure_counts(alice: User):
    video = _accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", REFUSED, charge=Charge(Decimal("0.10")))
    assert sums() == (ZERO, Decimal("0.10"))
    assert_consistent()


def test_a_job_that_is_lost_at_the_backend_stays_charged_unconfirmed(alice: User):
    video = _accept(make(alice))
    assert lifecycle.fail_generation(video.pk, "job_1", Reason("gone", "It is gone."))
    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.confirms) == ("mark", False)
    assert sums() == (ZERO, PRICE)


def test_timed_out_stays_charged_unconfirmed_and_found_later_is_confirmed(alice: User):
    video = _accept(make(alice))
    _time_out(video)
    assert LedgerLine.objects.latest("pk").confirms is False
    assert sums() == (ZERO, PRICE)

    assert lifecycle.begin_storing_late(video.pk, "job_1")

    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.confirms, line.transition) == ("mark", True, "finished_late")
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_checks_of_a_late_job_that_end_leave_it_unconfirmed(alice: User):
    video = _accept(make(alice))
    _time_out(video)
    lifecycle.record_late_check(video.pk, "job_1", Reason("timed_out", "Too slow."), due_at=None)
    assert LedgerLine.objects.latest("pk").confirms is False
    assert sums() == (ZERO, PRICE)


def test_a_late_job_that_failed_after_all_is_released(alice: User):
    video = _accept(make(alice))
    _time_out(video)
    lifecycle.record_late_check(video.pk, "job_1", REFUSED, due_at=None)
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_given_up_is_an_unconfirmed_charge(alice: User):
    video = _lose(make(alice))
    assert lifecycle.abandon(video.pk, Reason("given_up", "Gone."))
    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.confirms, line.transition) == ("charge", False, "given_up")
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_canceled_instead_of_decided_is_an_unconfirmed_charge(alice: User):
    video = _lose(make(alice))
    assert lifecycle.cancel(video.pk)
    assert LedgerLine.objects.latest("pk").confirms is False
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_staff_release_an_unconfirmed_charge_with_a_word(alice: User, carol: User):
    video = _lose(make(alice))
    lifecycle.abandon(video.pk, Reason("given_up", "Gone."))

    assert release_unconfirmed(video.pk, 1, by=carol, note="The bill does not have it.")
    assert not release_unconfirmed(video.pk, 1, by=carol, note="Again.")

    line = LedgerLine.objects.latest("pk")
    assert (line.kind, line.decided_by, line.note) == ("release", "carol", "The bill does not have it.")
    assert sums() == (ZERO, ZERO)
    assert_consistent()


def test_found_after_staff_released_it_is_charged_again_once(alice: User, carol: User):
    video = _accept(make(alice))
    _time_out(video)
    assert release_unconfirmed(video.pk, 1, by=carol, note="Surely not.")
    assert lifecycle.begin_storing_late(video.pk, "job_1")
    assert sums() == (ZERO, PRICE)
    assert kinds(video).count("1 charge accepted") == 1
    assert_consistent()


def test_a_confirmed_charge_cannot_be_released_by_hand(alice: User, carol: User):
    video = _accept(make(alice))
    assert not release_unconfirmed(video.pk, 1, by=carol, note="Please.")
    assert sums() == (ZERO, PRICE)


def test_a_retry_is_a_reservation_of_its_own(alice: User):
    video = _accept(make(alice))
    _time_out(video)
    assert lifecycle.retry(video.pk)
    assert kinds(video)[-1] == "2 reserve retried"
    assert sums() == (PRICE, PRICE)
    _accept(video, "job_2")
    assert sums() == (ZERO, 2 * PRICE)
    assert_consistent()


def test_a_retry_that_does_not_fit_changes_nothing(alice: User, alices_dollar):
    video = _accept(make(alice, seconds=8))
    _time_out(video)
    with pytest.raises(BudgetExceededError):
        lifecycle.retry(video.pk)
    video.refresh_from_db()
    assert video.state == State.FAILED
    assert video.backend_job_id == "job_1"
    assert sums() == (ZERO, 2 * PRICE)


def test_a_retry_of_what_has_not_failed_reserves_nothing(alice: User):
    video = make(alice)
    assert not lifecycle.retry(video.pk)
    assert kinds(video) == ["1 reserve created"]


def test_submit_again_keeps_the_first_reservation(alice: User):
    video = _lose(make(alice))
    assert lifecycle.submit_again(video.pk)
    assert kinds(video) == ["1 reserve created", "2 reserve submitted_again"]
    assert sums() == (2 * PRICE, ZERO)
    assert_consistent()

    _accept(video, "job_2")

    lines = LedgerLine.objects.filter(kind="charge").order_by("attempt")
    assert [(line.attempt, line.confirms) for line in lines] == [(1, False), (2, True)]
    assert sums() == (ZERO, 2 * PRICE)
    assert_consistent()


def test_submit_again_that_does_not_fit_leaves_the_decision_open(alice: User, alices_dollar):
    video = _lose(make(alice, seconds=8))
    with pytest.raises(BudgetExceededError):
        lifecycle.submit_again(video.pk)
    video.refresh_from_db()
    assert video.needs_decision
    assert sums() == (2 * PRICE, ZERO)


def test_the_first_job_that_answers_after_submit_again_is_charged_once(alice: User):
    video = _lose(make(alice))
    assert video.attempted_at is not None
    lifecycle.submit_again(video.pk)
    now = timezone.now()
    assert lifecycle.adopt(
        video.pk, State.QUEUED, attempted_at=video.attempted_at, job_id="job_1", due_at=now
    )
    assert kinds(video)[2:] == ["2 release adopted", "1 charge adopted"]
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_submit_again_and_refused_leaves_the_first_unconfirmed(alice: User):
    video = _lose(make(alice))
    lifecycle.submit_again(video.pk)
    lifecycle.refuse(video.pk, _claim(video), REFUSED)
    assert sums() == (ZERO, PRICE)
    assert LedgerLine.objects.get(kind="charge").confirms is False
    assert_consistent()


def test_a_job_that_nobody_expects_any_more_is_charged_too(alice: User):
    video = make(alice)
    _claim(video)
    lifecycle.record_surplus_job(video.pk)
    assert sums() == (PRICE, PRICE)
    lifecycle.refuse(video.pk, Video.objects.get(pk=video.pk).lease_token, REFUSED)  # type: ignore[arg-type]
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_a_job_that_turns_up_after_its_video_was_given_up_is_charged_once(alice: User):
    video = _lose(make(alice))
    lifecycle.abandon(video.pk, Reason("given_up", "Gone."))
    lifecycle.record_surplus_job(video.pk)
    assert sums() == (ZERO, PRICE)
    assert LedgerLine.objects.latest("pk").confirms is True


def _stored(alice: User) -> Video:
    video = _finish(_accept(make(alice)))
    Video.objects.filter(pk=video.pk).update(
        state=State.COMPLETED, file="videos/x.mp4", finished_at=timezone.now(), due_at=None
    )
    video.refresh_from_db()
    return video


def test_each_derivation_is_a_reservation_of_its_own(alice: User):
    source = _stored(alice)
    remix = remix_video(alice, source, "Bluer")
    edit = edit_video(alice, source, "Greener")
    extension = extend_video(alice, source, "On and on", 8)
    assert [kinds(each) for each in (remix, edit, extension)] == [["1 reserve created"]] * 3
    assert sums() == (Decimal("1.60"), PRICE)
    assert_consistent()


@pytest.mark.parametrize(
    "derive",
    [
        lambda owner, source: remix_video(owner, source, "Bluer"),
        lambda owner, source: edit_video(owner, source, "Greener"),
        lambda owner, source: extend_video(owner, source, "On", 12),
    ],
    ids=["remix", "edit", "extend"],
)
def test_a_derivation_that_does_not_fit_is_refused(alice: User, alices_dollar, derive):
    source = _stored(alice)
    make(alice)
    with pytest.raises(BudgetExceededError):
        derive(alice, source)
    assert Video.objects.count() == 2


def test_storing_that_fails_changes_nothing(alice: User):
    video = _finish(_accept(make(alice)))
    token = lifecycle.claim_storing(video.pk, lease=LEASE)
    assert token is not None
    assert lifecycle.fail_storing(video.pk, token, Reason("download_failed", "No."))
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_deleted_for_good_spent_is_spent(alice: User):
    video = _stored(alice)
    delete_video(video)
    lifecycle.remove(Video.objects.get(pk=video.pk))
    assert not Video.objects.exists()
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_the_ledger_outlives_the_owner(alice: User):
    delete_video(video := _stored(alice))
    lifecycle.remove(Video.objects.get(pk=video.pk))
    alice.delete()
    assert LedgerLine.objects.latest("pk").username == "alice"
    assert_consistent()


def test_what_is_rolled_back_leaves_no_line(alice: User):
    with transaction.atomic():
        make(alice)
        transaction.set_rollback(True)
    assert not LedgerLine.objects.exists()
    assert not Video.objects.exists()


def test_a_backend_that_is_free_of_charge_shows_no_price(alice: User, as_alice: Client, paid: Backend):
    Backend.objects.filter(pk=paid.pk).update(costs_nothing=True)
    page = as_alice.get("/").content.decode()
    assert "$0.00" in page
    assert "$0.40" not in page
    assert make(alice).price == 0


def test_videos_that_move_take_their_reservation_along_at_the_new_price(
    alice: User, alices_dollar, paid: Backend
):
    """Both people's own budgets are locked, and what no longer fits stays where it is."""
    videos = [make(alice), make(alice)]
    other = BackendFactory(name="Dear", position=9)
    VideoModel.objects.get(name="sora-2").backends.add(other)
    VideoModel.objects.update(price_per_second={"*": "0.14"})
    Backend.objects.filter(pk=paid.pk).update(enabled=False)

    result = move_queued_videos(Backend.objects.get(pk=paid.pk))

    assert result.moved == {"Dear": 1}
    assert sum(result.left.values()) == 1
    assert "This costs $0.16. Your budget" in next(iter(result.left))
    assert kinds(videos[0]) == ["1 reserve created", "1 adjust moved"]
    assert LedgerLine.objects.latest("pk").backend_name == "Dear"
    assert sums() == (Decimal("0.96"), ZERO)
    _accept(videos[0])
    assert sums() == (PRICE, Decimal("0.56"))
    assert_consistent()
