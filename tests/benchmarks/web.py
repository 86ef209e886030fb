"""A web process as the Procfile starts it, and a client that asks it and is no burden itself."""

import re
import shlex
import socket
import sys
import threading
import time
from collections.abc import Mapping

from tests.benchmarks.stage import PROJECT, Stage, answers, wait_until
from tests.running import free_port

CONNECTIONS = 8

Address = tuple[str, int]


def broker(made: Stage) -> str:
    """Start a Valkey for messages and for the cache, and return its address."""
    from contentgen.run.embedded import prepare_valkey
    from tests.benchmarks.stage import valkey_answers

    command, address = prepare_valkey(made.folder / "valkey")
    made.start("valkey", command)
    wait_until(lambda: valkey_answers(address), "the broker")
    return address


def serve(made: Stage, application: str) -> Address:
    """Start two web processes with the Procfile's options, and return where they listen."""
    port = free_port()
    (line,) = re.findall(r"^web: gunicorn contentgen\.wsgi (.*)$", (PROJECT / "Procfile").read_text(), re.M)
    options = re.sub(r"--bind \S+", f"--bind 127.0.0.1:{port}", line).replace("${WEB_CONCURRENCY:-2}", "2")
    made.start("web", [sys.executable, "-m", "gunicorn", application, *shlex.split(options)])
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), "the web server")
    return ("127.0.0.1", port)


def session(username: str) -> dict[str, str]:
    """The headers of a browser in which somebody has signed in."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=username))
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def seconds(connection: socket.socket, path: str, headers: Mapping[str, str]) -> float:
    """How long one answer took, over a connection that stays open."""
    began = time.perf_counter()
    connection.sendall(_request(path, headers))
    _read(connection)
    return time.perf_counter() - began


def per_second(address: Address, path: str, headers: Mapping[str, str], seconds: float) -> float:
    """Requests answered in a second, asked over several connections at once."""
    request = _request(path, headers)
    began = time.perf_counter()
    counts: list[int] = []

    def ask() -> None:
        count = 0
        with socket.create_connection(address, timeout=30) as connection:
            while time.perf_counter() - began < seconds:
                connection.sendall(request)
                _read(connection)
                count += 1
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < CONNECTIONS:
        raise RuntimeError(f"{path} was not always answered")
    return sum(counts) / (time.perf_counter() - began)


def _request(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _read(connection: socket.socket) -> None:
    """Read one answer to its end; a client in Python that did more would itself be what is measured."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    status = head[9:12]
    if status not in (b"200", b"204"):
        raise RuntimeError(head.decode(errors="replace"))
    lengths = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
    left = (int(lengths[0]) if lengths else 0) - len(body)
    while left > 0:
        left -= len(connection.recv(65_536))
