"""The drivers by name."""

from pkgutil import resolve_name
from typing import cast

from videos.backends.connection import Connection
from videos.backends.drivers.interface import Driver
from videos.backends.errors import UnavailableError

# Imported on first use: a driver's packages take half a second and 60 MB that only some processes need.
DRIVERS = {
    "videos-api": "videos.backends.drivers.videos_api:VideosApiDriver",
}


def driver_class(name: str) -> type[Driver]:
    """Return the driver of that name. Raises `UnavailableError` (`unknown_driver`) when there is none."""
    if name not in DRIVERS:
        known = ", ".join(DRIVERS)
        raise UnavailableError(
            "The backend's driver in the settings is not known.",
            code="unknown_driver",
            detail=f"{name!r} is none of: {known}",
        )
    return cast("type[Driver]", resolve_name(DRIVERS[name]))


def open_driver(connection: Connection) -> Driver:
    """Return the driver that `connection` names, connected to it. The caller closes it with `aclose`.

    No request is sent. Raises `UnavailableError` (`unknown_driver`, `bad_base_url`) or `RefusedError`
    (`invalid_key`) when the settings cannot work.
    """
    return driver_class(connection.driver)(connection)
