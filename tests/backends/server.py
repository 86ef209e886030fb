"""A tiny HTTP server on raw sockets, which can do what no decent server does: drop, drip, hang, cut short."""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]


Answer = bytes | Callable[["Server", socket.socket, Request], None]


def reply(
    status: int = 200, body: object = b"", *, content_type: str = "application/json", **headers: str
) -> bytes:
    """Return the bytes of a reply; a body that is not bytes is sent as JSON, `retry_after` as Retry-After."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": content_type, "content-length": str(len(content))} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Some Reason\r\n{head}\r\n".encode() + content


def drop(_: "Server", connection: socket.socket, __: Request) -> None:
    """Hang up without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def hang(server: "Server", _: socket.socket, __: Request) -> None:
    """Say nothing until the test is over."""
    server.over.wait(10)


def cut(content: bytes) -> Answer:
    """Send these bytes, then hang up."""

    def answer(_: "Server", connection: socket.socket, __: Request) -> None:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def drip(server: "Server", connection: socket.socket, _: Request) -> None:
    """Send a header line that never ends, byte by byte, each within any read timeout."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    while not server.over.wait(0.02):
        connection.sendall(b"x")


class Server:
    """Answers each request with the next answer, the last one for ever, and records the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.over = threading.Event()
        self._listener = socket.create_server(("", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    @property
    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for connection in self._connections:
            with connection:
                _quietly(partial(connection.shutdown, socket.SHUT_RDWR))
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=_quietly, args=(partial(self._serve, connection, peer),))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        with connection.makefile("rb") as stream:
            while line := stream.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers = {}
                while (field := stream.readline().strip()) != b"":
                    name, _, value = field.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", "0")))
                request = Request(method, target, headers, body, peer)
                with self._lock:
                    self.requests.append(request)
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                else:
                    answer(self, connection, request)


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except (OSError, ValueError):
        return
