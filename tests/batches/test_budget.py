"""A budget that has too little left refuses a batch, or stops it half-way, and it can go on."""

from decimal import Decimal

import pytest

from billing.errors import BudgetExceededError, UnconfirmedPriceError
from billing.models import Budget, Scope
from billing.periods import Period
from billing.spender import ANY_PRICE, spending
from tests.batches.test_create import PAID
from videos.models import BatchState, Video
from videos.services import batch_work
from videos.services.batches import resume_batch, start_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def budget(alice) -> Budget:
    return Budget.objects.create(scope=Scope.USER, user=alice, period=Period.TOTAL, amount=Decimal(3))


def test_it_is_not_started_where_all_of_it_does_not_fit(save, work, priced, budget):
    batch = save(PAID)
    with pytest.raises(BudgetExceededError, match=r"These 5 videos cost \$5.00"):
        start_batch(batch)
    work(batch)
    assert batch.state == BatchState.READY
    assert not Video.objects.exists()


def test_as_far_as_the_budget_goes_and_later_the_rest(save, work, priced, budget, monkeypatch):
    monkeypatch.setattr(batch_work, "PORTION", 2)
    batch = save(PAID)
    assert start_batch(batch, partly=True)
    work(batch)
    assert batch.state == BatchState.STOPPED
    assert "has $0.00 left" in batch.problem
    assert Video.objects.count() == 3, "a portion that does not fit as a whole is made in part"

    budget.amount = Decimal(5)
    budget.save()
    assert resume_batch(batch)
    work(batch)
    assert (batch.state, batch.problem) == (BatchState.RUNNING, "")
    assert list(Video.objects.order_by("pk").values_list("prompt", flat=True)) == [
        f"Fox {n}" for n in range(5)
    ]


def test_a_high_price_is_to_be_confirmed_as_a_whole(save, work, priced, settings):
    settings.CONFIRM_PRICE_ABOVE = Decimal(2)
    batch = save(PAID)
    with pytest.raises(UnconfirmedPriceError):
        start_batch(batch)
    with spending(confirmed_price=ANY_PRICE):
        assert start_batch(batch)
    work(batch)
    assert Video.objects.count() == 5
