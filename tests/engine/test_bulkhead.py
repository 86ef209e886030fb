"""One frozen backend leaves threads for the others."""

import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from videos import tasks
from videos.backends.connection import Connection as BackendConnection
from videos.backends.probe_report import ProbeReport
from videos.engine import bulkhead, cleanup, clients, dispatch, store, submit, sweep
from videos.models import Backend, State

THREADS = 8


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    bulkhead.set_size(THREADS)
    yield
    bulkhead.set_size(THREADS)


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


def test_a_worker_says_how_many_tasks_it_carries_out_at_once():
    tasks._set_size(sender="network@here", instance=SimpleNamespace(concurrency=2))

    with ExitStack() as stack:
        assert [_admitted(stack, backend, 3) for backend in (1, 2)] == [1, 1]


@pytest.fixture
def processes() -> Iterator[list[Connection]]:
    """Four processes of a prefork worker: each is told backends by their ids, and tells whether it was
    admitted; 0 ends its call, and is answered when that has ended.
    """
    bulkhead.set_size(4)
    context = multiprocessing.get_context("fork")
    ends, children = [], []
    for index in range(4):
        end, other_end = context.Pipe()
        children.append(context.Process(target=_call_on_demand, args=(index, other_end)))
        children[-1].start()
        ends.append(end)
    yield ends
    for child in children:
        child.kill()
        child.join()


def _call_on_demand(index: int, orders: Connection) -> None:
    bulkhead.join_process(index)
    while True:
        with bulkhead.call(orders.recv()) as is_admitted:
            orders.send(is_admitted)
            orders.recv()
        orders.send(None)


def _is_admitted(process: Connection, backend_id: int) -> bool:
    process.send(backend_id)
    answer: bool = process.recv()
    return answer


def _end_call(process: Connection) -> None:
    process.send(0)
    process.recv()


def test_the_processes_of_a_worker_share_as_threads_do(processes: list[Connection]):
    """Each process counted for itself alone, so that one frozen backend could hold them all."""
    frozen, healthy = 1, 2
    assert [_is_admitted(each, frozen) for each in processes[:3]] == [True, True, False]
    _end_call(processes[2])
    assert _is_admitted(processes[2], healthy)

    _end_call(processes[0])
    assert _is_admitted(processes[3], frozen), "what has ended is no longer counted"


def test_a_process_that_replaces_a_killed_one_begins_with_nothing(processes: list[Connection]):
    assert [_is_admitted(each, 1) for each in processes[:3]] == [True, True, False]

    bulkhead.join_process(0)  # of the same index

    _end_call(processes[2])
    assert _is_admitted(processes[2], 1)


def test_a_client_is_counted_without_anybody_asking(monkeypatch: pytest.MonkeyPatch, backend: Backend):
    monkeypatch.setattr(clients, "Client", lambda connection: FakeBackend())
    with ExitStack() as stack:
        assert _admitted(stack, backend.pk, THREADS) == THREADS // 2

        def talk() -> None:
            with clients.client_for(backend) as client:
                client.list()

        with ThreadPoolExecutor(1) as others, pytest.raises(bulkhead.ShareExhaustedError):
            others.submit(talk).result()
        talk()  # within a call of this thread, which is counted
    with ExitStack() as stack:
        assert _admitted(stack, backend.pk, THREADS) == THREADS // 2, "all was given back"


def test_a_task_whose_share_is_used_up_in_the_middle_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture):
    def exhausted(pk: int) -> None:
        raise bulkhead.ShareExhaustedError("Backend 1 has its share of this worker.")

    tasks._about(Backend)(exhausted)(1)

    assert "has its share" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_clean_up_probe_and_download_go_on_beside_a_frozen_backend(
    monkeypatch: pytest.MonkeyPatch, backend: Backend, sample_video: bytes, hints: list[tuple[str, int]]
):
    """The calls of one backend hang in all the places it may have; those of another are made."""
    frozen, now = BackendFactory(base_url="https://frozen.test/v1"), timezone.now()
    healthy = FakeBackend()
    healthy.content = [sample_video]
    called: list[str] = []

    def client(connection: BackendConnection) -> FakeBackend:
        called.append(connection.base_url)
        return healthy

    def probe(connection: BackendConnection) -> ProbeReport:
        called.append(connection.base_url)
        return ProbeReport(checks=())

    monkeypatch.setattr(clients, "Client", client)
    monkeypatch.setattr(clients.backend_client, "probe", probe)
    rows = [
        (
            VideoFactory(backend=each, state=State.CANCELED, backend_job_id="job_1", delete_job_at=now),
            VideoFactory(backend=each, state=State.STORING, due_at=now),
        )
        for each in (frozen, backend)
    ]
    with ExitStack() as stack:
        assert _admitted(stack, frozen.pk, THREADS) == THREADS // 2
        with ThreadPoolExecutor(1) as others:  # a thread that is not within a call to the frozen one
            for to_clean_up, to_store in rows:
                others.submit(_in_thread, cleanup.clean_up_video, to_clean_up.pk).result()
                others.submit(_in_thread, store.store, to_store.pk).result()
            reports = [others.submit(_in_thread, clients.probe, each).result() for each in (frozen, backend)]

    assert set(called) == {backend.base_url}
    assert healthy.deleted == ["job_1"]
    assert "Try again" in reports[0].problem
    assert not reports[1].problem
    for video, state in zip(rows[0] + rows[1], ("canceled", "storing", "canceled", "completed"), strict=True):
        video.refresh_from_db()
        assert video.state == state
    assert rows[0][0].delete_job_at == now, "it has lost nothing by not being admitted"
    assert rows[0][1].attempts == 0


def _in_thread(function: Callable[[Any], Any], argument: object) -> Any:
    try:
        return function(argument)
    finally:
        connection.close()


@pytest.mark.django_db
def test_what_waits_for_a_frozen_backend_hides_nothing_of_another(backend: Backend, hints: list):
    """Hints went to those that had waited longest, of whatever backend."""
    frozen, now = BackendFactory(), timezone.now()
    longer = now - timedelta(minutes=1)
    VideoFactory.create_batch(30, backend=frozen, state=State.STORING, due_at=longer)
    VideoFactory.create_batch(
        sweep.CLEANUP_BATCH, backend=frozen, state=State.CANCELED, backend_job_id="", delete_job_at=longer
    )
    to_store = VideoFactory(backend=backend, state=State.STORING, due_at=now)
    to_clean_up = VideoFactory(backend=backend, state=State.CANCELED, delete_job_at=now)

    dispatch.tick()
    sweep.sweep()

    assert ("store", to_store.pk) in hints
    assert ("clean_up_video", to_clean_up.pk) in hints


@pytest.mark.django_db(transaction=True)
def test_a_frozen_backend_with_twenty_waiting_does_not_hold_up_another(monkeypatch: pytest.MonkeyPatch):
    """It did, for 143 s: as long as its calls took to time out, eight at a time."""
    thaw, is_submitted = threading.Event(), threading.Event()
    frozen, healthy = BackendFactory(max_in_flight=20), BackendFactory(max_in_flight=20)
    waiting, other = VideoFactory.create_batch(20, backend=frozen), VideoFactory(backend=healthy)
    servers = {frozen.pk: FakeBackend(), healthy.pk: FakeBackend()}
    servers[frozen.pk].during_create = lambda: thaw.wait(timeout=60)
    servers[healthy.pk].during_create = is_submitted.set
    monkeypatch.setattr(clients, "client_for", lambda backend, *_, **__: servers[backend.pk])
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
