"""From a backend's row to a client."""

import os

from videos.backends.client import Client, Connection
from videos.models import Backend


def connection_for(backend: Backend) -> Connection:
    """Return what is needed to call `backend`. Its key is read from the environment at this moment."""
    key = os.environ.get(backend.key_env, "") if backend.key_env else ""
    return Connection(
        base_url=backend.address,
        api_key=key,
        timeout=backend.timeout,
        body="json" if backend.sends_json else "multipart",
    )


def client_for(backend: Backend) -> Client:
    """Return a client for one `with` block in this thread. Raises `BackendError` on unusable settings."""
    return Client(connection_for(backend))
