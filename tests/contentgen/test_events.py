import pytest
from django.db import transaction

from contentgen.events import Event, EventKind, event_published, publish

EVENT = Event(EventKind.VIDEO_COMPLETED, user_id=1, object_id="video_1", data={"prompt": "snow"})


@pytest.mark.django_db
def test_a_receiver_hears_of_it_within_the_transaction() -> None:
    heard: list[Event] = []

    def hear(event: Event, **_: object) -> None:
        heard.append(event)

    event_published.connect(hear)
    try:
        with transaction.atomic():
            publish(EVENT)
            assert heard == [EVENT]
    finally:
        event_published.disconnect(hear)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_an_error_of_the_caller() -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        publish(EVENT)
