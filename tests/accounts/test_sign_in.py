import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_lets_one_in_and_on_to_where_one_was_going(client, alice):
    response = client.post(LOGIN, {"login": "alice", "password": PASSWORD, "next": "/library/"})
    assert response.url == "/library/"
    assert signed_in(client)


def test_it_says_what_is_wrong(client, alice):
    response = client.post(LOGIN, {"login": "alice", "password": "guess"})
    assert "not correct" in response.content.decode()
    assert not signed_in(client)


def test_it_never_leads_off_the_site(client, alice):
    response = client.post(LOGIN, {"login": "alice", "password": PASSWORD, "next": "https://evil.example/"})
    assert response.url == reverse("videos:studio")


def test_nobody_signs_up(client, db):
    response = client.get(reverse("account_signup"))
    assert "Invitation only" in response.content.decode()
    data = {"username": "mallory", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), data)
    assert not User.objects.filter(username="mallory").exists()


@pytest.mark.parametrize("login", ["alice@example.org", "Alice@Example.org", " alice@example.org "])
def test_an_address_does_for_a_name(client, alice, login):
    User.objects.update(email="alice@example.org")
    client.post(LOGIN, {"login": login, "password": PASSWORD})
    assert signed_in(client)


def test_an_address_is_kept_in_lower_case(alice):
    alice.email = "Alice@Example.ORG"
    alice.save()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_signing_out_asks_and_then_does(as_alice):
    assert "Sign out?" in as_alice.get(reverse("account_logout")).content.decode()
    assert signed_in(as_alice)
    as_alice.post(reverse("account_logout"))
    assert not signed_in(as_alice)


def test_a_password_can_be_changed(as_alice, alice):
    url = reverse("account_change_password")
    new = "another correct horse"
    wrong = as_alice.post(url, {"oldpassword": "guess", "password1": new, "password2": new})
    assert "password" in wrong.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    as_alice.post(url, {"oldpassword": PASSWORD, "password1": new, "password2": new})
    alice.refresh_from_db()
    assert alice.check_password(new)
