"""Bodies are bounded before they are read: of strangers, on every page, and under the server that runs."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from contentgen.uploads import body_limit, form_limit
from tests.benchmarks.sandbox import is_answering, wait_until
from tests.benchmarks.web import web_options
from tests.studio import free_port
from videos.views import batch_new, characters, prompt_help, references, studio

PROJECT = Path(__file__).resolve().parents[2]
PAGES = ("/accounts/login/", "/", "/references/", "/characters/", "/admin/login/", "/library/selected")
MIB = 1 << 20


class Unread(BytesIO):
    """A body that nobody may read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read  # type: ignore[assignment]


def _send(client: Client, path: str, length: int | None, **headers: str):
    extra = {"wsgi.input": Unread(), "CONTENT_TYPE": "multipart/form-data; boundary=x", **headers}
    if length is not None:
        extra["CONTENT_LENGTH"] = str(length)
    return client.generic("POST", path, **extra)


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_may_send_no_more_than_a_form(db, path):
    response = _send(Client(), path, 300 * MIB)

    assert response.status_code == 413
    assert "too large" in response.content.decode()


def test_a_stranger_may_not_send_a_file_where_others_may(db):
    assert _send(Client(), "/references/", form_limit() + 1).status_code == 413


@pytest.mark.parametrize("path", PAGES)
def test_somebody_who_is_signed_in_may_not_send_any_amount_either(as_alice, path):
    assert _send(as_alice, path, 300 * MIB).status_code == 413


@pytest.mark.parametrize("path", PAGES)
def test_a_page_takes_no_body_without_a_length(db, path):
    response = _send(Client(), path, None, HTTP_TRANSFER_ENCODING="chunked")

    assert response.status_code == 411


@pytest.mark.parametrize("path", ["/api/v1/videos/generate", "/v1/videos", "/api/nothing", "/v1/nothing"])
def test_an_api_refuses_in_its_own_shape(db, path):
    response = _send(Client(), path, 300 * MIB)

    assert response.status_code == 413
    assert set(response.json()["error"]) == {"type", "code", "message", "param"}


@pytest.mark.parametrize("path", ["/api/v1/videos/generate", "/v1/videos"])
def test_an_api_reads_nothing_of_a_stranger(db, path):
    assert _send(Client(), path, 1 * MIB).status_code == 401


def test_a_file_up_to_the_limit_is_taken(as_alice, settings):
    """Not as an image, but by the form: what is wrong with it is said at the file."""
    upload = SimpleUploadedFile("large.png", bytes(settings.MAX_FILE_SIZE))

    response = as_alice.post("/references/", {"images": upload})

    assert response.status_code == 422
    assert "large.png" in response.content.decode()


def test_few_views_take_more_than_a_form():
    larger = {view.__name__ for view in _views(get_resolver()) if body_limit(view) > form_limit()}

    of_images = (studio.studio, references.references, characters.characters, prompt_help.describe)
    assert larger == {each.__name__ for each in (*of_images, batch_new.new)}


def _views(resolver: URLResolver | URLPattern) -> Iterator[object]:
    if isinstance(resolver, URLPattern):
        yield resolver.callback
        return
    for pattern in resolver.url_patterns:
        yield from _views(pattern)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of gunicorn with the Procfile's options, and the folder of its temporary files."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "tmp").mkdir()
    port = free_port()
    environment = {
        "PATH": "/usr/bin:/bin",
        "ENV_FILE": "",
        "DATA_DIR": str(folder),
        "TMPDIR": str(folder / "tmp"),
    }
    command = [sys.executable, "-m", "gunicorn", "contentgen.wsgi", *web_options(port, workers=1)]
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as process:
        try:
            wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/health"), "the web server")
            yield port, folder / "tmp"
        finally:
            process.terminate()


@pytest.mark.parametrize("path", ["/accounts/login/", "/v1/videos", "/api/v1/videos/generate"])
@pytest.mark.parametrize("framing", ["Content-Length: 314572800", "Transfer-Encoding: chunked"])
def test_the_server_that_runs_spools_nothing(server: tuple[int, Path], path: str, framing: str):
    port, folder = server
    form = "Content-Type: multipart/form-data; boundary=x"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{form}\r\n{framing}"
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(1 * MIB)
    sent = b"%x\r\n%s\r\n" % (len(part), part) if "chunked" in framing else part
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + sent)  # and never the rest
        answer = connection.recv(65536)

    assert re.match(rb"HTTP/1.1 4(01|11|13) ", answer), answer[:100]
    assert not list(folder.glob("*.upload*"))
