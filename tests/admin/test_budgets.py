"""Budgets in the admin are set by the same service as elsewhere, and the ledger is only shown."""

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Budget, LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.billing.conftest import paid  # noqa: F401  # a fixture
from tests.billing.money import dollars, make
from videos.models import Backend

pytestmark = pytest.mark.django_db

LIST = "/admin/billing/budget/"


def _form(**changes: object) -> dict[str, object]:
    fields = {"scope": "studio", "role": "", "user": "", "token": "", "collection": "", "period": "month"}
    return {**fields, "amount": "50", **changes}


def test_one_is_added_changed_and_removed(alice: User, as_carol: Client):
    assert as_carol.post(f"{LIST}add/", _form(scope="user", user=alice.pk)).status_code == 302
    budget = Budget.objects.get()
    assert (budget.user, budget.amount) == (alice, dollars("50"))
    assert "$50.00" in as_carol.get(LIST).content.decode()
    page = as_carol.get(f"{LIST}{budget.pk}/change/").content.decode()
    assert 'value="50.00"' in page
    as_carol.post(f"{LIST}{budget.pk}/change/", {"amount": "12.50", "is_soft": "on"})
    budget.refresh_from_db()
    assert (budget.amount, budget.is_soft) == (dollars("12.50"), True)
    as_carol.post(f"{LIST}{budget.pk}/delete/", {"post": "yes"})
    assert not Budget.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "user"},
        {"scope": "studio", "role": "creator"},
        {"scope": "role"},
        {"scope": "collection", "collection": "999"},
        {"amount": "much"},
        {"amount": ""},
        {"amount": "0"},
        {"amount": "\x00"},
    ],
)
def test_what_does_not_fit_is_told(as_carol: Client, changes: dict[str, object]):
    response = as_carol.post(f"{LIST}add/", _form(**changes))
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not Budget.objects.exists()


def test_a_second_one_for_the_same_is_told(as_carol: Client):
    set_budget(Target(Scope.STUDIO), "month", dollars("5"))
    assert as_carol.post(f"{LIST}add/", _form()).status_code == 200
    assert Budget.objects.get().amount == dollars("5")


def test_the_ledger_is_shown_and_not_changed(paid: Backend, alice: User, as_carol: Client):  # noqa: F811
    make(alice)
    line = LedgerLine.objects.get()
    assert "$0.40" in as_carol.get("/admin/billing/ledgerline/").content.decode()
    address = f"/admin/billing/ledgerline/{line.pk}"
    assert as_carol.get(f"{address}/change/").status_code == 200
    assert as_carol.post(f"{address}/change/", {"spent": "0"}).status_code == 403
    assert as_carol.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert as_carol.get("/admin/billing/ledgerline/add/").status_code == 403
