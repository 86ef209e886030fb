"""The log is kept for WEBHOOK_LOG_DAYS, and messages as long as a delivery needs them."""

from collections.abc import Callable

import pytest
from django.core.cache import cache

from tests.webhooks.conftest import Publish
from webhooks.models import Delivery, Message
from webhooks.retention import remove_old

pytestmark = pytest.mark.django_db


def test_what_is_older_goes_and_the_rest_stays(
    hook, happen: Publish, pass_time: Callable[..., None], settings
):
    settings.WEBHOOK_LOG_DAYS = 7
    hook()
    happen(object_id="old")
    pass_time(days=5)
    happen(object_id="new")
    assert remove_old() == 0
    pass_time(days=3)
    cache.clear()

    assert remove_old() == 1
    assert "new" in Message.objects.get().body
    assert Delivery.objects.count() == 1


def test_it_looks_once_a_minute(hook, happen: Publish, pass_time: Callable[..., None]):
    hook()
    happen()
    remove_old()
    pass_time(days=60)

    assert remove_old() == 0
    assert Delivery.objects.count() == 1
