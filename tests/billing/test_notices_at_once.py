"""Several requests that reach a budget's limit at the same moment tell of it once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import User
from billing.models import BudgetNotice, Scope
from billing.targets import Target, set_budget
from contentgen.events import Event, EventKind, event_published
from tests.billing.money import dollars, make
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db(transaction=True)


def test_they_tell_of_it_once(paid: Backend, alice: User):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("0.40"), is_soft=True)
    heard: list[Event] = []

    def listen(sender, event: Event, **kwargs) -> None:
        heard.append(event)

    start = Barrier(4)

    def spend(number: int) -> None:
        start.wait()
        try:
            make(alice, prompt=f"Boat {number}")
        finally:
            connection.close()

    event_published.connect(listen)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(spend, range(4)))
    finally:
        event_published.disconnect(listen)
    assert Video.objects.count() == 4
    assert [event.kind for event in heard] == [EventKind.BUDGET_EXCEEDED]
    assert BudgetNotice.objects.count() == 1
