"""The vendors' own packages judge our fakes of their services, and what our drivers send.

Each vendor's client, unchanged, works with the fake that our driver is tested with; each body that our
driver sends fits the vendor's own model of a request.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.backends.server import Server, drop, reply
from tests.dialects.hosted import HOSTED, Gemini, HostedDialect, Together
from tests.dialects.server import KEY
from tests.studio import PROJECT, wait_until
from videos.backends import Client, Connection, ReferenceFile

MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 1000

every_service = pytest.mark.parametrize("dialect", HOSTED)


@pytest.fixture(scope="session")
def vendors() -> str:
    """The Python of the environment with the vendors' packages."""
    python = os.environ.get("VENDORS_PYTHON", str(PROJECT / ".venv-vendors/bin/python"))
    if not Path(python).exists():
        reason = "The vendors' packages are not installed; `make interop` installs them"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return python


def _run(python: str, service: str, *arguments: str, stdin: object = None) -> str:
    command = [python, "-m", f"tests.interop.vendors.{service}_client", *arguments]
    process = subprocess.run(
        command,
        input=json.dumps(stdin),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


class _Prompt:
    """A fake whose jobs are finished as soon as they are made."""

    def create(self, request: Any) -> Any:
        reply = super().create(request)  # type: ignore[misc]
        for job in self.jobs.values():  # type: ignore[attr-defined]
            job.state = "done"
        return reply


@every_service
def test_the_vendors_own_client_works_with_our_fake(vendors: str, dialect: type[HostedDialect]) -> None:
    class Fake(_Prompt, dialect):  # type: ignore[misc, valid-type]
        # The package calls Together's cost a whole number, its documentation shows 0.28.
        cost = 1 if dialect is Together else dialect.cost

    with Fake(MP4) as server:
        seen = json.loads(_run(vendors, dialect.service, server.url, KEY))

    assert seen["status"] == "completed"
    assert seen["created"] in {"pending", "queued", "in_progress"}
    with dialect(MP4) as server, _connect(server) as client:
        assert {model.name for model in client.catalogue()} <= set(seen["models"])
    assert seen.get("cost") == Fake.cost
    assert seen.get("bytes", len(MP4)) == len(MP4)
    assert seen.get("url", "http").startswith("http")


def _connect(server: HostedDialect) -> Client:
    return Client(Connection(server.url, KEY, timeout=10, service=server.service))


@every_service
def test_what_our_driver_sends_fits_the_vendors_own_request(
    vendors: str, dialect: type[HostedDialect]
) -> None:
    image = ReferenceFile("a.png", b"\x89PNG", "image/png")
    asked: list[dict[str, Any]] = [
        {},
        {"reference": image},
        {"reference": image, "last_frame": image},
        {"references": [image, image]},
    ]
    with dialect(MP4) as server, _connect(server) as client:
        for images in asked:
            client.create(prompt="A fox", model="some/model", seconds=8, size="1280x720", **images)
        bodies = [request.fields for request in server.creates]

    assert len(bodies) == len(asked)
    _run(vendors, dialect.service, "judge", stdin=bodies)


def test_googles_package_by_itself_would_pay_several_times(vendors: str) -> None:
    """Why its retries are off: one call of its own client is several requests after an error."""
    with Server(reply(503)) as server:
        _run(vendors, "gemini", "insist", server.url.removesuffix("v1") + "v1beta", KEY)

        assert server.posts > 1


def test_our_driver_sends_one_create_with_aiohttp_installed_too(vendors: str) -> None:
    """There google-genai takes another way, with retries that its own setting does not reach everywhere."""
    site = subprocess.run(
        [vendors, "-c", "import aiohttp, pathlib; print(pathlib.Path(aiohttp.__file__).parents[1])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    script = f"""
import sys
sys.path.append({site!r})
import aiohttp
from videos.backends import BackendError, Client, Connection
try:
    with Client(Connection(sys.argv[1], "{KEY}", timeout=5, service="gemini")) as client:
        client.create(prompt="A fox", model="gemini-omni-1.1-flash", seconds=4, size="1280x720")
except BackendError as error:
    print(type(error).__name__, error.code)
"""
    with Server(drop) as server:
        url = server.url.removesuffix("v1") + "v1beta"
        ran = subprocess.run(
            [sys.executable, "-c", script, url], capture_output=True, text=True, cwd=PROJECT, check=False
        )

        assert ran.stdout == "UnknownOutcomeError dropped\n", ran.stderr
        wait_until(lambda: server.posts == 1)


def test_the_fake_of_gemini_forgets_what_was_deleted(vendors: str) -> None:
    class Fake(_Prompt, Gemini):  # type: ignore[misc]
        pass

    with Fake(MP4) as server:
        _run(vendors, "gemini", server.url, KEY)
        assert server.jobs == {}
