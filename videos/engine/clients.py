"""Clients for the backends in the database."""

import os

from videos.backends.client import Client, Connection
from videos.models import Backend


def connection_for(backend: Backend) -> Connection:
    """Return the address, key and options for calling `backend`. The key is read from the environment now."""
    key = os.environ.get(backend.key_env, "") if backend.key_env else ""
    return Connection(
        base_url=backend.address,
        api_key=key,
        timeout=backend.timeout,
        body="json" if backend.sends_json else "multipart",
        service=backend.service,
    )


def client_for(backend: Backend) -> Client:
    """Return a client for one `with` block in this thread. Raises `BackendError` for unusable settings."""
    return Client(connection_for(backend))
