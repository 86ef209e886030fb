"""People in the administration: how each is placed, and what is done about their access and budget."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import presence, tokens
from accounts.models import Role, User
from audit.models import Entry
from audit.vocabulary import Action
from billing import ledger
from billing.models import Budget, Scope
from billing.targets import Target, set_budget
from tests.admin.conftest import messages_of
from tests.billing.conftest import paid as paid  # a fixture here too
from tests.billing.money import dollars, make
from tests.factories import UserFactory, VideoFactory
from videos.models import Backend, Batch, Collection, State

pytestmark = pytest.mark.django_db

LIST = reverse("admin:accounts_user_changelist")


def _page(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def _budget(user: User) -> str:
    return reverse("admin:accounts_user_budget", args=[user.pk])


def _act(client: Client, action: str, *people: User, **more: str) -> Any:
    data = {"action": action, "index": "0", "_selected_action": [each.pk for each in people], **more}
    return client.post(LIST, data)


def _sign_in(user: User) -> Client:
    """Sign in, and open a page, which notes the session."""
    client = Client()
    client.force_login(user)
    key = client.session.session_key
    UserSession.objects.create(user=user, ip="127.0.0.1", session_key=key)
    return client


def _charge(owner: User) -> None:
    video = make(owner, 4)
    with transaction.atomic():
        ledger.charge(video.pk, transition="accepted")


def test_the_list_says_how_each_person_is_placed(paid: Backend, as_carol: Client, alice: User, bob: User):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("5.00"))
    _charge(alice)
    tokens.issue(alice, "CI")
    tokens.revoke(tokens.issue(alice, "Old")[0])
    _sign_in(alice)
    presence.note_seen(alice.pk)

    page = as_carol.get(LIST).content.decode()

    row = page[page.index("<bdi>alice</bdi>") :].partition("</tr>")[0]
    assert "$4.60 of $5.00 left this month" in row
    assert f'href="{_budget(alice)}"' in row
    for field, text in (
        ("role_in_words", "Creator"),
        ("month", "$0.40"),
        ("seen", "Now"),
        ("token_count", ">1</a>"),
        ("session_count", ">1"),
        ("video_count", ">1</a>"),
    ):
        assert text in row[row.index(f"field-{field}") :].partition("</td>")[0]
    stranger = page[page.index("<bdi>bob</bdi>") :].partition("</tr>")[0]
    assert "Never" in stranger


def test_its_queries_do_not_grow_with_the_list(
    paid: Backend, as_carol: Client, django_assert_num_queries, django_assert_max_num_queries
):
    def add() -> None:
        user = UserFactory()
        set_budget(Target(Scope.USER, user=user), "month", dollars("5.00"))
        _charge(user)
        tokens.issue(user, "CI")

    add()
    with django_assert_max_num_queries(25) as few:
        as_carol.get(LIST)
    for _ in range(5):
        add()

    with django_assert_num_queries(len(few.captured_queries)):
        as_carol.get(LIST)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role__exact=viewer", {"dora"}),
        ("is_active__exact=0", {"eve"}),
        ("is_staff__exact=1", {"carol"}),
        ("seen=day", {"alice"}),
        ("seen=month", {"alice", "dora"}),
        ("seen=not", {"carol", "eve"}),
        ("seen=never", {"carol"}),
        ("q=dor", {"dora"}),
        ("q=dora@example.org", {"dora"}),
    ],
)
def test_it_filters_and_searches(as_carol: Client, alice: User, query: str, found: set[str]):
    now = timezone.now()
    UserFactory(username="dora", role=Role.VIEWER, email="Dora@example.org")
    UserFactory(username="eve", is_active=False)
    for name, days in (("alice", 0.5), ("dora", 8), ("eve", 100)):
        User.objects.filter(username=name).update(last_seen_at=now - timedelta(days=days))

    listed = as_carol.get(f"{LIST}?{query}").context["cl"].result_list

    assert {user.username for user in listed} == found


def test_money_is_shown_to_those_who_may_see_it(paid: Backend, staff: Callable[..., Client], alice: User):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("5.00"))
    _charge(alice)

    plain, budgets, ledgers = (
        [
            client.get(path).content.decode()
            for path in (LIST, _page(alice))
            for client in [staff("view_user", *more)]
        ]
        for more in ((), ("view_budget",), ("view_ledgerline",))
    )

    assert not [page for page in plain if "$" in page]
    assert all("$5.00" in page for page in budgets)
    assert not [page for page in budgets if "$0.40" in page]
    assert all("$0.40" in page for page in ledgers)


def test_the_page_says_what_a_person_has_and_leads_there(as_carol: Client, alice: User):
    VideoFactory(owner=alice)
    VideoFactory(owner=alice, state=State.IN_PROGRESS)
    Batch.objects.create(owner=alice, name="Foxes", state="ready", row_count=1, estimate=0)
    Collection.objects.create(owner=alice, name="Spring")
    _act(as_carol, "sign_out_everywhere", alice)
    tokens.issue(alice, "CI")

    page = as_carol.get(_page(alice)).content.decode()

    for room, count in (("video", 2), ("batch", 1), ("collection", 1)):
        address = f"/admin/videos/{room}/?owner__id__exact={alice.pk}"
        assert f'href="{address}">{count}</a>' in page
        assert len(as_carol.get(address).context["cl"].result_list) == count
    assert "1 queued" in page
    assert "1 in flight" in page
    assert "API token CI" in page  # in the activity
    assert "?person=alice" in page


def test_activity_is_for_those_who_may_see_the_audit_log(staff: Callable[..., Client], alice: User):
    tokens.issue(alice, "CI")

    assert "API token CI" not in staff("view_user").get(_page(alice)).content.decode()
    assert "API token CI" in staff("view_user", "view_entry").get(_page(alice)).content.decode()


def test_a_budget_is_given_on_one_page(as_carol: Client, alice: User):
    response = as_carol.post(_budget(alice), {"amount": "12.50", "period": "week"})

    assert response.headers["Location"] == _page(alice)
    budget = Budget.objects.get(user=alice)
    assert (budget.amount, budget.period, budget.is_soft) == (dollars("12.50"), "week", False)
    assert Entry.objects.filter(action=Action.CREATED, kind="budget", username="carol").count() == 1
    assert "$12.50 this week" in as_carol.get(_budget(alice)).content.decode()

    as_carol.post(_budget(alice), {"amount": "20", "period": "week", "is_soft": "on"})
    budget.refresh_from_db()
    assert (budget.amount, budget.is_soft) == (dollars("20"), True)

    as_carol.post(_budget(alice), {"remove": "week"})
    assert not Budget.objects.exists()


@pytest.mark.parametrize("amount", ["", "0", "-1", "much", "1e400"])
def test_what_is_no_amount_sets_nothing(as_carol: Client, alice: User, amount: str):
    assert as_carol.post(_budget(alice), {"amount": amount, "period": "month"}).status_code == 422
    assert not Budget.objects.exists()


def test_giving_a_budget_takes_the_right_to(staff: Callable[..., Client], alice: User):
    form = {"amount": "5", "period": "month"}
    for rights in (("view_user",), ("view_user", "view_budget"), ("add_budget", "change_budget")):
        assert staff(*rights).post(_budget(alice), form).status_code == 403
    assert not Budget.objects.exists()

    client = staff("view_user", "add_budget", "change_budget")
    assert client.post(_budget(alice), form).status_code == 302
    assert client.post(_budget(alice), {"remove": "month"}).status_code == 403
    assert Budget.objects.count() == 1


def test_signing_out_everywhere_ends_every_session_and_nothing_else(as_carol: Client, alice: User, bob: User):
    theirs, others = [_sign_in(alice), _sign_in(alice)], _sign_in(bob)
    _, secret = tokens.issue(alice, "CI")

    response = _act(as_carol, "sign_out_everywhere", alice)

    assert messages_of(response) == ["“alice”: Signed out everywhere: 2 sessions ended."]
    assert [client.get("/library/").status_code for client in [*theirs, others]] == [302, 302, 200]
    assert tokens.authenticate(secret) is not None
    assert Entry.objects.filter(action=Action.SESSIONS_ENDED, owner_id=alice.pk, username="carol").exists()


def test_tokens_are_revoked_once_that_is_confirmed(as_carol: Client, alice: User):
    secrets = [tokens.issue(alice, name)[1] for name in ("CI", "Mine")]

    page = _act(as_carol, "revoke_tokens", alice).content.decode()
    assert "2 API tokens" in page
    assert "never works again" in page
    assert tokens.authenticate(secrets[0]) is not None

    response = _act(as_carol, "revoke_tokens", alice, confirmed="yes")
    assert messages_of(response) == ["“alice”: 2 API tokens revoked."]
    assert [tokens.authenticate(secret) for secret in secrets] == [None, None]


def test_deactivating_says_what_becomes_of_the_queue_and_does_that(as_carol: Client, alice: User):
    queued, running = VideoFactory(owner=alice), VideoFactory(owner=alice, state=State.IN_PROGRESS)
    client = _sign_in(alice)

    page = _act(as_carol, "deactivate", alice).content.decode()
    assert "1 queued video is canceled, 1 video on its way is finished" in page
    assert User.objects.get(pk=alice.pk).is_active

    assert messages_of(_act(as_carol, "deactivate", alice, confirmed="yes")) == ["“alice”: Deactivated."]
    for video in (queued, running):
        video.refresh_from_db()
    assert (queued.state, running.state) == (State.CANCELED, State.IN_PROGRESS)
    assert client.get("/library/").status_code == 302


@pytest.mark.parametrize("way", ["the action", "the form", "the form's rights"])
def test_the_only_superuser_stays_one(as_carol: Client, carol: User, way: str):
    if way == "the action":
        said = " ".join(messages_of(_act(as_carol, "deactivate", carol, confirmed="yes")))
    else:
        form = {"username": "carol", "role": "creator", "is_staff": "on"}
        kept = {"is_superuser": "on"} if way == "the form" else {"is_active": "on"}
        said = as_carol.post(_page(carol), {**form, **kept}).content.decode()

    assert "This is the only superuser." in said
    carol.refresh_from_db()
    assert (carol.is_active, carol.is_superuser) == (True, True)

    UserFactory(username="root", is_superuser=True, is_staff=True)
    assert messages_of(_act(as_carol, "deactivate", carol, confirmed="yes"))[-1] == "“carol”: Deactivated."


@pytest.mark.parametrize("action", ["sign_out_everywhere", "revoke_tokens", "deactivate"])
def test_nobody_takes_access_from_those_with_more_rights(
    staff: Callable[..., Client], carol: User, action: str
):
    client = staff("change_user", "change_apitoken")
    _sign_in(carol)
    _, secret = tokens.issue(carol, "CI")

    response = _act(client, action, carol, confirmed="yes")

    assert messages_of(response) == ["Only a superuser can do this for “carol”."]
    carol.refresh_from_db()
    assert carol.is_active
    assert tokens.authenticate(secret) is not None
    assert UserSession.objects.filter(user=carol).count() == 1


def test_nobody_raises_their_own_rights(staff: Callable[..., Client]):
    client = staff("change_user", "view_user")
    me = User.objects.get(is_staff=True)

    assert client.post(_page(me), {"username": me.username, "is_superuser": "on"}).status_code == 403
    me.refresh_from_db()
    assert not me.is_superuser
    assert set(me.user_permissions.values_list("codename", flat=True)) == {"change_user", "view_user"}


def test_pages_and_tokens_note_when_somebody_was_last_here(alice: User):
    _, secret = tokens.issue(alice, "CI")
    tokens.authenticate(secret)

    alice.refresh_from_db()
    seen = alice.last_seen_at
    assert seen is not None
    presence.note_seen(alice.pk)
    alice.refresh_from_db()
    assert alice.last_seen_at == seen  # once a minute is enough

    User.objects.update(last_seen_at=seen - timedelta(hours=1))
    presence.note_seen(alice.pk)
    alice.refresh_from_db()
    assert alice.last_seen_at >= seen
