"""The page of budgets: managers set those of creators, viewers and collections, superusers all."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Invitation, Role, User
from billing.models import Budget, Scope
from billing.targets import Target, set_budget
from tests.billing.money import dollars
from tests.factories import UserFactory
from videos.models import Collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def mary(db) -> User:
    return UserFactory(username="mary", role=Role.MANAGER)


@pytest.fixture
def as_mary(mary: User) -> Client:
    client = Client()
    client.force_login(mary)
    return client


def _fields(target: str, amount: str = "50", **more: str) -> dict[str, str]:
    return {"target": target, "period": "month", "amount": amount, **more}


def test_a_manager_sets_changes_and_removes_a_creators_budget(alice: User, as_mary: Client):
    page = as_mary.post("/budgets/", _fields(f"user:{alice.pk}", "$1,250.50"), follow=True).content.decode()
    assert "Budget set. alice: $1,250.50 this month." in page
    budget = Budget.objects.get()
    assert (budget.user, budget.amount, budget.is_soft) == (alice, dollars("1250.50"), False)

    form = as_mary.get(f"/budgets/{budget.pk}/").content.decode()
    assert 'value="1250.50"' in form
    as_mary.post("/budgets/", _fields(f"user:{alice.pk}", "20", is_soft="on"))
    budget.refresh_from_db()
    assert (budget.amount, budget.is_soft) == (dollars("20"), True)

    assert "Remove this budget?" in as_mary.get(f"/budgets/{budget.pk}/remove").content.decode()
    assert Budget.objects.exists(), "asking removes nothing"
    as_mary.post(f"/budgets/{budget.pk}/remove")
    assert not Budget.objects.exists()


@pytest.mark.parametrize("amount", ["", "0", "a lot", "1e3", "-1", "1.1234567", "9" * 30, "\x00"])
def test_an_amount_that_is_none_is_told_at_its_field(alice: User, as_mary: Client, amount: str):
    response = as_mary.post("/budgets/", _fields(f"user:{alice.pk}", amount))
    assert response.status_code == 422
    assert 'id="amount-error"' in response.content.decode()
    assert not Budget.objects.exists()


def test_a_manager_sets_no_budget_that_bounds_managers(mary: User, carol: User, as_mary: Client):
    for target in ("studio", "role:manager", f"user:{mary.pk}", f"user:{carol.pk}", "user:0", "token:1", ""):
        assert as_mary.post("/budgets/", _fields(target)).status_code == 422, target
    assert not Budget.objects.exists()
    studio = set_budget(Target(Scope.STUDIO), "month", dollars("10"))
    assert as_mary.get(f"/budgets/{studio.pk}/").status_code == 403
    assert as_mary.post(f"/budgets/{studio.pk}/remove").status_code == 403
    assert Budget.objects.exists()


def test_superusers_set_all(alice: User, as_carol: Client):
    collection = Collection.objects.create(owner=alice, name="Spring")
    for target in ("studio", "role:manager", f"collection:{collection.pk}"):
        assert as_carol.post("/budgets/", _fields(target)).status_code == 302, target
    page = as_carol.get("/budgets/").content.decode()
    assert "Collection Spring" in page
    assert "Role manager" in page


def test_others_have_no_such_page(as_alice: Client):
    budget = set_budget(Target(Scope.STUDIO), "month", dollars("10"))
    for path in ("/budgets/", f"/budgets/{budget.pk}/", f"/budgets/{budget.pk}/remove"):
        assert as_alice.get(path).status_code == 403
        assert as_alice.post(path).status_code in (403, 405)


def test_people_see_their_own_with_their_profile(alice: User, bob: User, as_alice: Client):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("12"))
    set_budget(Target(Scope.USER, user=bob), "month", dollars("77"))
    page = as_alice.get("/accounts/profile/").content.decode()
    assert "$12.00 left" in page
    assert "$77.00" not in page


def test_more_budgets_take_no_more_queries(alice: User, as_carol: Client):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("12"))
    as_carol.get("/budgets/")  # fills what is cached
    with CaptureQueriesContext(connection) as few:
        as_carol.get("/budgets/")
    for person in UserFactory.create_batch(5):
        set_budget(Target(Scope.USER, user=person), "month", dollars("12"))
    with CaptureQueriesContext(connection) as many:
        as_carol.get("/budgets/")
    assert len(many) == len(few)


def test_an_invitation_brings_a_budget(as_mary: Client):
    fields = {"role": "creator", "days": "7", "email": "", "budget": "30", "budget_period": "week"}
    page = as_mary.post("/accounts/invitations/", fields).content.decode()
    link = page.partition('id="link" value="')[2].partition('"')[0]
    assert not Budget.objects.exists(), "nobody has joined so far"
    answers = {"username": "dora", "password1": "correct horse battery", "password2": "correct horse battery"}
    Client().post(link.removeprefix("http://testserver"), answers)
    budget = Budget.objects.get()
    assert (budget.user.username, budget.amount, budget.period) == ("dora", dollars("30"), "week")


def test_an_invitation_without_one_brings_none(as_mary: Client):
    assert as_mary.post("/accounts/invitations/", {"role": "creator", "days": "7"}).status_code == 200
    bad = as_mary.post("/accounts/invitations/", {"role": "creator", "days": "7", "budget": "much"})
    assert bad.status_code == 422
    assert Invitation.objects.count() == 1
