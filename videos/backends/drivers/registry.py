"""The kinds of services that make videos, by name, and the driver of each."""

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import cast

from videos.backends.connection import Connection
from videos.backends.drivers.interface import Driver
from videos.backends.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of service: its `label` for people, and its `driver` as module:class.

    `address` is the base URL where everybody reaches it, and `key_env` the variable that its own tools read
    the key from; both are empty where each server has its own. `describes_models` says whether its driver
    has a catalogue.
    """

    label: str
    driver: str
    address: str = ""
    key_env: str = ""
    describes_models: bool = False


_DRIVERS = "videos.backends.drivers"

# Drivers are imported on first use: their packages take up to two seconds and 60 MB, which only some
# processes need. The names are kept in the database.
SERVICES = {
    "videos-api": Service("Videos API", f"{_DRIVERS}.videos_api:VideosApiDriver"),
    "simulator": Service("Simulator", f"{_DRIVERS}.videos_api:VideosApiDriver"),
    "openrouter": Service(
        "OpenRouter",
        f"{_DRIVERS}.openrouter:OpenRouterDriver",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        describes_models=True,
    ),
    "gemini": Service(
        "Google Gemini",
        f"{_DRIVERS}.gemini:GeminiDriver",
        "https://generativelanguage.googleapis.com/v1beta",
        "GEMINI_API_KEY",
        describes_models=True,
    ),
    "together": Service(
        "Together AI",
        f"{_DRIVERS}.together:TogetherDriver",
        "https://api.together.ai/v2",
        "TOGETHER_API_KEY",
        describes_models=True,
    ),
}


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
