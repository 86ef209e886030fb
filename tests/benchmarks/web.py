"""A web process with the Procfile's options, and a client that is too light to affect the measurement."""

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

from tests.benchmarks.sandbox import PROJECT, Sandbox, is_answering, wait_until
from tests.studio import free_port

CONNECTIONS = 8

Address = tuple[str, int]


def start_broker(box: Sandbox) -> str:
    """Start a Valkey for messages and for the cache, and return its URL."""
    from contentgen.run.embedded import prepare_valkey
    from tests.benchmarks.sandbox import is_valkey_answering

    command, address = prepare_valkey(box.folder / "valkey")
    box.start("valkey", command)
    wait_until(lambda: is_valkey_answering(address), "the broker")
    return address


def start_web_server(box: Sandbox, application: str, *, workers: int = 2) -> Address:
    """Start web workers with the Procfile's options, and return the address they listen on."""
    port = free_port()
    box.start("web", [sys.executable, "-m", "gunicorn", application, *web_options(port, workers=workers)])
    wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/health"), "the web server")
    return ("127.0.0.1", port)


def web_options(port: int, *, workers: int) -> list[str]:
    """Return the options of the Procfile's web server, for so many processes that listen on `port`."""
    (line,) = re.findall(r"^web: gunicorn contentgen\.wsgi (.*)$", (PROJECT / "Procfile").read_text(), re.M)
    variables = {"BIND": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": str(workers)}
    printing = ["/bin/sh", "-c", f"printf '%s\\0' {line}"]
    made = subprocess.run(printing, env=variables, capture_output=True, text=True, timeout=10, check=True)
    return made.stdout.split("\0")[:-1]


def session_headers(username: str) -> dict[str, str]:
    """Return the headers of a browser in which this user is signed in."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=username))
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def time_request(connection: socket.socket, path: str, headers: Mapping[str, str]) -> float:
    """Return how many seconds one response took, over a connection that stays open."""
    began = time.perf_counter()
    connection.sendall(get(path, headers))
    _read(connection)
    return time.perf_counter() - began


def requests_per_second(address: Address, path: str, headers: Mapping[str, str], seconds: float) -> float:
    """Return how many requests per second are answered over several connections at once."""
    request = get(path, headers)
    began = time.perf_counter()
    counts: list[int] = []

    def send_requests() -> None:
        count = 0
        with socket.create_connection(address, timeout=30) as connection:
            while time.perf_counter() - began < seconds:
                connection.sendall(request)
                _read(connection)
                count += 1
        counts.append(count)

    threads = [threading.Thread(target=send_requests) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < CONNECTIONS:
        raise RuntimeError(f"a request to {path} failed")
    return sum(counts) / (time.perf_counter() - began)


def get(path: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET request as it is sent."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _read(connection: socket.socket) -> None:
    """Read one response to its end, and no more: a real HTTP client in Python would dominate the time."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    status = head[9:12]
    if status not in (b"200", b"204"):
        raise RuntimeError(head.decode(errors="replace"))
    if re.search(rb"(?i)\r\ntransfer-encoding: chunked", head):
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65_536)
        return
    lengths = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
    remaining = (int(lengths[0]) if lengths else 0) - len(body)
    while remaining > 0:
        remaining -= len(connection.recv(65_536))
