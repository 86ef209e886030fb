import json
import re
import socket

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Request, Server, hang, reply
from tests.simulator.conftest import StartSimulator
from videos.backends import Connection
from videos.backends.probe import ProbeReport, probe

NOT_FOUND = reply(404, {"detail": "Not Found"})
NO_JOB = reply(404, {"detail": "Video not found"})
LIST = reply(200, {"object": "list", "data": [], "has_more": False})
JOB = re.compile(r"/v1/videos/video_\w+$")


def _allow(*methods: str) -> bytes:
    return reply(405, {"detail": "Method Not Allowed"}, allow=", ".join(methods))


class Routed(Server):
    """Answers by method and path; a pattern that ends in `$` is one, anything else is a path."""

    def __init__(self, routes: dict[tuple[str, str], bytes], otherwise: bytes = NOT_FOUND) -> None:
        self._routes, self._otherwise = routes, otherwise
        super().__init__(self._answer)

    def _answer(self, _: Server, connection: socket.socket, request: Request) -> None:
        path = request.target.partition("?")[0]
        for (method, pattern), answer in self._routes.items():
            if method == request.method and re.fullmatch(pattern, path):
                return connection.sendall(answer)
        return connection.sendall(self._otherwise)


def _usual(**changes: bytes) -> dict[tuple[str, str], bytes]:
    """The routes of a server that follows and lists jobs, FastAPI style."""
    named = {
        "models": (("GET", "/v1/models"), reply(200, {"data": [{"id": "wan"}]})),
        "page": (("GET", "/v1/videos"), LIST),
        "job": (("GET", r"/v1/videos/[^/]+"), NO_JOB),
        "delete": (("DELETE", r"/v1/videos/[^/]+"), NO_JOB),
        "create_options": (("OPTIONS", "/v1/videos"), _allow("POST")),
        "remix_options": (("OPTIONS", r"/v1/videos/[^/]+/remix"), NOT_FOUND),
        "shared_options": (("OPTIONS", r"/v1/videos/[^/]+"), _allow("GET")),
        "description": (("GET", "/openapi.json"), NOT_FOUND),
    }
    return {route: changes.get(name, answer) for name, (route, answer) in named.items()}


def _look(server: Server, key: str = KEY) -> ProbeReport:
    return probe(Connection(server.url, key, timeout=1.0, connect_timeout=1.0))


def _probed(routes: dict[tuple[str, str], bytes], otherwise: bytes = NOT_FOUND) -> ProbeReport:
    with Routed(routes, otherwise) as server:
        findings = _look(server)
        assert server.posts == 0
        assert {request.method for request in server.requests} <= {"GET", "OPTIONS", "DELETE"}
    return findings


def test_it_knows_the_simulator_and_starts_nothing(start_simulator: StartSimulator):
    simulator = start_simulator(api_key=KEY)

    findings = probe(Connection(f"{simulator.url}/v1", KEY))

    assert findings.problem == ""
    assert findings.models == ("sora-2", "sora-2-pro")
    assert findings.capabilities == {
        "can_list": True,
        "can_delete": True,
        "can_remix": True,
        "can_edit": True,
        "can_extend": True,
        "can_characters": True,
        "takes_reference": None,
    }
    assert {check.name: check.works for check in findings.checks}["status"] is True
    assert simulator.ledger() == []


@pytest.mark.parametrize("key", ["", "sk-another-one"])
def test_it_tells_that_the_key_is_refused(start_simulator: StartSimulator, key: str):
    findings = probe(Connection(f"{start_simulator(api_key=KEY).url}/v1", key))

    assert "refuses the key" in findings.problem
    assert findings.capabilities == {}


def test_it_tells_that_a_proxy_without_a_database_refuses_the_key():
    """LiteLLM 1.106 answers so to a key that is not its master key."""
    error = {"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}}

    findings = _probed({}, reply(400, error))

    assert "refuses the key" in findings.problem


def test_it_tells_a_wrong_path(start_simulator: StartSimulator):
    findings = probe(Connection(f"{start_simulator().url}/v2", ""))

    assert "There is no Videos API" in findings.problem


def test_it_tells_a_website_from_an_api():
    page = reply(200, b"<!doctype html><title>Welcome</title>", content_type="text/html")
    assert "There is no Videos API" in _probed({}, otherwise=page).problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "ftp://example/v1", "http://[/v1"])
def test_it_tells_that_nobody_answers(url: str):
    findings = probe(Connection(url, KEY, connect_timeout=1.0))

    assert findings.problem
    assert KEY not in repr(findings)


def test_it_does_not_wait_for_ever():
    with Server(hang) as server:
        findings = probe(Connection(server.url, KEY, timeout=0.1, connect_timeout=0.1))
    assert "did not answer in time" in findings.problem


def test_it_tells_a_server_that_is_down():
    assert "HTTP 502" in _probed({}, otherwise=reply(502, b"Bad Gateway")).problem


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_names_the_right_address(status: int):
    def moved(_: Server, connection: socket.socket, request: Request) -> None:
        target = f"https://videos.example{request.target}"
        connection.sendall(reply(status, location=target))

    with Server(moved) as server:
        findings = _look(server)

    assert findings.problem == "The base URL redirects. Use https://videos.example/v1 instead."
    assert all("videos.example" not in request.headers["host"] for request in server.requests)


def test_a_redirect_to_a_sign_in_page_is_told():
    findings = _probed({}, otherwise=reply(302, location="/login?next=here"))

    assert "/login, which is no Videos API" in findings.problem


def test_a_slash_at_the_end_is_no_other_address():
    routes = _usual(models=reply(307, location="/v1/models/"))

    findings = _probed(routes)

    assert findings.problem == ""
    assert findings.models is None


@pytest.mark.parametrize(
    ("page", "can_list"),
    [
        (LIST, True),
        (NOT_FOUND, False),
        (_allow("POST"), False),
        (reply(200, {"videos": []}), False),
        (reply(500, {"detail": "oops"}), None),
        (reply(400, {"detail": "which provider?"}), None),
    ],
)
def test_it_sees_whether_it_lists(page: bytes, can_list: bool | None):
    assert _probed(_usual(page=page)).capabilities["can_list"] is can_list


@pytest.mark.parametrize(
    ("answer", "can_delete"),
    [
        (NO_JOB, True),
        (reply(200, {"deleted": True}), True),
        (_allow("GET"), False),
        (NOT_FOUND, None),
        (reply(500), None),
    ],
)
def test_it_sees_whether_it_deletes(answer: bytes, can_delete: bool | None):
    assert _probed(_usual(delete=answer)).capabilities["can_delete"] is can_delete


@pytest.mark.parametrize(("create", "can_remix"), [(_allow("POST"), False), (NOT_FOUND, None)])
def test_a_missing_route_is_believed_only_where_routes_are_told_apart(create: bytes, can_remix: bool | None):
    findings = _probed(_usual(create_options=create))

    assert findings.capabilities["can_remix"] is can_remix
    assert findings.capabilities["can_edit"] is None  # the path is also that of a job named "edits"


def test_a_server_that_allows_everything_everywhere_tells_nothing():
    everything = reply(204, allow="GET, POST, DELETE")
    routes = {route: answer for route, answer in _usual().items() if route[0] != "OPTIONS"}

    findings = _probed({**routes, ("OPTIONS", r"/.*"): everything})

    assert [findings.capabilities[f"can_{what}"] for what in ("remix", "edit", "extend", "characters")] == [
        None
    ] * 4


def test_it_believes_the_servers_own_description():
    create = {
        "requestBody": {"content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/C"}}}}
    }
    document = {
        "paths": {
            "/v1/videos": {"post": create, "get": {}},
            "/v1/videos/{video_id}/remix": {"post": {}},
            "/v1/videos/edits": {"get": {}},
        },
        "components": {"schemas": {"C": {"properties": {"input_reference": {}}}}},
    }
    routes = _usual(description=reply(200, document), remix_options=NOT_FOUND)

    assert _probed(routes).capabilities == {
        "can_list": True,
        "can_delete": True,
        "can_remix": True,
        "can_edit": False,
        "can_extend": False,
        "can_characters": False,
        "takes_reference": True,
    }


@pytest.mark.parametrize(
    "document", [[], {"paths": 7}, {"paths": {"/v1/chat": {"post": {}}}}, {"paths": {"x": 1}}]
)
def test_a_description_of_something_else_is_left_aside(document: object):
    findings = _probed(_usual(description=reply(200, document), remix_options=_allow("POST")))

    assert findings.capabilities["can_remix"] is True


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": [{"id": "a"}, {"id": "a"}, {"id": 7}, "b", {"id": "x" * 101}, {"id": "\x00"}]}, ("a",)),
        ([{"id": "a"}], ("a",)),
        ({"model_path": "wan", "task_type": "T2V"}, None),
        ("wan", None),
    ],
)
def test_it_reads_the_names_of_models_with_suspicion(body: object, names: tuple[str, ...] | None):
    findings = _probed(_usual(models=reply(200, body)))

    assert findings.models == names
    assert findings.problem == ""


def test_a_server_that_cannot_be_asked_for_a_job_is_told():
    findings = _probed(_usual(job=NOT_FOUND, page=_allow("POST")))

    check = next(check for check in findings.checks if check.name == "status")
    assert check.works is False
    assert check.advice


def test_a_key_that_the_server_quotes_is_not_passed_on():
    def quoting(_: Server, connection: socket.socket, request: Request) -> None:
        connection.sendall(reply(302, location=f"https://videos.example/{KEY}"))

    with Server(quoting) as server:
        findings = _look(server)

    assert findings.problem
    assert KEY not in json.dumps([check.found for check in findings.checks])
    assert KEY not in findings.problem
