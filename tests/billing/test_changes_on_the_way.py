"""What is on its way while a budget, a person or a token changes keeps to the terms it was reserved under.

Nothing is taken back, nothing is lost, and only what comes next is measured by what holds now.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.models import Role, User
from billing.budgets import statuses
from billing.errors import BudgetExceededError
from billing.models import Budget, LedgerLine, Scope
from billing.periods import Period, end_of, start_of
from billing.spender import spending
from billing.targets import Target, remove_budget, set_budget
from tests.billing.money import assert_consistent, dollars, make, sums
from tests.billing.steps import PRICE, REFUSED, ZERO, accept, claim, finish
from videos import lifecycle
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _paid(paid: Backend) -> Backend:
    return paid


def _used(budget: Budget) -> Decimal:
    return statuses([budget])[0].used


def _left(budget: Budget) -> Decimal:
    return statuses([budget])[0].left


def test_lowered_below_what_is_reserved_it_refuses_what_comes_next(alice: User, alices_dollar: Budget):
    """What is reserved goes on and is charged; less than nothing is never left."""
    video = make(alice)
    lowered = set_budget(Target(Scope.USER, user=alice), "month", dollars("0.10"))

    assert (_used(lowered), _left(lowered)) == (PRICE, ZERO)
    with pytest.raises(BudgetExceededError):
        make(alice)
    finish(accept(video))
    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_lowered_below_what_is_reserved_a_release_gives_back_what_was_reserved(
    alice: User, alices_dollar: Budget
):
    video = make(alice)
    lowered = set_budget(Target(Scope.USER, user=alice), "month", dollars("0.10"))
    lifecycle.refuse(video.pk, claim(video), REFUSED)

    assert (_used(lowered), _left(lowered)) == (ZERO, dollars("0.10"))
    assert_consistent()


def test_a_budget_that_is_removed_bounds_nothing_and_the_ledger_keeps_its_name(
    alice: User, alices_dollar: Budget
):
    video = make(alice)
    assert remove_budget(Target(Scope.USER, user=alice), "month")

    finish(accept(video))
    make(alice, seconds=12)

    named = LedgerLine.objects.filter(video_id=video.pk).values_list("budgets", flat=True)
    assert set(map(tuple, named)) == {(alices_dollar.code,)}
    assert_consistent()


def test_a_budget_that_is_set_again_knows_what_was_spent_without_it(alice: User, alices_dollar: Budget):
    remove_budget(Target(Scope.USER, user=alice), "month")
    make(alice, seconds=8)

    again = set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))

    assert _used(again) == 2 * PRICE


def test_a_budget_made_soft_refuses_nothing_more_and_goes_on_counting(alice: User, alices_dollar: Budget):
    make(alice, seconds=8)
    with pytest.raises(BudgetExceededError):
        make(alice, seconds=4)
    soft = set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"), is_soft=True)

    make(alice, seconds=4)

    assert _used(soft) == 3 * PRICE
    hard = set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))
    with pytest.raises(BudgetExceededError):
        make(alice)
    assert hard.pk == soft.pk


@pytest.mark.parametrize("period", [Period.DAY, Period.WEEK, Period.MONTH])
def test_a_period_renewed_before_the_charge_is_not_charged_for_the_one_before(
    alice: User, monkeypatch: pytest.MonkeyPatch, period: Period
):
    """A submission uses up the budget of the time when it was reserved, whenever it is charged."""
    budget = set_budget(Target(Scope.USER, user=alice), period, dollars("1.00"))
    video = make(alice, seconds=8)
    now = timezone.now()
    renewed = end_of(period, now)
    assert renewed is not None
    later = renewed + timedelta(minutes=5)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)

    assert make(alice, seconds=8), "the new period is empty"
    finish(accept(video), Decimal("0.95"))

    assert _used(budget) == 2 * PRICE
    assert statuses([budget], now=now)[0].used == Decimal("0.95") + 2 * PRICE, "all until then"
    assert_consistent()


def test_a_role_that_changed_leaves_what_is_on_its_way_with_the_old_one(alice: User):
    creators = set_budget(Target(Scope.ROLE, role=Role.CREATOR), "month", dollars("0.50"))
    managers = set_budget(Target(Scope.ROLE, role=Role.MANAGER), "month", dollars("1.00"))
    video = make(alice)
    User.objects.filter(pk=alice.pk).update(role=Role.MANAGER)
    alice.refresh_from_db()

    make(alice, seconds=8)
    finish(accept(video), Decimal("0.45"))

    assert (_used(creators), _used(managers)) == (Decimal("0.45"), 2 * PRICE)
    with pytest.raises(BudgetExceededError, match="“manager”"):
        make(alice)
    assert_consistent()


def test_a_token_that_is_deleted_takes_its_budget_along_and_no_money(alice: User):
    token, _ = tokens.issue(alice, "script")
    set_budget(Target(Scope.TOKEN, token=token), "month", dollars("0.50"))
    person = set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))
    with spending(token=token):
        video = make(alice)
        with pytest.raises(BudgetExceededError, match="this API token"):
            make(alice)
    key = token.pk
    token.delete()

    assert list(Budget.objects.all()) == [person]
    finish(accept(video))
    assert sums() == (ZERO, PRICE)
    named = set(LedgerLine.objects.values_list("token_id", "token_name"))
    assert named == {(key, "script")}
    assert _used(person) == PRICE
    assert_consistent()


def test_a_person_who_is_deleted_leaves_their_spending_to_the_studio(alice: User):
    studio = set_budget(Target(Scope.STUDIO), "month", dollars("1.00"))
    set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))
    accept(make(alice))
    Video.objects.all().delete()
    alice.delete()

    assert list(Budget.objects.all()) == [studio]
    assert _used(studio) == PRICE


def test_a_budget_set_while_a_request_was_reserved_counts_it(alice: User):
    make(alice, seconds=8)

    budget = set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))

    with pytest.raises(BudgetExceededError, match=r"has \$0.20 left"):
        make(alice)
    assert _used(budget) == 2 * PRICE


def test_a_backend_made_free_of_charge_leaves_what_was_reserved_before(alice: User, paid: Backend):
    """What was asked for at a price is charged; only what comes next costs nothing."""
    video = make(alice)
    Backend.objects.filter(pk=paid.pk).update(costs_nothing=True)

    finish(accept(video))
    make(alice)

    assert sums() == (ZERO, PRICE)
    assert_consistent()


def test_a_reader_in_another_time_zone_has_the_studios_periods(alice: User, settings):
    """Else a budget would begin and end at another moment for each who spends from it."""
    settings.TIME_ZONE = "UTC"
    budget = set_budget(Target(Scope.STUDIO), "day", dollars("1.00"))
    now = datetime(2026, 6, 10, 23, 30, tzinfo=UTC)
    begins, renewals = set(), set()
    for zone in ("America/Los_Angeles", "UTC", "Asia/Tokyo"):
        with timezone.override(zone):
            begins.add(start_of(budget.period, now))
            renewals.add(statuses([budget], now=now)[0].renewal)

    assert begins == {datetime(2026, 6, 10, tzinfo=UTC)}
    assert renewals == {"It renews on 11 Jun 2026."}
