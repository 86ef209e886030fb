"""Sends what is due: many receivers at once, each in its own share, so that one that hangs stops nobody.

One run sends in one thread of a worker, whatever hangs: the requests wait together in an event loop beside
it, and the rows are read and written here. A process has one run at a time.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from webhooks import network
from webhooks.deliveries import Claim, claim, conclude, due_endpoints
from webhooks.models import Endpoint
from webhooks.network import Outcome
from webhooks.problems import UNREADABLE

MAX_IN_FLIGHT = 48  # requests at once, in one process
SHARE = 4  # of them to one endpoint; one that has failed gets one, to see whether it is back
OWNER_SHARE = MAX_IN_FLIGHT // 2  # of them to all endpoints of one person
RUN_SECONDS = 20.0  # for which one run begins requests; the next tick begins another
_POLL_SECONDS = 0.5  # between two looks for what has become due meanwhile
_running = threading.Lock()
_ending = threading.Event()  # once the worker is to end

Sending = dict["Future[Outcome]", Claim]


def deliver_due() -> int:
    """Send what is due until nothing is. Returns how many attempts were made; 0 beside another run."""
    if not _running.acquire(blocking=False):
        return 0
    try:
        return _run() if due_endpoints(1) else 0
    finally:
        _running.release()


def begin_no_more() -> None:
    """Let what is being sent come to its end, and begin nothing: the worker is asked to end."""
    _ending.set()


def _run() -> int:
    count, sending, ends_at = 0, Sending(), time.monotonic() + RUN_SECONDS
    with _event_loop() as loop:
        while True:
            if time.monotonic() < ends_at and not _ending.is_set():
                count += _begin(loop, sending)
            if not sending:
                return count
            done, _ = wait(sending, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for each in done:
                conclude(sending.pop(each), each.result())


def _begin(loop: asyncio.AbstractEventLoop, sending: Sending) -> int:
    """Begin as many requests as there is room for. Returns how many."""
    before = len(sending)
    for endpoint in due_endpoints(2 * MAX_IN_FLIGHT):  # those that have their share are among them
        room = MAX_IN_FLIGHT - len(sending)
        if room <= 0:
            break
        for each in claim(endpoint, min(_free_share(endpoint, sending), room)):
            sending[asyncio.run_coroutine_threadsafe(_send(each), loop)] = each
    return len(sending) - before


def _free_share(endpoint: Endpoint, sending: Sending) -> int:
    """Return how many more requests may be sent to an endpoint now."""
    to_endpoint = sum(each.endpoint_id == endpoint.pk for each in sending.values())
    of_owner = sum(each.owner_id == endpoint.owner_id for each in sending.values())
    return max(min((1 if endpoint.failures else SHARE) - to_endpoint, OWNER_SHARE - of_owner), 0)


def _send(claimed: Claim) -> Coroutine[Any, Any, Outcome]:
    if claimed.headers is None:
        return _give_up(UNREADABLE)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ContentGen-Webhooks/1",
        "Accept-Encoding": "identity",
        **claimed.headers,
    }
    return network.post(claimed.url, headers, claimed.body, settings.WEBHOOK_TIMEOUT)


async def _give_up(error: str) -> Outcome:
    return Outcome(error=error)


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Yield an event loop that runs in a thread of its own; what is not finished is canceled at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="webhooks", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
