import json
import re
import socket

import pytest

from tests.backends.conftest import KEY
from tests.backends.server import Request, Server, hang, reply
from tests.simulator.conftest import StartSimulator
from videos.backends import Connection
from videos.backends.client import probe
from videos.backends.probe_report import ProbeReport

NOT_FOUND = reply(404, {"detail": "Not Found"})
NO_JOB = reply(404, {"detail": "Video not found"})
LIST = reply(200, {"object": "list", "data": [], "has_more": False})
JOB = re.compile(r"/v1/videos/video_\w+$")


def _allow_reply(*methods: str) -> bytes:
    return reply(405, {"detail": "Method Not Allowed"}, allow=", ".join(methods))


class RoutedServer(Server):
    """Answers by method and path, which may be a pattern."""

    def __init__(self, routes: dict[tuple[str, str], bytes], otherwise: bytes = NOT_FOUND) -> None:
        self._routes, self._otherwise = routes, otherwise
        super().__init__(self._answer)

    def _answer(self, _: Server, connection: socket.socket, request: Request) -> None:
        path = request.target.partition("?")[0]
        for (method, pattern), answer in self._routes.items():
            if method == request.method and re.fullmatch(pattern, path):
                return connection.sendall(answer)
        return connection.sendall(self._otherwise)


def _usual_routes(**changes: bytes) -> dict[tuple[str, str], bytes]:
    """Return the routes of a server that retrieves and lists jobs, FastAPI style."""
    named = {
        "models": (("GET", "/v1/models"), reply(200, {"data": [{"id": "wan"}]})),
        "page": (("GET", "/v1/videos"), LIST),
        "job": (("GET", r"/v1/videos/[^/]+"), NO_JOB),
        "delete": (("DELETE", r"/v1/videos/[^/]+"), NO_JOB),
        "create_options": (("OPTIONS", "/v1/videos"), _allow_reply("POST")),
        "remix_options": (("OPTIONS", r"/v1/videos/[^/]+/remix"), NOT_FOUND),
        "shared_options": (("OPTIONS", r"/v1/videos/[^/]+"), _allow_reply("GET")),
        "description": (("GET", "/openapi.json"), NOT_FOUND),
    }
    return {route: changes.get(name, answer) for name, (route, answer) in named.items()}


def _probe(server: Server, key: str = KEY) -> ProbeReport:
    return probe(Connection(server.url, key, timeout=5.0, connect_timeout=5.0))


def _probe_routes(routes: dict[tuple[str, str], bytes], otherwise: bytes = NOT_FOUND) -> ProbeReport:
    with RoutedServer(routes, otherwise) as server:
        report = _probe(server)
        assert server.posts == 0
        assert {request.method for request in server.requests} <= {"GET", "OPTIONS", "DELETE"}
    return report


def test_it_knows_the_simulator_and_starts_nothing(start_simulator: StartSimulator):
    simulator = start_simulator(api_key=KEY)

    report = probe(Connection(f"{simulator.url}/v1", KEY))

    assert report.problem == ""
    assert report.models == ("sora-2", "sora-2-pro")
    assert report.capabilities == {
        "can_list": True,
        "can_delete": True,
        "can_remix": True,
        "can_edit": True,
        "can_extend": True,
        "can_characters": True,
        "takes_reference": None,
        "honours_idempotency_key": None,
    }
    assert {check.name: check.works for check in report.checks}["status"] is True
    assert simulator.ledger() == []


@pytest.mark.parametrize("key", ["", "sk-another-one"])
def test_it_tells_that_the_key_is_refused(start_simulator: StartSimulator, key: str):
    report = probe(Connection(f"{start_simulator(api_key=KEY).url}/v1", key))

    assert "refuses the key" in report.problem
    assert report.capabilities == {}


def test_it_tells_that_a_proxy_without_a_database_refuses_the_key():
    """LiteLLM 1.106 answers like this to a key that is not its master key."""
    error = {"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}}

    report = _probe_routes({}, reply(400, error))

    assert "refuses the key" in report.problem


def test_it_tells_a_wrong_path(start_simulator: StartSimulator):
    report = probe(Connection(f"{start_simulator().url}/v2", ""))

    assert "There is no Videos API" in report.problem


def test_it_tells_a_website_from_an_api():
    page = reply(200, b"<!doctype html><title>Welcome</title>", content_type="text/html")
    assert "There is no Videos API" in _probe_routes({}, otherwise=page).problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "ftp://example/v1", "http://[/v1"])
def test_it_tells_that_nobody_answers(url: str):
    report = probe(Connection(url, KEY, connect_timeout=1.0))

    assert report.problem
    assert KEY not in repr(report)


def test_it_does_not_wait_for_ever():
    with Server(hang) as server:
        report = probe(Connection(server.url, KEY, timeout=0.1, connect_timeout=0.1))
    assert "did not answer in time" in report.problem


def test_it_tells_a_server_that_is_down():
    assert "HTTP 502" in _probe_routes({}, otherwise=reply(502, b"Bad Gateway")).problem


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_names_the_right_address(status: int):
    def moved(_: Server, connection: socket.socket, request: Request) -> None:
        target = f"https://videos.example{request.target}"
        connection.sendall(reply(status, location=target))

    with Server(moved) as server:
        report = _probe(server)

    assert report.problem == "The base URL redirects. Use https://videos.example/v1 instead."
    assert all("videos.example" not in request.headers["host"] for request in server.requests)


def test_a_redirect_to_a_sign_in_page_is_told():
    report = _probe_routes({}, otherwise=reply(302, location="/login?next=here"))

    assert "/login, which is no Videos API" in report.problem


def test_a_slash_at_the_end_is_no_other_address():
    routes = _usual_routes(models=reply(307, location="/v1/models/"))

    report = _probe_routes(routes)

    assert report.problem == ""
    assert report.models is None


@pytest.mark.parametrize(
    ("page", "can_list"),
    [
        (LIST, True),
        (NOT_FOUND, False),
        (_allow_reply("POST"), False),
        (reply(200, {"videos": []}), False),
        (reply(500, {"detail": "oops"}), None),
        (reply(400, {"detail": "which provider?"}), None),
    ],
)
def test_it_sees_whether_it_lists(page: bytes, can_list: bool | None):
    assert _probe_routes(_usual_routes(page=page)).capabilities["can_list"] is can_list


@pytest.mark.parametrize(
    ("answer", "can_delete"),
    [
        (NO_JOB, True),
        (reply(200, {"deleted": True}), True),
        (_allow_reply("GET"), False),
        (NOT_FOUND, None),
        (reply(500), None),
    ],
)
def test_it_sees_whether_it_deletes(answer: bytes, can_delete: bool | None):
    assert _probe_routes(_usual_routes(delete=answer)).capabilities["can_delete"] is can_delete


@pytest.mark.parametrize(("create", "can_remix"), [(_allow_reply("POST"), False), (NOT_FOUND, None)])
def test_a_missing_route_is_believed_only_where_routes_are_told_apart(create: bytes, can_remix: bool | None):
    report = _probe_routes(_usual_routes(create_options=create))

    assert report.capabilities["can_remix"] is can_remix
    assert report.capabilities["can_edit"] is None  # the path is also that of a job named "edits"


def test_a_server_that_allows_everything_everywhere_tells_nothing():
    everything = reply(204, allow="GET, POST, DELETE")
    routes = {route: answer for route, answer in _usual_routes().items() if route[0] != "OPTIONS"}

    report = _probe_routes({**routes, ("OPTIONS", r"/.*"): everything})

    assert [report.capabilities[f"can_{what}"] for what in ("remix", "edit", "extend", "characters")] == [
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
    routes = _usual_routes(description=reply(200, document), remix_options=NOT_FOUND)

    assert _probe_routes(routes).capabilities == {
        "can_list": True,
        "can_delete": True,
        "can_remix": True,
        "can_edit": False,
        "can_extend": False,
        "can_characters": False,
        "takes_reference": None,
        "honours_idempotency_key": None,
    }


WITH_REFERENCE = {
    "paths": {"/v1/videos": {"post": {"schema": {"properties": {"input_reference": {}}}}}},
}


@pytest.mark.parametrize(
    ("models", "takes_reference"),
    [
        ({"data": [{"id": "wan", "task_type": "T2V"}]}, False),
        ({"data": [{"id": "wan", "task_type": "I2V"}]}, True),
        ({"data": [{"id": "wan", "task_type": "TI2V"}]}, True),
        ({"data": [{"id": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"}]}, False),
        ({"data": [{"id": "Wan-AI/Wan2.2-TI2V-5B-Diffusers"}]}, True),
        ({"data": [{"id": "wan-t2v"}, {"id": "wan-i2v"}]}, None),
        ({"data": [{"id": "veo-3.1"}]}, None),
        ({"model_path": "wan", "task_type": "T2V"}, False),
        ("wan", None),
        ({"data": [{"id": 7, "task_type": None}]}, None),
    ],
)
def test_it_promises_no_reference_image_that_the_model_refuses(models: object, takes_reference: bool | None):
    routes = _usual_routes(description=reply(200, WITH_REFERENCE), models=reply(200, models))

    report = _probe_routes(routes)

    assert report.capabilities["takes_reference"] is takes_reference
    check = next(check for check in report.checks if check.name == "reference image")
    assert check.works is takes_reference


@pytest.mark.parametrize(
    ("seconds", "is_honoured"), [("604800", True), ("3600", None), ("soon", None), (None, None)]
)
def test_a_key_is_honoured_only_where_the_server_says_for_how_long(
    seconds: str | None, is_honoured: bool | None
):
    header = {} if seconds is None else {"idempotency_key_retention": seconds}
    routes = _usual_routes(models=reply(200, {"data": []}, **header))

    assert _probe_routes(routes).capabilities["honours_idempotency_key"] is is_honoured


@pytest.mark.parametrize(
    "document", [[], {"paths": 7}, {"paths": {"/v1/chat": {"post": {}}}}, {"paths": {"x": 1}}]
)
def test_a_description_of_something_else_is_left_aside(document: object):
    report = _probe_routes(
        _usual_routes(description=reply(200, document), remix_options=_allow_reply("POST"))
    )

    assert report.capabilities["can_remix"] is True


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
    report = _probe_routes(_usual_routes(models=reply(200, body)))

    assert report.models == names
    assert report.problem == ""


def test_a_server_that_cannot_be_asked_for_a_job_is_told():
    report = _probe_routes(_usual_routes(job=NOT_FOUND, page=_allow_reply("POST")))

    check = next(check for check in report.checks if check.name == "status")
    assert check.works is False
    assert check.advice


def test_a_key_that_the_server_quotes_is_not_passed_on():
    def quoting(_: Server, connection: socket.socket, request: Request) -> None:
        connection.sendall(reply(302, location=f"https://videos.example/{KEY}"))

    with Server(quoting) as server:
        report = _probe(server)

    assert report.problem
    assert KEY not in json.dumps([check.found for check in report.checks])
    assert KEY not in report.problem
