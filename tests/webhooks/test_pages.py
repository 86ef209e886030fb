"""The pages of webhooks: add, test, pause, rotate, resend, delete, and the log."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import Role, User
from contentgen import encryption
from tests.factories import UserFactory
from tests.webhooks.conftest import Publish, Serve, only
from webhooks import endpoints, pump
from webhooks.log import PAGE_SIZE
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState, Message

pytestmark = pytest.mark.django_db
LIST = "/accounts/webhooks/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
FIELDS = {"url": "https://hooks.example.org/x", "kinds": ["video.completed"], "description": "Slack"}


def _url(name: str, endpoint: Endpoint, *rest: str) -> str:
    return reverse(f"webhooks:{name}", args=[endpoint.public_id, *rest])


def _text(response) -> str:
    text: str = response.content.decode()
    return text


def test_it_is_linked_from_the_account_pages(as_alice: Client):
    assert f'href="{LIST}"' in _text(as_alice.get("/accounts/profile/"))
    assert "No webhooks yet" in _text(as_alice.get(LIST))


def test_one_is_added_and_its_secret_shown(as_alice: Client, alice: User):
    response = as_alice.post(f"{LIST}new", FIELDS)

    assert response.status_code == 200
    (secret,) = set(SECRET.findall(_text(response)))
    endpoint = Endpoint.objects.get()
    assert (endpoint.owner, endpoint.url, endpoint.kinds) == (alice, FIELDS["url"], FIELDS["kinds"])
    assert (endpoint.state, endpoint.is_studio_wide) == (EndpointState.ACTIVE, False)
    assert encryption.decrypt(endpoint.secret) == secret
    assert "no-store" in response["Cache-Control"]
    Webhook(secret)

    page = as_alice.get(_url("endpoint", endpoint))
    assert not SECRET.search(_text(page))
    assert "Nothing was sent yet" in _text(page)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"url": "http://127.0.0.1/"}, "inside a private network"),
        ({"url": "https://a:b@hooks.example.org/"}, "user name and password"),
        ({"url": "x\x00y"}, "Null characters"),
        ({"kinds": []}, "Choose at least one kind"),
        ({"kinds": ["nothing.such"]}, "nothing.such"),
        ({"description": "x" * 201}, "at most 200"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(as_alice: Client, change, reason):
    response = as_alice.post(f"{LIST}new", FIELDS | change)

    assert response.status_code == 422
    assert reason in _text(response)
    assert not Endpoint.objects.exists()


def test_managers_alone_are_offered_everybodys_events(as_alice: Client, as_bob: Client, bob: User):
    bob.role = Role.MANAGER
    bob.save()
    assert "is_studio_wide" not in _text(as_alice.get(f"{LIST}new"))
    assert "is_studio_wide" in _text(as_bob.get(f"{LIST}new"))

    as_alice.post(f"{LIST}new", FIELDS | {"is_studio_wide": "on"})
    as_bob.post(f"{LIST}new", FIELDS | {"is_studio_wide": "on"})

    assert dict(Endpoint.objects.values_list("owner__username", "is_studio_wide")) == {
        "alice": False,
        "bob": True,
    }


def test_there_are_not_more_than_so_many(as_alice: Client, alice: User, monkeypatch):
    monkeypatch.setattr(endpoints, "MAX_ENDPOINTS", 1)
    as_alice.post(f"{LIST}new", FIELDS)
    response = as_alice.post(f"{LIST}new", FIELDS)

    assert response.status_code == 422
    assert "Delete one first" in _text(response)
    assert Endpoint.objects.count() == 1


def test_it_is_changed(as_alice: Client, hook):
    endpoint = hook()
    assert endpoint.url in _text(as_alice.get(_url("edit", endpoint)))
    changed = {"url": "https://other.example.org/", "kinds": ["video.failed"], "description": ""}
    assert as_alice.post(_url("edit", endpoint), changed).status_code == 302

    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.kinds) == ("https://other.example.org/", ["video.failed"])


NAMES = ("endpoint", "edit", "delete", "pause", "resume", "test", "secret", "rotate_secret", "resend_failed")


def test_a_stranger_gets_nowhere(as_bob: Client, hook, happen: Publish):
    endpoint = hook()
    happen()
    before = Endpoint.objects.values().get()
    addresses = [_url(name, endpoint) for name in NAMES]
    addresses.append(_url("resend", endpoint, only().public_id))
    for address in addresses:
        assert as_bob.post(address, {"hours": "24"}).status_code in (404, 405), address
        assert as_bob.get(address).status_code in (404, 405), address

    assert Endpoint.objects.values().get() == before
    assert endpoint.url not in _text(as_bob.get(LIST))


def test_another_manager_gets_nowhere_either(as_carol: Client, hook, bob: User):
    bob.role = Role.MANAGER
    bob.save()
    endpoint = hook(owner=bob, is_studio_wide=True)

    assert as_carol.get(_url("endpoint", endpoint)).status_code == 404


def test_a_viewer_only_looks(hook, alice: User, as_alice: Client):
    endpoint = hook()
    alice.role = Role.VIEWER
    alice.save()

    assert LIST not in _text(as_alice.get("/accounts/profile/"))
    for address in (LIST, f"{LIST}new", _url("endpoint", endpoint)):
        assert as_alice.get(address).status_code == 403
    assert as_alice.post(_url("delete", endpoint)).status_code == 403
    assert Endpoint.objects.exists()


@pytest.mark.parametrize("name", ["pause", "resume", "test", "secret", "resend_failed"])
def test_nothing_is_done_by_a_get(as_alice: Client, hook, name):
    assert as_alice.get(_url(name, hook())).status_code == 405


def test_it_is_paused_and_goes_on(as_alice: Client, hook):
    endpoint = hook()
    as_alice.post(_url("pause", endpoint))
    assert Endpoint.objects.get().state == EndpointState.PAUSED
    assert "Resume" in _text(as_alice.get(_url("endpoint", endpoint)))
    as_alice.post(_url("resume", endpoint))
    assert Endpoint.objects.get().state == EndpointState.ACTIVE


def test_a_test_is_on_its_way(as_alice: Client, hook):
    endpoint = hook()
    response = as_alice.post(_url("test", endpoint), follow=True)

    assert "Test on its way" in _text(response)
    assert only().message.kind == "webhook.test"
    assert "webhook.test" in _text(response)


def test_tests_are_limited_and_need_an_active_one(as_alice: Client, hook):
    endpoint = hook()
    for _ in range(25):
        response = as_alice.post(_url("test", endpoint), follow=True)
    assert "Too many tests" in _text(response)
    assert Delivery.objects.count() == 20

    as_alice.post(_url("pause", endpoint))
    assert "not active" in _text(as_alice.post(_url("test", endpoint), follow=True))


def test_the_secret_is_shown_again_by_choice(as_alice: Client, hook):
    endpoint = hook()
    response = as_alice.post(_url("secret", endpoint))

    assert encryption.decrypt(endpoint.secret) in _text(response)
    assert "no-store" in response["Cache-Control"]


def test_the_secret_is_rotated(as_alice: Client, hook):
    endpoint = hook()
    former = endpoint.secret
    assert "24 hours" in _text(as_alice.get(_url("rotate_secret", endpoint)))
    assert Endpoint.objects.get().secret == former
    response = as_alice.post(_url("rotate_secret", endpoint))

    changed = Endpoint.objects.get()
    assert (changed.former_secret, changed.secret == former) == (former, False)
    assert encryption.decrypt(changed.secret) in _text(response)
    assert "signs too until" in _text(response)


def test_it_is_deleted_with_its_log(as_alice: Client, hook, happen: Publish):
    endpoint = hook()
    happen()
    assert "Delete this webhook?" in _text(as_alice.get(_url("delete", endpoint)))
    as_alice.post(_url("delete", endpoint))

    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()


def test_a_disabled_one_says_why_and_is_turned_on(as_alice: Client, hook):
    endpoint = hook()
    Endpoint.objects.update(state=EndpointState.DISABLED, problem="It has failed for 5 days.")
    page = _text(as_alice.get(_url("endpoint", endpoint)))

    assert "It has failed for 5 days." in page
    assert "It has failed for 5 days." in _text(as_alice.get(LIST))
    assert "Turn on" in page
    as_alice.post(_url("resume", endpoint))
    assert Endpoint.objects.get().state == EndpointState.ACTIVE


def _finish(state: DeliveryState, **fields: object) -> None:
    Delivery.objects.update(state=state, due_at=None, finished_at=timezone.now(), attempts=3, **fields)


def test_one_delivery_is_sent_again(as_alice: Client, hook, happen: Publish):
    endpoint = hook()
    happen()
    _finish(DeliveryState.DELIVERED, response_status=200)
    as_alice.post(_url("resend", endpoint, only().public_id))

    delivery = only()
    assert (delivery.state, delivery.attempts, delivery.finished_at) == (DeliveryState.PENDING, 0, None)
    assert delivery.due_at is not None


def test_all_that_failed_are_sent_again_and_no_others(as_alice: Client, hook, happen: Publish):
    endpoint = hook()
    for _ in range(4):
        happen()
    _finish(DeliveryState.FAILED, error="The receiver answered 500.")
    old, delivered, *recent = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=3))
    Delivery.objects.filter(pk=delivered.pk).update(state=DeliveryState.DELIVERED)
    response = as_alice.post(_url("resend_failed", endpoint), {"hours": "24"}, follow=True)

    assert "2 on their way again." in _text(response)
    pending = Delivery.objects.filter(state=DeliveryState.PENDING).values_list("pk", flat=True)
    assert set(pending) == {each.pk for each in recent}
    assert as_alice.post(_url("resend_failed", endpoint), {"hours": "9" * 20}).status_code == 302


def test_the_log_shows_what_was_sent_and_answered(as_alice: Client, hook, happen: Publish):
    endpoint = hook()
    happen(prompt="<script>alert(1)</script>")
    error = "The receiver answered 500."
    _finish(DeliveryState.FAILED, response_status=500, response_body="<b>no</b>", duration_ms=35, error=error)
    page = _text(as_alice.get(_url("endpoint", endpoint)))

    for text in (
        "video.completed",
        "Failed",
        "500",
        "in 35 ms",
        error,
        "&lt;b&gt;no&lt;/b&gt;",
        "3 attempts",
    ):
        assert text in page
    assert only().message.public_id in page
    assert "<script>alert" not in page
    assert "<b>no" not in page


def _fill(endpoint: Endpoint, count: int) -> None:
    message = Message.objects.create(kind="video.failed", user=endpoint.owner, body="{}")
    Delivery.objects.bulk_create(Delivery(endpoint=endpoint, message=message) for _ in range(count))


def test_the_log_has_pages_and_filters(as_alice: Client, hook):
    endpoint = hook()
    _fill(endpoint, PAGE_SIZE + 5)
    page = as_alice.get(_url("endpoint", endpoint))
    assert len(page.context["log"].deliveries) == PAGE_SIZE
    older = as_alice.get(_url("endpoint", endpoint), {"after": page.context["log"].next})
    assert len(older.context["log"].deliveries) == 5
    assert older.context["log"].next == ""
    assert "No such deliveries" in _text(as_alice.get(_url("endpoint", endpoint), {"state": "failed"}))
    for after in ("nowhere", "a\x00b"):
        assert as_alice.get(_url("endpoint", endpoint), {"after": after}).status_code == 404


def test_its_queries_do_not_grow_with_the_rows(as_alice: Client, hook):
    endpoint = hook()
    _fill(endpoint, 2)
    as_alice.get(_url("endpoint", endpoint))  # the first page of all learns more, and remembers it
    with CaptureQueriesContext(connection) as few:
        as_alice.get(_url("endpoint", endpoint))
    _fill(endpoint, 300)
    for _ in range(5):
        hook()
    with CaptureQueriesContext(connection) as many:
        as_alice.get(_url("endpoint", endpoint))
    assert len(many) == len(few) < 12


@pytest.mark.django_db(transaction=True)
def test_from_the_page_to_the_receiver_and_back(as_alice: Client, hook, serve: Serve):
    receiver = serve()
    endpoint = hook(receiver)
    as_alice.post(_url("test", endpoint))
    pump.deliver_due()

    assert receiver.posts == 1
    assert "Delivered" in _text(as_alice.get(_url("endpoint", endpoint)))


def test_rules_are_those_of_the_roles(hook):
    """The rules of `permitted`, which is SQL, against `accounts.roles`."""
    from accounts import roles

    for role in Role:
        for flags in ({}, {"is_superuser": True}, {"is_staff": True}, {"is_active": False}):
            user = UserFactory(role=role, **flags)
            own = Endpoint.objects.create(owner=user, url="https://x.example/", secret="")
            wide = Endpoint.objects.create(
                owner=user, url="https://x.example/", secret="", is_studio_wide=True
            )
            permitted = set(Endpoint.objects.permitted().filter(owner=user))
            expected = {own} if roles.may_create(user) else set()
            assert permitted == expected | ({wide} if roles.may_manage(user) else set()), (role, flags)
