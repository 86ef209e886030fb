"""Where this studio is, and which server the settings name as its backend: never the studio itself.

Scripts written for OpenAI find the studio by `OPENAI_BASE_URL` and `OPENAI_API_KEY`. Earlier releases read
the backend from the same two, so a studio started from a script's shell became its own backend, and one
request bred copies of itself until every slot was taken.
"""

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

TOKEN_PREFIX = "cg_"  # noqa: S105  # what the studio's own tokens begin with
_PORTS = {"http": 80, "https": 443}

Address = tuple[str, int]


@dataclass(frozen=True)
class BackendSetting:
    """The backend of the settings: its URL, and the variable that holds its key. Both may be empty.

    `old_names` says what became of OPENAI_BASE_URL and OPENAI_API_KEY: nothing (they are not set, or the new
    names are), used for now, or ignored because they are a script's.
    """

    url: str
    key: str
    key_variable: str
    old_names: Literal["", "used", "ignored"] = ""


def choose_backend(variables: Mapping[str, str], own: Iterable[Address]) -> BackendSetting:
    """Return the backend that `variables` name for a studio with these addresses."""
    url, key = variables.get("BACKEND_URL", "").rstrip("/"), variables.get("BACKEND_KEY", "")
    chosen = BackendSetting(url, key, "BACKEND_KEY")
    old_url, old_key = variables.get("OPENAI_BASE_URL", "").rstrip("/"), variables.get("OPENAI_API_KEY", "")
    if url or key or not (old_url or old_key):
        return chosen
    # A token of ours is no key of OpenAI's; with another studio's address it may be that studio's.
    if is_own_address(old_url, own) or (not old_url and old_key.startswith(TOKEN_PREFIX)):
        return BackendSetting("", "", "BACKEND_KEY", old_names="ignored")
    return BackendSetting(old_url, old_key, "OPENAI_API_KEY", old_names="used")


def is_own_address(url: str, own: Iterable[Address]) -> bool:
    """Whether `url` is at one of the addresses `own`, by whatever name this machine has for it."""
    return any(
        port == own_port and _is_same_host(host.rstrip("."), own_host)
        for host, port in parse_address(url)
        for own_host, own_port in own
    )


def parse_address(url: str) -> list[Address]:
    """Return the address that `url` is at; none where it cannot be read."""
    try:
        parts = urlsplit(url)
        return [(parts.hostname, parts.port or _PORTS[parts.scheme])] if parts.hostname else []
    except (ValueError, KeyError):
        return []


def _is_same_host(host: str, own: str) -> bool:
    """Whether a connection to `host` may reach a server that listens on `own`, which may be all networks."""
    own = own.strip("[]").lower()
    listens_everywhere = own in ("0.0.0.0", "::")  # noqa: S104  # compared, not bound
    if host == own or (listens_everywhere and host == socket.gethostname().lower()):
        return True
    return _is_loopback(host) and _is_loopback(own)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
