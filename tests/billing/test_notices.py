"""That a budget is nearly used up, or used up, is told once in a period, to those whom it concerns."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from accounts import tokens
from accounts.models import Role, User
from billing import ledger
from billing.models import BudgetNotice, Scope
from billing.targets import Target, set_budget
from contentgen.events import Event, event_published
from tests.billing.money import dollars, make
from tests.factories import UserFactory
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db

LONG = {"prompt": "A paper boat", "model": "sora-2", "seconds": 12, "size": "1280x720"}  # costs $1.20


@pytest.fixture
def told(paid: Backend) -> Iterator[list[tuple[str, int, str]]]:
    """The kind, the person and the object of each event that was published."""
    heard: list[tuple[str, int, str]] = []

    def listen(sender, event: Event, **kwargs) -> None:
        heard.append((event.kind.value, event.user_id, event.object_id))

    event_published.connect(listen)
    yield heard
    event_published.disconnect(listen)


def test_a_budget_at_80_percent_is_told_once(alice: User, alices_dollar, told):
    make(alice)
    assert told == []
    make(alice)
    assert told == [("budget.warning", alice.pk, alices_dollar.code)]
    set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))  # the same once more
    with pytest.raises(ValidationError), transaction.atomic():
        make(alice)
    assert len(told) == 1


def test_a_budget_that_is_used_up_is_told_and_not_warned_of_before(alice: User, told):
    budget = set_budget(Target(Scope.USER, user=alice), "month", dollars("1"), is_soft=True)
    make(alice, 12)
    assert told == [("budget.exceeded", alice.pk, budget.code)]
    make(alice, 12)
    assert len(told) == 1


def test_a_refusal_is_told_once_though_its_transaction_is_rolled_back(
    alice: User, as_alice: Client, alices_dollar, told
):
    assert as_alice.post("/", LONG).status_code == 422
    assert as_alice.post("/", LONG).status_code == 422
    assert told == [("budget.exceeded", alice.pk, alices_dollar.code)]
    assert not Video.objects.exists()


def test_a_refusal_over_rest_is_told(alice: User, alices_dollar, told):
    headers = {"Authorization": f"Bearer {tokens.issue(alice, 'script')[1]}"}
    Client().post("/api/v1/videos/generate", LONG, content_type="application/json", headers=headers)
    assert told == [("budget.exceeded", alice.pk, alices_dollar.code)]


def test_a_changed_budget_is_told_of_again(alice: User, alices_dollar, told):
    make(alice)
    make(alice)
    set_budget(Target(Scope.USER, user=alice), "month", dollars("1.40"))
    make(alice)
    assert [kind for kind, *_ in told] == ["budget.warning", "budget.warning"]


def test_the_studios_budget_concerns_its_managers(alice: User, carol: User, told):
    mary = UserFactory(username="mary", role=Role.MANAGER)
    budget = set_budget(Target(Scope.STUDIO), "day", dollars("0.40"), is_soft=True)
    make(alice)
    assert sorted(told) == sorted(("budget.exceeded", each.pk, budget.code) for each in (carol, mary))


def test_a_true_price_above_the_estimate_counts(alice: User, alices_dollar, told):
    video = make(alice)
    with transaction.atomic():
        ledger.charge(video.pk, transition="accepted")
        assert told == []
        ledger.settle(video.pk, dollars("0.95"), transition="stored")
    assert told == [("budget.warning", alice.pk, alices_dollar.code)]


def test_what_is_rolled_back_is_not_told_for_good(alice: User, alices_dollar, told):
    make(alice)
    with transaction.atomic():
        make(alice)
        transaction.set_rollback(True)
    assert not BudgetNotice.objects.exists()
