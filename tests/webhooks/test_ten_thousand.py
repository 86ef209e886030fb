"""Ten thousand deliveries wait for a receiver that is away: it is asked now and then, and slows nobody."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.backends.server import drop
from tests.webhooks.conftest import Publish, Serve
from webhooks import pump
from webhooks.models import Delivery, Endpoint, Message
from webhooks.outbox import MAX_PENDING

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def many(hook, serve: Serve) -> Endpoint:
    endpoint: Endpoint = hook(serve(drop))
    message = Message.objects.create(kind="video.completed", user=endpoint.owner, body="{}")
    Delivery.objects.bulk_create(
        (Delivery(endpoint=endpoint, message=message) for _ in range(MAX_PENDING)), batch_size=2000
    )
    Endpoint.objects.filter(pk=endpoint.pk).update(failures=3)
    return endpoint


def test_they_slow_down_nobody_else(many: Endpoint, hook, serve: Serve, happen: Publish):
    quick = serve()
    hook(quick)
    happen()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        began = time.process_time()
        attempts = pump.deliver_due()
        elapsed = time.process_time() - began

    assert quick.posts == 1
    assert attempts == 2, "one to see whether the receiver is back, and the other's"
    assert len(queries) < 40
    assert elapsed < 5
    assert Delivery.objects.filter(endpoint=many, due_at__isnull=False).count() == MAX_PENDING


def test_nothing_more_waits_for_it(many: Endpoint, happen: Publish):
    happen()

    assert Delivery.objects.filter(endpoint=many, due_at__isnull=False).count() == MAX_PENDING
    assert Delivery.objects.latest("pk").due_at is None
