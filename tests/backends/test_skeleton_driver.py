"""The driver that docs/backends.md shows is short, and works."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Server, drop, reply
from videos.backends import Client, Connection, ReferenceFile, RefusedError
from videos.backends.errors import UnknownOutcomeError
from videos.backends.service_kinds import SERVICES, Service
from videos.key_names import is_key_name

SKELETON = Path(__file__).parents[2] / "docs/examples/acme_driver.py"
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 100


@pytest.fixture
def acme(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Server]
) -> Callable[..., tuple[Server, Client]]:
    """Register it, with one line, and open it for a server with these answers."""
    monkeypatch.syspath_prepend(SKELETON.parent)
    monkeypatch.setitem(SERVICES, "acme", Service("Acme", "acme_driver:AcmeDriver"))

    def start(*answers: object) -> tuple[Server, Client]:
        server = serve(*answers)
        return server, Client(Connection(server.url, KEY, timeout=2, service="acme"))

    return start


def test_it_is_shorter_than_a_hundred_lines() -> None:
    assert len(SKELETON.read_text().splitlines()) < 100


def test_it_creates_follows_and_fetches(acme) -> None:
    server, client = acme(
        reply(200, {"id": "j/1", "state": "queued"}),
        reply(200, {"id": "j/1", "state": "done", "video": "/", "dollars": 0.25}),
    )
    image = ReferenceFile("a.png", b"x", "image/png")
    with client:
        job = client.create(prompt="a cat", model="m", seconds=5, size="1280x720", reference=image)
        done = client.retrieve(job.id)
    assert (job.status, done.status, done.charge.amount) == ("queued", "completed", Decimal("0.25"))
    create, retrieve = server.requests
    assert create.headers["acme-key"] == KEY
    assert b'"start_image":"data:image/png;base64,eA=="' in create.body
    assert retrieve.target == "/v1/jobs/j%2F1"


def test_it_downloads_with_the_key_and_describes_its_models(acme) -> None:
    server, client = acme(reply(200, MP4, content_type="video/mp4"), reply(200, [{"name": "fox"}, 7]))
    with client:
        with client.download("j", server.url + "/video") as chunks:
            assert b"".join(chunks) == MP4
        (model,) = client.catalogue()
    assert (model.name, model.sizes) == ("fox", ("1280x720", "720x1280"))
    assert {request.headers["acme-key"] for request in server.requests} == {KEY}


def test_a_lost_answer_is_one_request_and_a_refusal_is_told(acme) -> None:
    server, client = acme(drop, reply(400, {"error": {"message": "No foxes."}}))
    arguments = {"prompt": "a cat", "model": "m", "seconds": 5, "size": "1280x720"}
    with client:
        with pytest.raises(UnknownOutcomeError):
            client.create(**arguments)
        assert server.posts == 1
        with pytest.raises(RefusedError, match=r"No foxes\."):
            client.create(**arguments)


def test_its_variable_counts_as_one_for_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_key_name("ACME_KEY")

    monkeypatch.setitem(SERVICES, "acme", Service("Acme", "acme_driver:AcmeDriver", key_env="ACME_KEY"))

    assert is_key_name("ACME_KEY")
