"""What is sent, when it is sent again, and what becomes of an endpoint that fails."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import OutgoingMail, User
from contentgen import encryption
from tests.backends.server import drop, reply
from tests.webhooks.conftest import Publish, Serve, only
from webhooks import endpoints, pump
from webhooks.deliveries import claim, conclude
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from webhooks.network import Outcome

pytestmark = pytest.mark.django_db(transaction=True)


def _secret(endpoint: Endpoint) -> str:
    return encryption.decrypt(Endpoint.objects.get(pk=endpoint.pk).secret)


def test_it_is_verified_by_the_package_of_standard_webhooks(serve: Serve, hook, happen: Publish):
    receiver = serve()
    endpoint = hook(receiver)
    happen(prompt="“木” a boat")

    assert pump.deliver_due() == 1

    (request,) = receiver.requests
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    message = Webhook(_secret(endpoint)).verify(request.body, request.headers)
    assert message == json.loads(request.body)
    assert message["data"]["prompt"] == "“木” a boat"
    delivery = only()
    assert request.headers["webhook-id"] == delivery.message.public_id
    assert (delivery.state, delivery.attempts, delivery.due_at) == (DeliveryState.DELIVERED, 1, None)
    assert (delivery.response_status, delivery.error) == (200, "")
    assert delivery.duration_ms is not None
    assert Endpoint.objects.get().delivered_at is not None


def test_nothing_is_sent_twice(serve: Serve, hook, happen: Publish):
    receiver = serve()
    hook(receiver)
    happen()

    assert (pump.deliver_due(), pump.deliver_due()) == (1, 0)
    assert receiver.posts == 1


def test_a_receiver_that_fails_for_ten_minutes_gets_each_event(
    serve: Serve, hook, happen: Publish, pass_time: Callable[..., None]
):
    receiver = serve(reply(500, b"broken"))
    endpoint = hook(receiver)
    for number in range(8):
        happen(object_id=f"video_{number}")

    for _ in range(120):  # ten minutes
        pump.deliver_due()
        pass_time(seconds=5)
    assert not Delivery.objects.exclude(state=DeliveryState.PENDING).exists()
    failing = Endpoint.objects.get()
    assert failing.failures > 1
    assert failing.failing_since is not None
    tried = {request.headers["webhook-id"] for request in receiver.requests}

    receiver.answers = [reply(204)]
    before = len(receiver.requests)
    for _ in range(120):
        pump.deliver_due()
        pass_time(seconds=30)

    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}
    ids = [request.headers["webhook-id"] for request in receiver.requests[before:]]
    assert len(ids) == len(set(ids)) == 8
    assert tried <= set(ids), "the same id in each attempt"
    last = receiver.requests[-1]
    assert {"video_" + str(number) for number in range(8)} == {
        json.loads(request.body)["data"]["id"] for request in receiver.requests[before:]
    }
    assert (
        Webhook(_secret(endpoint)).sign(
            last.headers["webhook-id"],
            datetime.fromtimestamp(
                int(last.headers["webhook-timestamp"]), tz=timezone.get_default_timezone()
            ),
            last.body.decode(),
        )
        == last.headers["webhook-signature"]
    )
    assert (Endpoint.objects.get().failures, Endpoint.objects.get().failing_since) == (0, None)


def test_the_distances_grow_and_then_it_has_failed(
    serve: Serve, hook, happen: Publish, pass_time: Callable[..., None], settings
):
    settings.WEBHOOK_RETRY_SECONDS = [5, 300, 1800]
    receiver = serve(drop)
    hook(receiver)
    happen()

    for expected in settings.WEBHOOK_RETRY_SECONDS:
        pump.deliver_due()
        due_at = only().due_at
        assert due_at is not None
        assert expected * 0.85 < (due_at - timezone.now()).total_seconds() < expected * 1.15
        pass_time(seconds=expected * 1.2)
    pump.deliver_due()

    delivery = only()
    assert (delivery.state, delivery.attempts, delivery.due_at) == (DeliveryState.FAILED, 4, None)
    assert delivery.response_status is None
    assert "broke off" in delivery.error
    assert receiver.posts == 4


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [("120", 115, 125), ("999999999", 86_000, 87_000), ("soon", 0, 10), ("-5", 0, 10), ("0", 0, 10)],
)
def test_retry_after_is_honoured_in_bounds(serve: Serve, hook, happen: Publish, value, least, most):
    hook(serve(reply(503, retry_after=value)))
    happen()
    pump.deliver_due()

    due_at, held_until = only().due_at, Endpoint.objects.get().held_until
    assert due_at is not None
    assert held_until is not None
    assert least <= (due_at - timezone.now()).total_seconds() <= most
    assert held_until >= timezone.now() + timedelta(seconds=min(least, 4))


def test_410_disables_it_at_once(serve: Serve, hook, happen: Publish, alice: User, settings):
    settings.EMAIL_BACKEND = "accounts.mail.OutboxBackend"
    alice.email = "alice@example.org"
    alice.save()
    receiver = serve(reply(410))
    hook(receiver)
    happen()
    endpoints.pause(Endpoint.objects.get())
    happen()
    endpoints.resume(Endpoint.objects.get())
    Delivery.objects.filter(pk=Delivery.objects.latest("pk").pk).update(
        due_at=timezone.now() + timedelta(hours=1)
    )

    pump.deliver_due()
    happen()
    pump.deliver_due()

    endpoint = Endpoint.objects.get()
    assert (endpoint.state, receiver.posts) == (EndpointState.DISABLED, 1)
    assert "410" in endpoint.problem
    assert list(Delivery.objects.values_list("state", flat=True)) == ["failed", "failed"]
    message = OutgoingMail.objects.get()
    assert message.recipient == "alice@example.org"
    assert endpoint.url in message.body
    assert endpoint.public_id in message.body


def test_one_that_failed_for_days_is_disabled_and_can_be_turned_on(
    serve: Serve, hook, happen: Publish, pass_time: Callable[..., None]
):
    receiver = serve(reply(500))
    hook(receiver)
    for _ in range(20):
        happen()
        pump.deliver_due()
        pass_time(hours=7)

    endpoint = Endpoint.objects.get()
    assert endpoint.state == EndpointState.DISABLED
    assert "5 days" in endpoint.problem
    assert not Delivery.objects.filter(state=DeliveryState.PENDING).exists()

    receiver.answers = [reply(200)]
    endpoints.resume(endpoint)
    endpoint.refresh_from_db()
    assert endpoint.problem == ""
    count = endpoints.resend_failed(endpoint, timezone.now() - timedelta(days=30))
    assert count == Delivery.objects.count() > 10
    while pump.deliver_due():
        pass
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}


def test_a_long_silence_between_two_failures_disables_nothing(
    serve: Serve, hook, happen: Publish, pass_time: Callable[..., None], settings
):
    settings.WEBHOOK_RETRY_SECONDS = [1]
    hook(serve(reply(500)))
    for _ in range(2):
        happen()
        pump.deliver_due()
        pass_time(days=6)

    assert Endpoint.objects.get().state == EndpointState.ACTIVE


def test_a_paused_one_keeps_events_and_sends_them_when_it_goes_on(serve: Serve, hook, happen: Publish):
    receiver = serve()
    endpoint = hook(receiver)
    endpoints.pause(endpoint)
    happen()
    assert pump.deliver_due() == 0
    assert receiver.posts == 0

    endpoints.resume(endpoint)
    assert pump.deliver_due() == 1


def test_both_secrets_sign_until_the_overlap_is_over(
    serve: Serve, hook, happen: Publish, pass_time: Callable[..., None]
):
    receiver = serve()
    endpoint = hook(receiver)
    former = _secret(endpoint)
    current = endpoints.rotate_secret(endpoint)
    assert former != current == _secret(endpoint)
    happen()
    pump.deliver_due()
    pass_time(hours=25)
    happen()
    pump.deliver_due()

    during, after = receiver.requests
    for secret in (former, current):
        Webhook(secret).verify(during.body, during.headers)
    assert len(during.headers["webhook-signature"].split()) == 2
    assert len(after.headers["webhook-signature"].split()) == 1


def test_a_secret_that_cannot_be_read_is_a_failure_that_says_so(
    serve: Serve, hook, happen: Publish, settings
):
    receiver = serve()
    hook(receiver)
    happen()
    settings.SECRET_KEY = "another" * 10
    pump.deliver_due()

    assert receiver.posts == 0
    assert "secret can't be read" in only().error
    assert only().state == DeliveryState.PENDING


def test_a_worker_that_comes_back_late_changes_nothing(hook, happen: Publish, pass_time: Callable[..., None]):
    endpoint = hook()
    happen()
    (late,) = claim(endpoint, 1)
    assert claim(endpoint, 1) == [], "nobody else may send it meanwhile"
    pass_time(seconds=61)
    (current,) = claim(endpoint, 1)

    assert not conclude(late, Outcome(status=500, error="The receiver answered 500."))
    assert only().attempts == 2
    assert conclude(current, Outcome(status=200))
    assert (only().state, Endpoint.objects.get().failures) == (DeliveryState.DELIVERED, 0)


def test_a_webhook_that_is_deleted_meanwhile_is_no_error(hook, happen: Publish):
    endpoint = hook()
    happen()
    (claimed,) = claim(endpoint, 1)
    endpoint.delete()

    assert not conclude(claimed, Outcome(status=200))


def test_two_that_claim_at_once_never_get_the_same(hook, happen: Publish):
    endpoint = hook()
    for _ in range(20):
        happen()
    start, claimed = threading.Barrier(4), []

    def take() -> None:
        from django.db import connection

        start.wait()
        for _ in range(10):
            claimed.extend(each.delivery_id for each in claim(endpoint, 4))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 20
