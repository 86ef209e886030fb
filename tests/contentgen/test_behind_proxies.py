"""The web server behind nginx, which sends the files, and Caddy, below a path: as in `deploy/`."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.contentgen.test_procfile import COMMANDS
from tests.contentgen.test_web_server import _is_listening
from tests.factories import PASSWORD
from tests.proxies import HOST, Proxy, caddy, nginx
from tests.studio import PROJECT, NewDataDir, free_port, wait_until

pytestmark = pytest.mark.slow

CONTENT = bytes(range(256)) * 40
FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Request-ID": "a-claim"}
MAX_FILE_SIZE = 50_000  # bytes; a form may have twenty such files and two megabytes besides
TOO_LARGE = b"x" * 6_000_000
_PREPARE = f"""
import django; django.setup()
from django.core.files.base import ContentFile
from accounts import tokens
from tests.factories import UserFactory, VideoFactory
from videos.models import State
alice = UserFactory(username="alice")
video = VideoFactory(owner=alice, state=State.COMPLETED)
video.file.save("boat.mp4", ContentFile(bytes(range(256)) * {len(CONTENT) // 256}))
print(video.public_id, tokens.issue(alice, "test")[1])
"""


@dataclass(frozen=True)
class Front:
    """A studio as browsers and programs have it, behind a proxy."""

    proxy: Proxy
    path: str
    data: Path
    video: str
    token: str

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.proxy.port}{self.path}{path}"

    def client(self) -> httpx2.Client:
        """A client that claims to be somebody else."""
        client = httpx2.Client(verify=False, trust_env=False, timeout=60, headers={"Host": HOST, **FORGED})
        client.event_hooks["request"].append(
            lambda request: request.extensions.update(sni_hostname=HOST)  # whose certificate Caddy has
        )
        return client

    def sign_in(self, client: httpx2.Client) -> None:
        page = client.get(self.url("/accounts/login/"))
        assert page.status_code == 200, page.text
        form = {"login": "alice", "password": PASSWORD, "csrfmiddlewaretoken": _csrf(page)}
        answer = client.post(self.url("/accounts/login/"), data=form, headers=_origin(self))
        assert (answer.status_code, answer.headers["location"]) == (302, f"{self.path}/"), answer.text
        for cookie in answer.headers.get_list("set-cookie"):
            assert "; secure" in cookie.lower()
            assert f"path={self.path}/" in cookie.lower()


def _origin(front: Front) -> dict[str, str]:
    return {"Origin": f"https://{HOST}", "Referer": f"https://{HOST}{front.path}/"}


def _csrf(page: httpx2.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def data(new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_data_dir(tmp_path_factory.mktemp("proxies") / "data")


def _environment(data: Path, port: int, **settings: str) -> dict[str, str]:
    left_out = ("DATABASE_URL", "REDIS_URL", "DEPLOYMENT")
    common = {"ENV_FILE": "", "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "contentgen.settings"}
    common |= {"BIND": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1", "TRUST_PROXY": "1"}
    common |= {"ALLOWED_HOSTS": HOST, "SECURE_SSL_REDIRECT": "1", "MAX_FILE_SIZE": str(MAX_FILE_SIZE)}
    return {**{k: v for k, v in os.environ.items() if k not in left_out}, **common, **settings}


@pytest.fixture(scope="module")
def prepared(data: Path) -> tuple[str, str]:
    """The id of a finished video of alice, and a token of hers."""
    command, environment = [sys.executable, "-c", _PREPARE], _environment(data, 0)
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True, timeout=240
    )
    video, token = ran.stdout.split()
    return video, token


@contextmanager
def _web(data: Path, **settings: str) -> Iterator[int]:
    port = free_port()
    with (data / f"web-{port}.log").open("w") as log:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {sys.executable} -m {COMMANDS['web']}"],
            cwd=PROJECT,
            env=_environment(data, port, **settings),
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _is_listening(port))
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


@pytest.fixture(scope="module", params=["nginx", "caddy below a path"])
def front(
    request: pytest.FixtureRequest,
    data: Path,
    prepared: tuple[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("proxy")
    if request.param == "nginx":
        settings = {"PUBLIC_URL": f"https://{HOST}", "X_ACCEL_REDIRECT": "/stored/"}
        with (
            _web(data, **settings) as web,
            nginx(folder, web=web, media=data / "media") as proxy,
        ):
            yield Front(proxy, "", data, *prepared)
    else:
        with (
            _web(data, PUBLIC_URL=f"https://{HOST}/studio") as web,
            caddy(folder, web=web, path="/studio/*") as proxy,
        ):
            yield Front(proxy, "/studio", data, *prepared)


@pytest.fixture(scope="module")
def browser(front: Front) -> Iterator[httpx2.Client]:
    """A client of alice, who has signed in: hashing her password takes half a second."""
    with front.client() as client:
        front.sign_in(client)
        yield client


def _audited(data: Path) -> tuple[str, str]:
    """Return the address and the request's id of the last entry in the audit log."""
    with closing(sqlite3.connect(data / "db.sqlite3", timeout=60)) as database:
        query = "SELECT address, request_id FROM audit_entry ORDER BY id DESC LIMIT 1"
        address, request_id = database.execute(query).fetchone()
    return str(address), str(request_id)


def test_who_signs_in_is_who_called_whatever_they_claim(front: Front):
    with front.client() as client:
        front.sign_in(client)
        address, request_id = _audited(front.data)
        page = client.get(front.url("/library/"))

    assert address == "127.0.0.1"
    assert request_id != FORGED["X-Request-ID"]
    assert page.status_code == 200
    assert page.headers["x-request-id"] != FORGED["X-Request-ID"]


def test_plain_http_is_led_to_https(front: Front):
    with httpx2.Client(trust_env=False, headers={"Host": HOST}) as client:
        answer = client.get(f"http://127.0.0.1:{front.proxy.plain}{front.path}/library/")

    assert answer.status_code in (301, 308)
    assert answer.headers["location"] == f"https://{HOST}{front.path}/library/"


def test_a_video_is_asked_for_and_followed(front: Front, browser: httpx2.Client):
    headers = {"Authorization": f"Bearer {front.token}"}
    with front.client() as client:
        address = front.url("/api/v1/videos/generate")
        made = client.post(address, json={"prompt": "A boat"}, headers=headers).json()
    card = re.search(rf'name="card" value="({made["id"]}\.[^"]+)"', browser.get(front.url("/")).text)
    assert card
    ask = {"HX-Request": "true"}
    same = browser.get(front.url("/cards"), params={"card": card[1]}, headers=ask)
    other = browser.get(front.url("/cards"), params={"card": f"{card[1]}0"}, headers=ask)

    assert same.status_code == 204
    assert f'href="{front.path}/videos/{made["id"]}/' in other.text


@pytest.mark.parametrize("path", ["/references/", "/accounts/password/change/"])
def test_a_form_that_is_too_large_is_told_so_by_the_studio(front: Front, browser: httpx2.Client, path: str):
    answer = browser.post(front.url(path), files={"images": ("a.png", TOO_LARGE)}, headers=_origin(front))

    assert answer.status_code == 413
    assert "That is too large" in answer.text


@pytest.mark.parametrize(
    ("path", "code"), [("/v1/videos", "request_too_large"), ("/api/v1/videos/generate", "too_large")]
)
def test_a_program_is_told_so_as_json(front: Front, path: str, code: str):
    headers = {"Authorization": f"Bearer {front.token}"}
    files = {"input_reference": ("a.png", TOO_LARGE)}
    with front.client() as client:
        answer = client.post(front.url(path), data={"prompt": "A boat"}, files=files, headers=headers)

    assert answer.status_code == 413, answer.text
    assert json.loads(answer.content)["error"]["code"] == code


def test_a_file_is_sent_in_parts_and_to_its_owner_alone(front: Front, browser: httpx2.Client):
    address = front.url(f"/videos/{front.video}/video.mp4")
    part = browser.get(address, headers={"Range": "bytes=250-259"})
    whole = browser.get(address, params={"download": "1"})
    behind = browser.get(front.url("/stored/boat.mp4"))
    with front.client() as stranger:
        refused = stranger.get(address)

    assert (part.status_code, part.content) == (206, CONTENT[250:260])
    assert part.headers["content-range"] == f"bytes 250-259/{len(CONTENT)}"
    for answer in (part, whole):
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "Cookie" in answer.headers["vary"]
        assert "x-accel-redirect" not in answer.headers
    assert whole.content == CONTENT
    assert whole.headers["content-disposition"].startswith("attachment")
    assert (behind.status_code, refused.status_code) == (404, 302)
