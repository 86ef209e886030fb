"""Messages are sent when there is something to do, and not again while one like it is on its way.

Counted before: 24,536 discarded messages in 17 minutes.
"""

import time
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from videos import tasks
from videos.engine import dispatch, enqueue, poll, submit, sweep
from videos.engine.enqueue import send
from videos.models import Backend, State, Video

Message = tuple[str, int]


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch, hints: list, settings) -> list[Message]:
    """What reaches the broker, in place of the hints that other tests collect."""
    settings.REDIS_URL = "redis://broker.test"
    sent: list[Message] = []
    monkeypatch.setattr(enqueue, "send", send)
    monkeypatch.setattr(enqueue, "_publish", lambda task, pk: sent.append((task, pk)))
    return sent


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """One second of beat: its ticks, and the sweep every fifth time."""
    seconds, now = [0], time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds[0])

    def advance() -> None:
        seconds[0] += 1
        dispatch.tick()
        poll.tick()
        if seconds[0] % 5 == 0:
            sweep.sweep()

    return advance


def _work_off(messages: list[Message]) -> int:
    """Be the workers: take each message as they do, until there are none. Returns how many there were."""
    count = 0
    while messages:
        task, pk = messages.pop(0)
        count += 1
        tasks._begin(sender=tasks.submit_task, args=[pk])
        assert task == "submit"
        submit.submit_next(pk)
    return count


def test_a_message_is_not_sent_again_while_one_like_it_is_on_its_way(messages: list[Message]):
    for task, pk in [("submit", 1), ("submit", 1), ("submit", 2), ("store", 1)]:
        enqueue.send(task, pk)
    assert messages == [("submit", 1), ("submit", 2), ("store", 1)]

    enqueue.begin("submit", 1)
    enqueue.send("submit", 1)
    enqueue.send("submit", 2)
    assert messages[3:] == [("submit", 1)]


def test_a_worker_that_begins_lets_the_next_message_be_sent(messages: list[Message]):
    enqueue.send("submit", 7)
    tasks._begin(sender=tasks.submit_task, args=[7])
    tasks._begin(sender=tasks.dispatch_task, args=[])
    enqueue.send("submit", 7)

    assert messages == [("submit", 7)] * 2


def test_it_is_sent_though_the_cache_fails(messages: list[Message], monkeypatch: pytest.MonkeyPatch):
    def fail(*args: object) -> bool:
        raise ConnectionError

    monkeypatch.setattr(type(cache._connections["default"]), "add", fail)
    monkeypatch.setattr(type(cache._connections["default"]), "delete", fail)

    enqueue.send("submit", 1)
    enqueue.begin("submit", 1)

    assert messages == [("submit", 1)]


@pytest.mark.django_db
def test_a_minute_in_which_no_worker_is_free_takes_a_message_every_five_seconds(
    backend: Backend, messages: list[Message], tick: Callable[[], None], alice
):
    """200 queued videos and 4 free slots: it was 240 messages a minute, which piled up and were discarded."""
    VideoFactory.create_batch(200, backend=backend, owner=alice)

    for _ in range(60):
        tick()

    assert len(messages) <= 60 / enqueue.STALE_AFTER + 1
    assert set(messages) == {("submit", backend.pk)}


@pytest.mark.django_db
def test_a_minute_in_which_all_slots_fill_takes_a_message_for_each_start(
    backend: Backend, messages: list[Message], tick: Callable[[], None], fake: FakeBackend, alice
):
    VideoFactory.create_batch(200, backend=backend, owner=alice)
    later = timezone.now() + timezone.timedelta(hours=1)

    tick()
    count = _work_off(messages)
    assert len(fake.created) == 4, "one message started all that there was room for"
    Video.objects.filter(state=State.IN_PROGRESS).update(due_at=later)
    for _ in range(59):
        tick()
        count += _work_off(messages)

    assert len(fake.created) == count == 4


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.STORING, State.UNCERTAIN, State.IN_PROGRESS])
def test_what_waits_for_a_worker_is_hinted_at_every_five_seconds(
    messages: list[Message], tick: Callable[[], None], state: State
):
    VideoFactory.create_batch(3, state=state, backend=BackendFactory())

    for _ in range(60):
        tick()

    assert 0 < len(messages) <= len(set(messages)) * (60 / enqueue.STALE_AFTER + 1)
