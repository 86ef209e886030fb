"""The driver of each kind of service, imported on first use."""

from pkgutil import resolve_name
from typing import cast

from videos.backends.connection import Connection
from videos.backends.drivers.interface import Driver
from videos.backends.errors import UnavailableError
from videos.backends.service_kinds import SERVICES


def driver_class(name: str) -> type[Driver]:
    """Return the driver of that service. Raises `UnavailableError` (`unknown_driver`) when there is none."""
    if name not in SERVICES:
        known = ", ".join(SERVICES)
        raise UnavailableError(
            "The backend's service in the settings is not known.",
            code="unknown_driver",
            detail=f"{name!r} is none of: {known}",
        )
    return cast("type[Driver]", resolve_name(SERVICES[name].driver))


def open_driver(connection: Connection) -> Driver:
    """Return the driver of the service that `connection` names. The caller closes it with `aclose`.

    No request is sent. Raises `UnavailableError` (`unknown_driver`, `bad_base_url`) or `RefusedError`
    (`invalid_key`) when the settings cannot work.
    """
    return driver_class(connection.service)(connection)
