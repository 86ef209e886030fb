"""Requests that a studio sent itself, directly or through others, create nothing."""

import uuid

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.api.openai.conftest import program as program_of
from tests.backends.server import Server, reply
from tests.factories import BackendFactory, VideoFactory
from videos.backends.hops import LOOP_HEADER, MAX_HOPS, VIA_HEADER
from videos.checks import check_own_address
from videos.engine import clients
from videos.models import Backend, Character, StudioState, Video
from videos.services.backends import probe_backend

pytestmark = pytest.mark.django_db
URL = "/v1/videos"
OTHER = "5f0c9a52-1d1f-4c5e-9a35-0d6d6a2f7e10"


@pytest.fixture
def program(alice: User) -> Client:
    return program_of(alice)


@pytest.fixture
def own(db) -> str:
    return str(StudioState.objects.load().installation)


def create(program: Client, via: str, path: str = URL, **fields: str):
    body = {"prompt": "A fox", **fields}
    return program.post(path, body, content_type="application/json", headers={VIA_HEADER: via})


@pytest.mark.parametrize("path", [URL, f"{URL}/edits", f"{URL}/extensions", f"{URL}/characters"])
@pytest.mark.parametrize("chain", ["{own}", "{other}, {own}", "{own},{other}", " {OWN} "])
def test_a_create_that_comes_back_is_refused_and_creates_nothing(program: Client, own: str, path, chain):
    via = chain.format(own=own, other=OTHER, OWN=own.upper())

    response = create(program, via, path, seconds="4")

    assert response.status_code == 400, "a 5xx would leave open whether it was accepted"
    assert response.json()["error"]["code"] == "loop_detected"
    assert "leads back to it" in response.json()["error"]["message"]
    assert not Video.objects.exists()
    assert not Character.objects.exists()


def test_a_remix_that_comes_back_is_refused(program: Client, own: str, alice: User):
    video = VideoFactory(owner=alice)

    assert create(program, own, f"{URL}/{video.public_id}/remix").status_code == 400
    assert Video.objects.count() == 1


def test_a_request_of_another_studio_is_carried_out_and_remembers_where_it_came_through(
    program: Client, own: str
):
    response = create(program, OTHER)

    assert response.status_code == 200
    assert LOOP_HEADER not in response
    video = Video.objects.get()
    assert clients.marked_connection_for(video.backend, video.hops).hops == (OTHER, own)


@pytest.mark.parametrize("via", ["", "nonsense", "\u00fc, <script>", ",,,", OTHER.replace("-", "")])
def test_a_header_that_makes_no_sense_changes_nothing(program: Client, via: str):
    assert create(program, via).status_code == 200
    assert Video.objects.get().hops == ""


def test_a_chain_is_bounded(program: Client):
    longest = ", ".join(str(uuid.uuid4()) for _ in range(MAX_HOPS))
    assert create(program, longest).status_code == 200
    assert Video.objects.get().hops == longest

    response = create(program, f"{longest}, {OTHER}")

    assert response.json()["error"]["code"] == "loop_detected"
    assert Video.objects.count() == 1


def test_every_request_to_a_backend_bears_the_mark(own: str):
    with Server(reply(200, {"object": "list", "data": [], "has_more": False})) as server:
        backend = BackendFactory(base_url=server.url)
        with clients.client_for(backend, OTHER) as client:
            client.list()
        probe_backend(backend)

    marks = [request.headers.get(VIA_HEADER.lower()) for request in server.requests]
    assert marks[0] == f"{OTHER}, {own}"
    assert set(marks[1:]) == {own}


def test_an_answer_to_ones_own_request_says_so_even_without_a_key(client: Client, own: str):
    assert client.get("/v1/models", headers={VIA_HEADER: own})[LOOP_HEADER] == "1"
    assert LOOP_HEADER not in client.get("/v1/models", headers={VIA_HEADER: OTHER})
    assert LOOP_HEADER not in client.get("/v1/models")


@pytest.fixture
def mirror():
    """A server that answers as this studio does when it is asked by itself."""
    with Server(reply(401, {"error": {"code": "missing_api_key"}}, **{LOOP_HEADER: "1"})) as server:
        yield server


def test_a_probe_that_meets_its_own_mark_switches_the_backend_off(mirror: Server):
    backend = BackendFactory(base_url=mirror.url)

    report = probe_backend(backend)

    assert "leads back to this studio" in report.problem
    backend.refresh_from_db()
    assert not backend.enabled


def test_add_backend_refuses_this_studio_by_its_mark_and_by_its_address(mirror: Server, settings):
    with pytest.raises(CommandError, match="leads back to this studio"):
        call_command("add_backend", "Me", mirror.url)
    settings.OWN_ADDRESSES = [("127.0.0.1", 8000)]
    with pytest.raises(CommandError, match="this studio's own"):
        call_command("add_backend", "Me", "http://localhost:8000/v1")
    assert not Backend.objects.exists()


def test_the_admin_refuses_it_at_the_field(admin_client: Client, mirror: Server, settings):
    backend = BackendFactory(base_url="http://gpu.invalid/v1")
    settings.OWN_ADDRESSES = [("127.0.0.1", 8000)]
    address = reverse("admin:videos_backend_change", args=[backend.pk])
    form = {"name": backend.name, "timeout": 60, "max_in_flight": 4, "position": 0}

    for url in (mirror.url, "http://localhost:8000/v1"):
        page = admin_client.post(address, {**form, "base_url": url})
        assert "studio" in page.context["adminform"].form.errors["base_url"][0]

    backend.refresh_from_db()
    assert backend.base_url == "http://gpu.invalid/v1"


def test_a_studio_does_not_start_with_its_own_address_as_its_backend(settings):
    settings.OWN_ADDRESSES, settings.BACKEND_URL = [("127.0.0.1", 8000)], "http://localhost:8000/v1"

    assert [error.id for error in check_own_address(None)] == ["videos.E004"]

    settings.BACKEND_URL = "http://localhost:8001/v1"
    assert check_own_address(None) == []


def test_the_key_of_the_environments_backend_follows_the_new_name(settings):
    settings.BACKEND_URL, settings.BACKEND_KEY_VARIABLE = "http://gpu.example/v1", "OPENAI_API_KEY"
    backend = Backend.objects.for_environment()
    assert backend.key_env == "OPENAI_API_KEY"

    settings.BACKEND_KEY_VARIABLE = "BACKEND_KEY"

    assert Backend.objects.for_environment().key_env == "BACKEND_KEY"
    assert Backend.objects.get(pk=backend.pk).key_env == "BACKEND_KEY"
