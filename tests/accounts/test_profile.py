"""One's own account: name, theme and time zone, and the address, which counts once it is confirmed."""

import re
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import PASSWORD, VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db
PROFILE, EMAIL = reverse("account_profile"), reverse("account_email")


def _save(client: Client, **fields: str):
    data = {"first_name": "", "last_name": "", "theme": "system", "time_zone": "", "date_style": "en-gb"}
    return client.post(PROFILE, {**data, **fields})


def test_name_and_looks_are_kept(as_alice: Client, alice: User):
    assert _save(as_alice, first_name="Alice", theme="dark", time_zone="Asia/Tokyo").url == PROFILE
    alice.refresh_from_db()
    assert (alice.first_name, alice.theme, alice.time_zone) == ("Alice", "dark", "Asia/Tokyo")
    assert '<html lang="en" data-theme="dark">' in as_alice.get("/").content.decode()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"theme": "pink"}, "theme"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"first_name": "a\x00"}, "first_name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(as_alice: Client, alice: User, fields, field: str):
    response = _save(as_alice, **fields)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    alice.refresh_from_db()
    assert (alice.first_name, alice.theme, alice.time_zone) == ("", "system", "")


@pytest.mark.parametrize("field", ["username", "email", "role", "is_staff", "is_superuser"])
def test_nobody_makes_more_of_themselves(as_alice: Client, alice: User, field: str):
    before = getattr(alice, field)
    _save(as_alice, **{field: "manager"})
    alice.refresh_from_db()
    assert getattr(alice, field) == before


def test_times_are_those_of_the_persons_zone_alone(as_alice: Client, as_bob: Client, alice: User, bob: User):
    User.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    made = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    for owner in (alice, bob):
        VideoFactory(owner=owner, state=State.COMPLETED, created_at=made, public_id=f"video_{owner.username}")

    for client, name, day in ((as_alice, "alice", "2 Mar"), (as_bob, "bob", "1 Mar")):
        text = client.get(reverse("videos:detail", args=[f"video_{name}"])).content.decode()
        assert day in text, name
    assert timezone.get_current_timezone_name() == "UTC", "nothing is left for the next request"
    assert Template("{{ t|date:'j' }}").render(Context({"t": made})) == "1"


def test_a_zone_that_is_no_more_does_no_harm(as_alice: Client, alice: User):
    User.objects.filter(pk=alice.pk).update(time_zone="Gone/Away")
    assert as_alice.get("/").status_code == 200


# --- The address -------------------------------------------------------------------------------------------


def _confirm_identity(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def _link() -> str:
    found = re.search(r"http://testserver(/accounts/email/confirm/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def test_an_address_counts_once_it_is_confirmed(as_alice: Client, alice: User):
    _confirm_identity(as_alice)
    as_alice.post(EMAIL, {"email": "New@Example.org", "action_add": ""})
    alice.refresh_from_db()
    assert not EmailAddress.objects.filter(verified=True).exists()
    assert "new@example.org waits for confirmation" in as_alice.get(EMAIL).content.decode()

    link = _link()
    assert "Confirm your address" in as_alice.get(link).content.decode()
    as_alice.post(link)

    alice.refresh_from_db()
    assert alice.email == "new@example.org"
    assert EmailAddress.objects.get().verified


def test_changing_it_asks_who_one_is(as_alice: Client):
    response = as_alice.post(EMAIL, {"email": "thief@example.org", "action_add": ""})
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert mail.outbox == []
    assert not EmailAddress.objects.exists()


def test_the_old_address_holds_until_then_and_is_told(as_alice: Client, alice: User):
    EmailAddress.objects.create(user=alice, email="old@example.org", verified=True, primary=True)
    User.objects.filter(pk=alice.pk).update(email="old@example.org")
    _confirm_identity(as_alice)
    as_alice.post(EMAIL, {"email": "new@example.org", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "old@example.org"

    as_alice.post(_link())

    alice.refresh_from_db()
    assert alice.email == "new@example.org"
    assert ["old@example.org"] in [message.to for message in mail.outbox]


def test_nobody_has_many_strangers_written_to(as_alice: Client):
    _confirm_identity(as_alice)
    for number in range(15):
        as_alice.post(EMAIL, {"email": f"a{number}@example.org", "action_add": ""})
    assert len(mail.outbox) <= 10


def test_the_sign_in_page_says_what_there_is(as_alice: Client, alice: User):
    text = as_alice.get(reverse("mfa_index")).content.decode()
    assert "None: you can" in text
    alice.set_unusable_password()
    alice.save()
    as_alice.force_login(alice)
    assert reverse("account_set_password") in as_alice.get(reverse("mfa_index")).content.decode()
