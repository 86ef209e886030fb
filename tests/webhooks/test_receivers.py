"""Receivers that no decent server would be: each fails alone, in bounded time, and holds up nobody else."""

import asyncio
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.backends.server import Request, Server, cut, drip, drop, hang, reply
from tests.webhooks.conftest import Publish, Serve, only
from webhooks import network, pump
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.network import Outcome

HUGE = 10 * 1024 * 1024


def _post(url: str, seconds: float = 2) -> Outcome:
    return asyncio.run(network.post(url, {"Content-Type": "application/json"}, b"{}", seconds))


@pytest.fixture
def allowed(settings) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True


@pytest.mark.parametrize("answer", [hang, drip], ids=["silent", "dripping"])
def test_one_that_takes_for_ever_is_left_after_the_time_for_all_of_it(allowed, serve: Serve, answer):
    began = time.monotonic()
    outcome = _post(serve(answer).url, seconds=0.5)

    assert time.monotonic() - began < 30, "it would be silent for ever"
    assert (outcome.status, outcome.error) == (None, "No response within 0.5 seconds.")
    assert outcome.duration_ms >= 400


def test_of_ten_megabytes_the_first_bytes_are_read(allowed, serve: Serve):
    sent = 0

    def flood(_: Server, connection: socket.socket, __: Request) -> None:
        nonlocal sent
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {HUGE}\r\n\r\n".encode())
        while sent < HUGE:
            sent += connection.send(b"x" * 65536)

    outcome = _post(serve(flood).url)

    assert outcome.is_delivered
    assert outcome.body == "x" * network.MAX_BODY
    assert sent < HUGE, "the connection was closed long before"


def test_a_body_that_drips_after_the_status_is_not_waited_for(allowed, serve: Serve, monkeypatch):
    def drip_body(server: Server, connection: socket.socket, _: Request) -> None:
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n")
        while not server.over.wait(0.05):
            connection.sendall(b"y")

    monkeypatch.setattr(network, "BODY_SECONDS", 0.3)
    began = time.monotonic()
    outcome = _post(serve(drip_body).url, seconds=60)

    assert time.monotonic() - began < 30
    assert (outcome.status, outcome.is_delivered) == (202, True)


def test_a_redirect_is_not_followed(allowed, serve: Serve):
    target = serve()
    for status in (301, 302, 303, 307, 308):
        outcome = _post(serve(reply(status, location=target.url)).url)
        assert (outcome.status, outcome.is_delivered) == (status, False)
        assert "Redirects are not followed" in outcome.error
    assert target.posts == 0


@pytest.mark.parametrize(
    "answer",
    [
        drop,
        cut(b""),
        cut(b"HTTP/1.1 200"),
        cut(b"garbage\r\n\r\n"),
        cut(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000),
    ],
    ids=["drops", "empty", "half a line", "no http", "huge header"],
)
def test_garbage_is_a_failure_with_a_sentence(allowed, serve: Serve, answer):
    outcome = _post(serve(answer).url)

    assert outcome.status is None
    assert outcome.error.endswith("there was a response.")


def test_what_it_answers_can_be_stored(allowed, serve: Serve):
    outcome = _post(serve(reply(500, b"\x00\xff<b>no")).url)

    assert (outcome.status, outcome.body) == (500, "��<b>no")


def test_nobody_listens(allowed):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert _post(f"http://127.0.0.1:{port}/").error.startswith("No connection")


def _stand_for(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name stand for the next of the answers, the last for ever. Returns what is looked up."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(network, "_resolve", resolve)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1%eth0",
        "0.0.0.0",  # noqa: S104
        "fd00::1",
        "64:ff9b::a00:1",
        "100.64.0.1",
        "168.63.129.16",
    ],
)
def test_a_name_that_leads_inside_is_refused(serve: Serve, monkeypatch, address):
    receiver = serve()
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    _stand_for(monkeypatch, [address])
    outcome = _post(f"http://hooks.example.org:{port}/")

    assert outcome.status is None
    assert "inside a private network or on this machine" in outcome.error
    assert receiver.requests == []


def test_one_address_inside_among_public_ones_is_enough_to_refuse(monkeypatch):
    _stand_for(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    assert "127.0.0.1 is inside" in _post("http://hooks.example.org/").error


def test_a_name_that_changes_between_check_and_connection_leads_nowhere(serve: Serve, monkeypatch):
    """DNS rebinding: the first answer is public, each later one is this machine."""
    receiver = serve()
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    asked = _stand_for(monkeypatch, ["203.0.113.7"], ["127.0.0.1"])
    monkeypatch.setattr(network, "check_address", lambda address: None if address == "203.0.113.7" else 1 / 0)
    connected: list[str] = []

    async def connect(self, host, port, *rest):
        connected.append(host)
        raise network.httpcore2.ConnectError("unreachable")

    monkeypatch.setattr(network.httpcore2.AnyIOBackend, "connect_tcp", connect)
    _post(f"http://rebind.example.org:{port}/")

    assert asked == ["rebind.example.org"], "looked up once"
    assert connected == ["203.0.113.7"], "and connected to what was checked"


def test_an_address_that_a_setting_names_is_allowed(serve: Serve, settings):
    receiver = serve()
    assert _post(receiver.url).status is None
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    assert _post(receiver.url).is_delivered
    assert receiver.posts == 1


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for hooks.example.org in one file, signed by itself."""
    both = tmp_path / "both.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            str(both),
            "-out",
            str(tmp_path / "cert.pem"),
            "-subj",
            "/CN=hooks.example.org",
            "-addext",
            "subjectAltName=DNS:hooks.example.org",
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(both.read_text() + (tmp_path / "cert.pem").read_text())
    return both


class TlsServer(Server):
    """A receiver that speaks TLS."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(reply())
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        with self._context.wrap_socket(connection, server_side=True) as secure:
            super()._serve(secure, peer)


def test_the_certificate_must_be_the_hosts(allowed, certificate: Path, monkeypatch):
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(network, "_tls", lambda: trusting)
    _stand_for(monkeypatch, ["127.0.0.1"])
    with TlsServer(certificate) as receiver:
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        right = _post(f"https://hooks.example.org:{port}/", seconds=5)
        wrong = _post(f"https://other.example.org:{port}/", seconds=5)
        literal = _post(f"https://127.0.0.1:{port}/", seconds=5)

    assert right.is_delivered
    assert receiver.requests[0].headers["host"] == f"hooks.example.org:{port}"
    assert (wrong.status, literal.status, receiver.posts) == (None, None, 1)
    assert "certificate" in wrong.error.lower()


@pytest.mark.django_db(transaction=True)
def test_one_that_hangs_holds_up_nobody(serve: Serve, hook, happen: Publish, settings):
    settings.WEBHOOK_TIMEOUT = 4
    frozen, quick = serve(hang), serve()
    hook(frozen)
    for _ in range(30):
        happen()
    hook(quick)
    happen()

    began = time.monotonic()
    pump.deliver_due()

    assert time.monotonic() - began < 40, "thirty in turn would take two minutes"
    assert quick.posts == 1
    assert frozen.posts <= pump.SHARE, "and then it is left alone for some seconds"
    arrived = Delivery.objects.get(endpoint__url=quick.url)
    assert arrived.state == DeliveryState.DELIVERED
    assert arrived.finished_at is not None
    first = Delivery.objects.filter(endpoint__url=frozen.url).order_by("attempted_at").exclude(attempts=0)[0]
    assert first.attempted_at is not None
    assert (arrived.finished_at - first.attempted_at).total_seconds() < 3.5, "before the frozen one gave up"


@pytest.mark.django_db(transaction=True)
def test_a_receiver_inside_is_told_on_the_log(serve: Serve, hook, happen: Publish, settings):
    receiver = serve()
    hook(receiver)
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    happen()
    pump.deliver_due()

    assert receiver.requests == []
    assert "inside a private network" in only().error
    assert Endpoint.objects.get().failures == 1


@pytest.mark.django_db(transaction=True)
def test_one_person_with_many_that_hang_holds_up_nobody(serve: Serve, hook, happen: Publish, bob, settings):
    settings.WEBHOOK_TIMEOUT = 4
    frozen, quick = serve(hang), serve()
    for _ in range(14):
        hook(frozen)
    for _ in range(4):
        happen()
    hook(quick, owner=bob)
    happen(user=bob)

    pump.deliver_due()

    first = Delivery.objects.filter(endpoint__url=frozen.url).exclude(attempts=0).earliest("attempted_at")
    arrived = Delivery.objects.get(endpoint__url=quick.url)
    assert arrived.finished_at is not None
    assert first.attempted_at is not None
    assert (arrived.finished_at - first.attempted_at).total_seconds() < 3.8, "before the others gave up"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_to_end_begins_nothing(serve: Serve, hook, happen: Publish, monkeypatch):
    monkeypatch.setattr(pump, "_ending", threading.Event())
    receiver = serve()
    hook(receiver)
    happen()
    pump.begin_no_more()

    assert pump.deliver_due() == 0
    assert (receiver.posts, only().attempts) == (0, 0)
