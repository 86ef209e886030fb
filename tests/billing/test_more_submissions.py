"""What is paid for more than once, made from other videos, moved, or deleted: the rest of the table."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from billing.errors import BudgetExceededError
from billing.models import LedgerLine, Scope
from billing.spender import spending
from billing.targets import Target, set_budget
from tests.billing.money import assert_consistent, dollars, kinds, make, sums
from tests.billing.steps import LEASE, PRICE, REFUSED, ZERO, accept, claim, finish, lose, time_out
from tests.factories import BackendFactory
from videos import lifecycle
from videos.models import Backend, State, Video, VideoModel
from videos.models.values import Reason
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.held_videos import move_queued_videos
from videos.services.video_actions import delete_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _paid(paid: Backend) -> Backend:
    return paid


def test_a_retry_is_a_reservation_of_its_own(alice: User):
    video = accept(make(alice))
    time_out(video)
    assert lifecycle.retry(video.pk)
    assert kinds(video)[-1] == "2 reserve retried"
    assert sums() == (PRICE, PRICE)
    accept(video, "job_2")
    assert sums() == (ZERO, 2 * PRICE)
    assert_consistent()


def test_a_retry_that_does_not_fit_changes_nothing(alice: User, alices_dollar):
    video = accept(make(alice, seconds=8))
    time_out(video)
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
    video = lose(make(alice))
    assert lifecycle.submit_again(video.pk)
    assert kinds(video) == ["1 reserve created", "2 reserve submitted_again"]
    assert sums() == (2 * PRICE, ZERO)
    assert_consistent()

    accept(video, "job_2")

    lines = LedgerLine.objects.filter(kind="charge").order_by("attempt")
    assert [(line.attempt, line.confirms) for line in lines] == [(1, False), (2, True)]
    assert sums() == (ZERO, 2 * PRICE)
    assert_consistent()


def test_submit_again_that_does_not_fit_leaves_the_decision_open(alice: User, alices_dollar):
    video = lose(make(alice, seconds=8))
    with pytest.raises(BudgetExceededError):
        lifecycle.submit_again(video.pk)
    video.refresh_from_db()
    assert video.needs_decision
    assert sums() == (2 * PRICE, ZERO)


def test_the_first_job_that_answers_after_submit_again_is_charged_once(alice: User):
    video = lose(make(alice))
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
    video = lose(make(alice))
    lifecycle.submit_again(video.pk)
    lifecycle.refuse(video.pk, claim(video), REFUSED)
    assert sums() == (ZERO, PRICE)
    assert LedgerLine.objects.get(kind="charge").confirms is False
    assert_consistent()


def test_a_job_that_nobody_expects_any_more_is_charged_too(alice: User):
    video = make(alice)
    claim(video)
    lifecycle.record_surplus_job(video.pk)
    assert sums() == (PRICE, PRICE)
    lifecycle.refuse(video.pk, Video.objects.get(pk=video.pk).lease_token, REFUSED)  # type: ignore[arg-type]
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_a_job_that_turns_up_after_its_video_was_given_up_is_charged_once(alice: User):
    video = lose(make(alice))
    lifecycle.abandon(video.pk, Reason("given_up", "Gone."))
    lifecycle.record_surplus_job(video.pk)
    assert sums() == (ZERO, PRICE)
    assert LedgerLine.objects.latest("pk").confirms is True


def _stored(alice: User) -> Video:
    video = finish(accept(make(alice)))
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
    video = finish(accept(make(alice)))
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
    accept(videos[0])
    assert sums() == (PRICE, Decimal("0.56"))
    assert_consistent()


def test_what_a_token_asked_for_is_measured_by_its_budget_when_it_moves_too(alice: User, paid: Backend):
    token, _ = tokens.issue(alice, "script")
    set_budget(Target(Scope.TOKEN, token=token), "month", dollars("0.50"))
    with spending(token=token):
        make(alice)
    other = BackendFactory(name="Dear", position=9)
    VideoModel.objects.get(name="sora-2").backends.add(other)
    VideoModel.objects.update(price_per_second={"*": "0.14"})
    Backend.objects.filter(pk=paid.pk).update(enabled=False)

    result = move_queued_videos(Backend.objects.get(pk=paid.pk))

    assert result.moved == {}
    assert "The budget of this API token" in next(iter(result.left))
    assert sums() == (PRICE, ZERO)
