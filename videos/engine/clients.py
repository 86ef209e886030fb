"""Clients for the backends in the database."""

from videos.backends.client import Client, Connection
from videos.models import Backend


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
        in_private_network=None if backend.is_simulator else backend.in_private_network,
        key_problem=backend.key_problem,
    )


def client_for(backend: Backend) -> Client:
    """Return a client for one `with` block in this thread. Raises `BackendError` for unusable settings."""
    return Client(connection_for(backend))
