"""Clients for the backends in the database. Nothing else in the studio talks to a backend.

Each client is counted in its backend's share of this worker (`videos.engine.bulkhead`), so that no caller
can forget it.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue

from django.conf import settings
from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence
from videos.backends import client as backend_client
from videos.backends.client import Client, Connection
from videos.backends.exchanges import ExchangeLog
from videos.backends.hops import parse_hops
from videos.backends.probe_report import Check, OnCheck, ProbeReport, failed_report
from videos.engine import bulkhead
from videos.models import Backend, StudioState

__all__ = ["Client", "client_for", "connection_for", "probe"]

_BUSY = sentence(
    gettext_noop("The studio is waiting for this backend in several places already. Try again in a minute.")
)


def connection_for(backend: Backend) -> Connection:
    """Return the address, key and options for calling `backend`. The key is read from the environment now.

    Where the key must not be sent, the connection says why and cannot be opened: a request without it would
    only tell a stranger what people ask for.
    """
    return Connection(
        base_url=backend.address,
        api_key=backend.key,
        timeout=backend.timeout,
        body="json" if backend.sends_json else "multipart",
        service=backend.service,
        in_private_network=None if backend.is_simulator else backend.in_private_network,
        key_problem=backend.key_problem,
        max_reply_bytes=settings.MAX_BACKEND_REPLY,
        max_download_bytes=settings.MAX_DOWNLOAD_SIZE,
        max_download_seconds=settings.MAX_DOWNLOAD_SECONDS,
    )


def marked_connection_for(backend: Backend, hops: str = "") -> Connection:
    """Return the connection for calling `backend`, with this studio's mark on every request.

    `hops` are the studios that a request came through before, as its row has them.
    """
    own = str(StudioState.objects.load().installation)
    return replace(connection_for(backend), hops=(*parse_hops(hops), own))


@contextmanager
def client_for(
    backend: Backend,
    hops: str = "",
    *,
    timeout: float | None = None,
    callback_url: str = "",
    exchange_log: ExchangeLog | None = None,
) -> Iterator[Client]:
    """Yield a client for use in this thread. `timeout` (seconds) shortens the backend's own; `callback_url`
    is where it is to call when a job that is asked for has ended; `exchange_log` is told of what is sent.

    `hops` are the studios that a request came through before, as its row has them.

    Raises `BackendError` for unusable settings, and `ShareExhaustedError` where the backend has its share of
    this worker and the caller has not asked for it before.
    """
    with bulkhead.share(backend.pk):  # first of all: one that is refused asks the database nothing
        marked = marked_connection_for(backend, hops)
        connection = replace(marked, callback_url=callback_url, exchange_log=exchange_log)
        if timeout is not None:
            connection = replace(connection, timeout=min(timeout, connection.timeout))
        with Client(connection) as client:
            yield client


def probe(backend: Backend, *, timeout: float | None = None, on_check: OnCheck | None = None) -> ProbeReport:
    """Find out what `backend`, which may be unsaved, can do; see `Driver.probe`. Raises nothing.

    `timeout` (seconds) is for connecting and for each answer, in place of the backend's own. `on_check` is
    called in this thread, so it may use the database.
    """
    try:
        with bulkhead.share(backend.pk or 0):
            connection = marked_connection_for(backend)
            if timeout is not None:
                connection = replace(connection, timeout=timeout, connect_timeout=timeout)
            if on_check is not None:
                return _probe_watched(connection, on_check)
            return backend_client.probe(connection)
    except bulkhead.ShareExhaustedError:
        return failed_report(_BUSY)


def _probe_watched(connection: Connection, on_check: OnCheck) -> ProbeReport:
    """Probe in a thread of its own: no code may use the database where an event loop runs."""
    made: SimpleQueue[Check | None] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=1) as pool:
        probing = pool.submit(backend_client.probe, connection, made.put)
        probing.add_done_callback(lambda _: made.put(None))
        for check in iter(made.get, None):
            on_check(check)
    return probing.result()
