"""Clients for the backends in the database."""

import os
from dataclasses import replace

from videos.backends.client import Client, Connection
from videos.backends.hops import parse_hops
from videos.models import Backend, StudioState


def connection_for(backend: Backend) -> Connection:
    """Return the address, key and options for calling `backend`. The key is read from the environment now."""
    key = os.environ.get(backend.key_env, "") if backend.key_env else ""
    return Connection(
        base_url=backend.address,
        api_key=key,
        timeout=backend.timeout,
        body="json" if backend.sends_json else "multipart",
    )


def marked_connection_for(backend: Backend, hops: str = "") -> Connection:
    """Return the connection for calling `backend`, with this studio's mark on every request.

    `hops` are the studios that a request came through before, as its row has them.
    """
    own = str(StudioState.objects.load().installation)
    return replace(connection_for(backend), hops=(*parse_hops(hops), own))


def client_for(backend: Backend, hops: str = "") -> Client:
    """Return a client for one `with` block in this thread. Raises `BackendError` for unusable settings."""
    return Client(marked_connection_for(backend, hops))
