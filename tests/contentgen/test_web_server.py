"""The web server that the Procfile starts, as clients on the wire see it: chunks, and refusals in shape."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.contentgen.test_procfile import COMMANDS
from tests.studio import PROJECT, NewDataDir, free_port, wait_until

PATHS = ["/v1/videos", "/api/v1/videos/generate"]
BOTH = pytest.mark.parametrize("path", PATHS)
FIELDS = b'{"prompt": "A paper boat", "seconds": "8"}'
_PREPARE = """
import django; django.setup()
from accounts import tokens
from accounts.models import User
print(tokens.issue(User.objects.create(username="alice"), "test")[1])
"""
_NODE = """
const [url, token, body] = process.argv.slice(1);
const stream = new ReadableStream({
  start(controller) {
    for (const piece of body.match(/.{1,7}/g)) controller.enqueue(new TextEncoder().encode(piece));
    controller.close();
  },
});
const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
const reply = await fetch(url, { method: "POST", headers, body: stream, duplex: "half" });
console.log(JSON.stringify({ status: reply.status, body: await reply.json() }));
"""


@dataclass(frozen=True)
class Server:
    port: int
    token: str
    log: Path

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def send(self, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send these bytes as they are, each in a packet of its own. Returns status, headers and body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                connection.sendall(piece)
            return _read(connection)


def _read(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += _receive(connection)
    return int(status.split()[1]), headers, body


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    assert data, "the answer is not whole"
    return data


@pytest.fixture(scope="module")
def server(new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = new_data_dir(tmp_path_factory.mktemp("server") / "data"), free_port()
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DEPLOYMENT")}
    environment = {
        **kept,
        "ENV_FILE": "",
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
    }
    environment |= {"BIND": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1"}
    prepare = [sys.executable, "-c", _PREPARE]
    token = subprocess.run(
        prepare, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()
    command = f"exec {shlex.quote(sys.executable)} -m {COMMANDS['web']}"
    log = folder / "web.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["sh", "-c", command], cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: _is_listening(port))
        yield Server(port, token, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _assert_refusal(answer: tuple[int, dict[str, str], bytes], status: int, code: str) -> str:
    assert (answer[0], answer[1]["content-type"]) == (status, "application/json"), answer
    error = json.loads(answer[2])["error"]
    assert set(error) == {"type", "code", "message", "param"}
    assert error["code"] == code
    return str(error["message"])


# --- Clients that do not know the length -------------------------------------------------------------------


def _as_go_sends_a_pipe(
    server: Server, path: str, *pieces: bytes, kind: str = "application/json"
) -> list[bytes]:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUser-Agent: Go-http-client/1.1\r\n"
        f"Transfer-Encoding: chunked\r\nAuthorization: Bearer {server.token}\r\nContent-Type: {kind}\r\n"
        "Accept-Encoding: gzip\r\n\r\n"
    )
    return [head.encode(), *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n"]


@BOTH
def test_a_pipe_of_go(server: Server, path):
    status, _, body = server.send(*_as_go_sends_a_pipe(server, path, FIELDS[:9], FIELDS[9:20], FIELDS[20:]))

    assert status == 200, body
    assert json.loads(body)["prompt"] == "A paper boat"
    assert int(json.loads(body)["seconds"]) == 8


@BOTH
def test_a_form_of_go(server: Server, path):
    form = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nA paper boat\r\n--b--\r\n'
    pieces = [form[:30], form[30:31], form[31:]]
    answer = server.send(*_as_go_sends_a_pipe(server, path, *pieces, kind="multipart/form-data; boundary=b"))

    assert (answer[0], json.loads(answer[2])["prompt"]) == (200, "A paper boat")


def _program(name: str) -> str:
    """Return the program's path. Without it the test is skipped, but in CI it fails."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return path


@BOTH
def test_a_stream_of_node(server: Server, path):
    node = _program("node")
    script = ["--input-type=module", "-e", _NODE, server.url(path), server.token, FIELDS.decode()]
    output = subprocess.run([node, *script], capture_output=True, text=True, check=True, timeout=120).stdout

    assert json.loads(output)["status"] == 200, output
    assert json.loads(output)["body"]["prompt"] == "A paper boat"


@BOTH
def test_a_generator_of_python(server: Server, path):
    pieces = (FIELDS[start : start + 5] for start in range(0, len(FIELDS), 5))
    reply = httpx2.post(server.url(path), content=pieces, headers=server.headers, timeout=60, trust_env=False)

    assert (reply.status_code, reply.json()["prompt"]) == (200, "A paper boat")


@BOTH
@pytest.mark.parametrize("expecting", [[], ["-H", "Expect: 100-continue"]])
def test_curl_from_a_pipe(server: Server, path, expecting):
    curl = _program("curl")
    headers = [f"-H{name}: {value}" for name, value in server.headers.items()]
    command = [curl, "-sS", "--noproxy", "*", "-X", "POST", "-T", "-", *headers, *expecting, server.url(path)]
    output = subprocess.run(command, input=FIELDS, capture_output=True, check=True, timeout=120).stdout

    assert json.loads(output)["prompt"] == "A paper boat"


@BOTH
def test_a_connection_is_used_again_after_chunks(server: Server, path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for _ in range(2):
            connection.sendall(b"".join(_as_go_sends_a_pipe(server, path, FIELDS)))
            assert _read(connection)[0] == 200


@BOTH
def test_a_chunk_that_is_none_is_a_400(server: Server, path):
    head, *_ = _as_go_sends_a_pipe(server, path)
    code = "invalid_body" if path == "/v1/videos" else "bad_request"
    _assert_refusal(server.send(head, b"9\r\nnot so lo\r\nzz\r\n"), 400, code)


@BOTH
def test_chunks_without_end_are_a_413(server: Server, path):
    head, *_ = _as_go_sends_a_pipe(server, path)
    piece = b"%x\r\n%s\r\n" % (1_000_000, b"x" * 1_000_000)
    # A little more than three images, which JSON holds in base64.
    code, megabytes = ("request_too_large", 46) if path == "/v1/videos" else ("too_large", 36)
    _assert_refusal(server.send(head, *[piece] * megabytes), 413, code)


# --- Refusals before Django --------------------------------------------------------------------------------


@BOTH
def test_an_oversized_header(server: Server, path):
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Long: {'x' * 9000}\r\n\r\n".encode()
    assert "8,190 bytes" in _assert_refusal(server.send(head), 431, "headers_too_large")


def test_too_many_headers(server: Server):
    lines = "".join(f"X-{number}: 1\r\n" for number in range(150))
    head = f"GET /v1/videos HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()
    _assert_refusal(server.send(head), 431, "headers_too_large")


def test_an_address_that_is_too_long(server: Server):
    head = f"GET /v1/videos?after={'x' * 9000} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    assert "8,190 bytes" in _assert_refusal(server.send(head), 414, "address_too_long")


@pytest.mark.parametrize(
    "request_", [b"GARBAGE\r\n\r\n", b"GET /v1/videos HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n"]
)
def test_what_is_no_http(server: Server, request_):
    _assert_refusal(server.send(request_), 400, "bad_request")


@BOTH
def test_a_wrong_host_leaves_one_line(server: Server, path):
    before = len(server.log.read_text().splitlines())
    answer = server.send(f"GET {path} HTTP/1.1\r\nHost: studio.example.org\r\n\r\n".encode())

    assert "ALLOWED_HOSTS" in _assert_refusal(answer, 400, "host_not_allowed")
    lines = server.log.read_text().splitlines()[before:]
    assert [line for line in lines if "studio.example.org" in line] == lines
    assert len(lines) == 1
