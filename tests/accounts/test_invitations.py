"""Joining: by an invitation alone, once, in time, by whom it is for; or with an address of an open domain."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, Role, User
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PAGE, SIGNUP = reverse("invitations"), reverse("account_signup")
ACCOUNT = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def manager(db) -> User:
    return UserFactory(username="mona", role=Role.MANAGER)


@pytest.fixture
def as_manager(manager: User) -> Client:
    client = Client()
    client.force_login(manager)
    return client


def _invite(client: Client, **fields: str):
    return client.post(PAGE, {"role": "creator", "days": "7", "email": "", **fields})


def _link(page) -> str:
    found = re.search(r'value="http://testserver(/accounts/invitation/[^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def _mailed_link() -> str:
    found = re.search(r"http://testserver(/accounts/invitation/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


# --- Inviting ----------------------------------------------------------------------------------------------


def test_the_link_makes_one_account_and_signs_in(as_manager: Client, manager: User, client: Client):
    link = _link(_invite(as_manager))
    assert "mona invites you as a creator" in client.get(link).content.decode()

    response = client.post(link, {**ACCOUNT, "email": "Dora@Example.org"})

    assert response.url == reverse("videos:studio")
    dora = User.objects.get(username="dora")
    assert (dora.role, dora.email, dora.is_staff) == (Role.CREATOR, "dora@example.org", False)
    assert client.get("/").status_code == 200
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.status) == (dora, "Accepted")
    assert not EmailAddress.objects.get(user=dora).verified, "nobody has confirmed an address that was typed"


def test_an_address_gets_the_link_and_counts_as_confirmed(as_manager: Client, client: Client):
    _invite(as_manager, email="Dora@Example.org", role="viewer")
    assert [message.to for message in mail.outbox] == [["dora@example.org"]]
    page = client.get(_mailed_link()).content.decode()
    assert "dora@example.org" in page
    assert 'name="email"' not in page

    client.post(_mailed_link(), {**ACCOUNT, "email": "other@example.org"})

    dora = User.objects.get(username="dora")
    assert (dora.email, dora.role) == ("dora@example.org", Role.VIEWER)
    assert EmailAddress.objects.get(user=dora).verified


def test_the_secret_is_not_in_the_database(as_manager: Client):
    secret = _link(_invite(as_manager)).rstrip("/").rpartition("/")[2]
    assert secret not in str(Invitation.objects.values_list())
    assert secret not in as_manager.get(PAGE).content.decode()


@pytest.mark.parametrize("role", ["manager", "staff", ""])
def test_nobody_makes_more_of_others_than_they_are(as_manager: Client, role: str):
    assert _invite(as_manager, role=role).status_code == 422
    assert not Invitation.objects.exists()


def test_a_superuser_invites_managers(as_carol: Client, client: Client):
    client.post(_link(_invite(as_carol, role="manager")), ACCOUNT)
    assert User.objects.get(username="dora").role == Role.MANAGER


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"email": "no address"}, "email"), ({"days": "0"}, "days"), ({"days": "9999"}, "days")],
)
def test_what_is_wrong_is_said_at_its_field(as_manager: Client, fields, field: str):
    response = _invite(as_manager, **fields)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Invitation.objects.exists()
    assert mail.outbox == []


def test_somebody_who_is_here_is_not_invited(as_manager: Client, alice: User):
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    response = _invite(as_manager, email="Alice@example.org")
    assert "has an account already" in response.content.decode()
    assert mail.outbox == []


def test_a_manager_does_not_flood_strangers_with_mail(as_manager: Client):
    for number in range(51):
        page = _invite(as_manager, email=f"a{number}@example.org")
    assert len(mail.outbox) == 50
    assert "The link was not mailed" in page.content.decode()
    assert Invitation.objects.count() == 51


def test_managers_see_and_withdraw_their_own(as_manager: Client, client: Client):
    other = UserFactory(role=Role.MANAGER)
    theirs, _ = invitations.issue(other, role=Role.CREATOR, email="theirs@example.org")
    link = _link(_invite(as_manager))
    mine = Invitation.objects.exclude(pk=theirs.pk).get()

    assert "theirs@example.org" not in as_manager.get(PAGE).content.decode()
    assert as_manager.post(reverse("invitation_revoke", args=[theirs.pk])).status_code == 404
    assert (
        "Withdraw this invitation?"
        in as_manager.get(reverse("invitation_revoke", args=[mine.pk])).content.decode()
    )
    as_manager.post(reverse("invitation_revoke", args=[mine.pk]))

    assert "was withdrawn" in client.get(link).content.decode()
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


# --- When it goes wrong ------------------------------------------------------------------------------------


def _refused(client: Client, link: str, sentence: str, status: int = 410) -> None:
    for response in (client.get(link), client.post(link, ACCOUNT)):
        assert response.status_code == status
        assert sentence in response.content.decode()
    assert not User.objects.filter(username="dora").exists()


def test_a_link_works_once(as_manager: Client, client: Client):
    link = _link(_invite(as_manager))
    client.post(link, {**ACCOUNT, "username": "first"})
    _refused(Client(), link, "has been used. If that was you, sign in.")


def test_a_link_expires(as_manager: Client, client: Client):
    link = _link(_invite(as_manager))
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    _refused(client, link, "has expired. Ask for a new one.")


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": Role.CREATOR}])
def test_the_link_of_somebody_who_may_not_invite_any_more_is_void(
    as_manager: Client, manager: User, client: Client, changes
):
    link = _link(_invite(as_manager))
    User.objects.filter(pk=manager.pk).update(**changes)
    _refused(client, link, "was withdrawn")


@pytest.mark.parametrize("secret", ["nonsense", "x" * 500, "é", "%00"])
def test_what_is_no_link_is_a_sentence(client: Client, secret: str):
    link = f"/accounts/invitation/{secret}/"
    assert client.get(link).status_code == 410
    assert "is not the link of an invitation" in client.get(link).content.decode()


def test_a_link_that_somebody_else_opens_is_left_for_whom_it_is(as_manager: Client, as_alice: Client):
    link = _link(_invite(as_manager))
    for response in (as_alice.get(link), as_alice.post(link, ACCOUNT)):
        assert response.status_code == 409
        assert "You are signed in as alice." in response.content.decode()
    assert Invitation.objects.get().status == "Open"


def test_two_who_join_at_once_are_one(as_manager: Client, client: Client, monkeypatch):
    link = _link(_invite(as_manager))
    invitation = Invitation.objects.get()
    found = invitations.find(link.split("/")[-2])
    invitations.accept(found, User(username="first"))
    monkeypatch.setattr(invitations, "find", lambda secret: invitation)

    response = client.post(link, ACCOUNT)

    assert response.status_code == 410
    assert "has just been used" in response.content.decode()
    assert not User.objects.filter(username="dora").exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "ALICE"}, "username"),
        ({"username": "d@ra"}, "username"),
        ({"username": "d\x00ra"}, "username"),
        ({"password2": "other"}, "password2"),
        ({"password1": "short", "password2": "short"}, "password2"),
        ({"email": "nonsense"}, "email"),
    ],
)
def test_an_account_that_cannot_be_made_uses_nothing_up(
    as_manager: Client, client: Client, alice: User, fields, field: str
):
    link = _link(_invite(as_manager))
    response = client.post(link, {**ACCOUNT, **fields})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Invitation.objects.get().status == "Open"


def test_an_address_that_joined_meanwhile_signs_in_instead(as_manager: Client, client: Client, alice: User):
    _invite(as_manager, email="alice@example.org")
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    response = client.post(_mailed_link(), ACCOUNT)
    assert (response.status_code, Invitation.objects.get().status) == (410, "Open")
    assert "There is an account with this address already" in response.content.decode()


def test_guessing_links_is_slow(client: Client):
    for number in range(30):
        client.get(f"/accounts/invitation/guess{number}/")
    assert client.get("/accounts/invitation/one-more/").status_code == 429


def test_staff_withdraw_in_the_admin(as_manager: Client, as_carol: Client, client: Client):
    link = _link(_invite(as_manager))
    page = reverse("admin:accounts_invitation_changelist")
    as_carol.post(page, {"action": "withdraw", "_selected_action": [Invitation.objects.get().pk]})
    _refused(client, link, "was withdrawn")


# --- Open domains ------------------------------------------------------------------------------------------


@pytest.fixture
def open_domain(settings) -> None:
    settings.SIGNUP_EMAIL_DOMAINS = ["example.org"]


def test_it_is_closed_by_default(client: Client):
    assert "Invitation only" in client.get(SIGNUP).content.decode()
    client.post(SIGNUP, {"email": "dora@example.org"})
    assert mail.outbox == []


def test_an_address_of_an_open_domain_gets_a_link(client: Client, open_domain, settings):
    settings.SIGNUP_ROLE = "viewer"
    assert "Check your mail" in client.post(SIGNUP, {"email": "Dora@Example.org"}).content.decode()
    client.post(_mailed_link(), ACCOUNT)
    dora = User.objects.get(username="dora")
    assert (dora.role, dora.email) == (Role.VIEWER, "dora@example.org")
    assert EmailAddress.objects.get(user=dora).verified


@pytest.mark.parametrize(
    "email", ["dora@example.com", "dora@sub.example.org", "dora@example.org.evil.test", "x@notexample.org"]
)
def test_other_domains_are_refused_at_the_field(client: Client, open_domain, email: str):
    response = client.post(SIGNUP, {"email": email})
    assert response.status_code == 422
    assert "Only addresses at example.org" in response.content.decode()
    assert mail.outbox == []


def test_who_has_an_account_is_told_by_mail_alone(client: Client, open_domain, alice: User):
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    known, new = (
        client.post(SIGNUP, {"email": f"{name}@example.org"}).content.decode().partition("<main")[2]
        for name in ("alice", "dora")
    )

    assert "Check your mail" in new
    assert known.replace("alice", "dora") == new
    assert "has an account already" in mail.outbox[0].body
    assert "/accounts/invitation/" not in mail.outbox[0].body


def test_a_flood_is_stopped(client: Client, open_domain):
    for _ in range(5):
        client.post(SIGNUP, {"email": "dora@example.org"}, REMOTE_ADDR="203.0.113.1")
    assert len(mail.outbox) == 3
    for number in range(10):
        client.post(SIGNUP, {"email": f"a{number}@example.org"}, REMOTE_ADDR="198.51.100.1")
    assert client.post(SIGNUP, {"email": "b@example.org"}, REMOTE_ADDR="198.51.100.1").status_code == 429
    assert len(mail.outbox) == 13


def test_a_domain_that_is_closed_again_voids_its_links(client: Client, open_domain, settings):
    client.post(SIGNUP, {"email": "dora@example.org"})
    settings.SIGNUP_EMAIL_DOMAINS = []
    _refused(client, _mailed_link(), "was withdrawn")
