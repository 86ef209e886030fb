"""One frozen backend leaves threads for the others."""

import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from django.db import connection

from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from videos import tasks
from videos.engine import bulkhead, clients, submit
from videos.models import Backend, State

THREADS = 8


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    bulkhead.set_threads(THREADS)
    yield
    bulkhead.set_threads(THREADS)


def _admitted(stack: ExitStack, backend_id: int, wanted: int) -> int:
    return sum(stack.enter_context(bulkhead.call(backend_id)) for _ in range(wanted))


def test_one_backend_gets_half_and_each_other_half_of_what_is_left():
    with ExitStack() as stack:
        assert [_admitted(stack, backend, 20) for backend in (1, 2, 3, 4)] == [4, 2, 1, 1]
    with ExitStack() as stack:
        assert _admitted(stack, 2, 20) == 4, "all was given back"


def test_a_call_that_must_not_wait_is_counted():
    with ExitStack() as stack:
        for backend in range(THREADS - 1):
            assert stack.enter_context(bulkhead.call(backend, always=True))
        assert _admitted(stack, 0, 1) == 0
        assert _admitted(stack, 99, 1) == 1


def test_a_worker_says_how_many_threads_it_has():
    tasks._set_threads(sender=SimpleNamespace(pool=SimpleNamespace(limit=2)))

    with ExitStack() as stack:
        assert [_admitted(stack, backend, 3) for backend in (1, 2)] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_frozen_backend_with_twenty_waiting_does_not_hold_up_another(monkeypatch: pytest.MonkeyPatch):
    """It did, for 143 s: as long as its calls took to time out, eight at a time."""
    thaw, is_submitted = threading.Event(), threading.Event()
    frozen, healthy = BackendFactory(max_in_flight=20), BackendFactory(max_in_flight=20)
    waiting, other = VideoFactory.create_batch(20, backend=frozen), VideoFactory(backend=healthy)
    servers = {frozen.pk: FakeBackend(), healthy.pk: FakeBackend()}
    servers[frozen.pk].during_create = lambda: thaw.wait(timeout=60)
    servers[healthy.pk].during_create = is_submitted.set
    monkeypatch.setattr(clients, "client_for", lambda backend, hops="": servers[backend.pk])
    hints: queue.SimpleQueue[Backend | None] = queue.SimpleQueue()

    def work() -> None:
        while backend := hints.get():
            submit.submit_next(backend.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(THREADS)]
    for hint in [*[frozen] * len(waiting), healthy]:
        hints.put(hint)
    for worker in workers:
        worker.start()
    try:
        assert is_submitted.wait(timeout=30), "no thread was left for the healthy backend"
        assert len(servers[frozen.pk].created) <= THREADS // 2
    finally:
        thaw.set()
        for _ in workers:
            hints.put(None)
        for worker in workers:
            worker.join()

    other.refresh_from_db()
    assert other.state == State.IN_PROGRESS
    assert frozen.videos.filter(state=State.QUEUED).count() >= 20 - THREADS // 2 - 1
