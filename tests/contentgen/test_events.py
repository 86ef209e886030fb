import pytest
from django.db import transaction

from accounts.models import User
from contentgen.events import Event, EventKind, event_published, publish


def _event(user_id: int) -> Event:
    return Event(EventKind.VIDEO_COMPLETED, user_id, object_id="video_1", data={"prompt": "snow"})


def test_a_receiver_hears_of_it_within_the_transaction(alice: User) -> None:
    heard: list[Event] = []

    def hear(event: Event, **_: object) -> None:
        heard.append(event)

    event_published.connect(hear)
    try:
        with transaction.atomic():
            publish(event := _event(alice.pk))
            assert heard == [event]
    finally:
        event_published.disconnect(hear)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_an_error_of_the_caller() -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        publish(_event(1))
