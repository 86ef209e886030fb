"""An event becomes a message and its deliveries, in the transaction of what happened."""

import json

import pytest
from django.db import transaction
from django.urls import reverse

from accounts import deactivation
from accounts.models import Role, User
from contentgen.events import Event, EventKind, publish
from tests.factories import UserFactory
from tests.webhooks.conftest import Publish, only
from webhooks import outbox
from webhooks.models import Delivery, DeliveryState, Message
from webhooks.payload import MAX_BODY, MAX_TEXT, describe

pytestmark = pytest.mark.django_db


def _data() -> dict[str, object]:
    data: dict[str, object] = json.loads(Message.objects.get().body)["data"]
    return data


def test_it_tells_what_happened_to_whom(hook, happen: Publish, settings):
    settings.PUBLIC_URL = "https://studio.example.org"
    hook()
    happen(model="sora-2", prompt="A boat")

    body = json.loads(only().message.body)
    assert set(body) == {"type", "timestamp", "data"}
    assert body["type"] == "video.completed"
    assert body["timestamp"].endswith("Z")
    assert body["data"] == {
        "id": "video_1",
        "user": "alice",
        "status": "completed",
        "url": "https://studio.example.org/api/v1/videos/video_1",
        "model": "sora-2",
        "prompt": "A boat",
    }


def test_what_is_no_video_has_no_address(hook, happen: Publish):
    hook()
    happen(EventKind.BUDGET_EXCEEDED, object_id="b1", left="0.00")

    assert _data() == {"id": "b1", "user": "alice", "url": None, "left": "0.00"}


def test_it_goes_to_each_that_wants_it_and_to_no_other(hook, happen: Publish, bob: User):
    first, second = hook(), hook(kinds=["video.completed"])
    hook(kinds=["video.failed"])
    hook(owner=bob)
    happen()

    assert set(Delivery.objects.values_list("endpoint", flat=True)) == {first.pk, second.pk}
    assert Message.objects.count() == 1


def test_nothing_is_written_when_nobody_listens(hook, happen: Publish):
    hook(kinds=["video.failed"])
    happen()

    assert not Message.objects.exists()


def test_nothing_is_told_of_what_was_rolled_back(hook, alice: User):
    hook()
    with transaction.atomic():
        publish(Event(EventKind.VIDEO_COMPLETED, alice.pk, "video_1"))
        assert Delivery.objects.exists()
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_a_studio_wide_one_hears_of_everybody_while_its_owner_manages(hook, happen: Publish, bob: User):
    bob.role = Role.MANAGER
    bob.save()
    hook(owner=bob, is_studio_wide=True)
    happen()
    assert only().endpoint.owner == bob

    bob.role = Role.CREATOR
    bob.save()
    happen()
    assert Delivery.objects.count() == 1


def test_a_superuser_hears_of_everybody_too(hook, happen: Publish, carol: User):
    hook(owner=carol, is_studio_wide=True)
    happen()

    assert only().endpoint.owner == carol


def test_a_viewer_hears_nothing(hook, happen: Publish, alice: User):
    hook()
    alice.role = Role.VIEWER
    alice.save()
    happen()

    assert not Delivery.objects.exists()


def test_somebody_who_is_deactivated_stops_at_once(hook, happen: Publish, alice: User):
    hook()
    happen()
    alice.is_active = False
    alice.save()
    deactivation.end_access(alice)
    happen()

    assert (only().state, only().due_at) == (DeliveryState.FAILED, None)
    assert "disabled" in only().error


def test_somebody_who_is_deleted_takes_all_of_it_along(hook, happen: Publish):
    gone = UserFactory()
    hook(owner=gone)
    happen(user=gone)
    gone.delete()

    assert not Message.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a\x00b", "a\ufffdb"), ("\ud800", "?"), ("“木”", "“木”"), ("</script>", "</script>")],
)
def test_any_text_can_be_stored_and_read_back(hook, happen: Publish, text: str, stored: str):
    hook()
    happen(prompt=text)

    assert _data()["prompt"] == stored
    assert only().message.body.isascii()


def test_a_long_text_is_shortened(hook, happen: Publish):
    hook()
    happen(prompt="x" * 100_000)

    prompt = _data()["prompt"]
    assert isinstance(prompt, str)
    assert len(prompt) == MAX_TEXT


def test_what_is_too_large_is_left_out(hook, happen: Publish):
    hook()
    happen(many={str(n): "x" * 900 for n in range(100)})

    assert len(only().message.body) <= MAX_BODY
    assert _data()["truncated"] is True
    assert _data()["id"] == "video_1"


def test_the_address_is_that_of_the_api():
    event = Event(EventKind.VIDEO_FAILED, 1, "video_1")
    path = describe(event, "alice")["url"]
    assert path == reverse("api:retrieve", kwargs={"video_id": "video_1"})


def test_an_id_that_fits_no_address_undoes_nothing(hook, happen: Publish):
    hook()
    happen(object_id="not an id/at all")

    assert _data()["url"] == "/api/v1/videos/not%20an%20id%2Fat%20all"


def test_too_much_that_waits_is_not_sent_but_kept(hook, happen: Publish, monkeypatch):
    monkeypatch.setattr(outbox, "MAX_PENDING", 2)
    hook()
    for _ in range(3):
        happen()

    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["pending", "pending", "failed"]
    last = Delivery.objects.latest("pk")
    assert (last.error, last.due_at) == (outbox.TOO_MANY, None)


def test_its_queries_do_not_grow_with_the_people(hook, happen: Publish, django_assert_num_queries):
    hook()
    for _ in range(20):
        hook(owner=UserFactory())
    with django_assert_num_queries(
        14
    ):  # two savepoints, two of reading, message, count, deliveries; and the inbox
        happen()
