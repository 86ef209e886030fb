"""Who may use the simulator: its key, the Host it is called by, and pages of other sites."""

from __future__ import annotations

import pytest

from simulator.__main__ import _build_parser, _choose_key
from tests.simulator.conftest import StartSimulator

KEY = "sim-0123456789"
WITH_KEY = {"Authorization": f"Bearer {KEY}"}
# All that a page could want of it: to make videos, to read prompts, to change how it behaves.
REQUESTS = (
    ("POST", "/v1/videos", {"prompt": "A quiet lake"}),
    ("GET", "/v1/videos", None),
    ("GET", "/v1/models", None),
    ("GET", "/_simulator/ledger", None),
    ("POST", "/_simulator/faults", {"rules": []}),
    ("DELETE", "/_simulator/quirks", None),
    ("POST", "/_simulator/outage", {"kind": "silent", "seconds": 0}),
)
every_request = pytest.mark.parametrize(("method", "path", "body"), REQUESTS)


@every_request
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}])
def test_without_its_key_it_does_and_shows_nothing(
    start_simulator: StartSimulator, method: str, path: str, body: object, headers: dict[str, str]
) -> None:
    simulator = start_simulator(api_key=KEY)

    assert simulator.http.request(method, path, json=body, headers=headers).status_code == 401
    ledger = simulator.http.get("/_simulator/ledger", headers=WITH_KEY).json()
    assert ledger["accepted"] == []


@every_request
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
    ],
)
def test_a_page_of_another_site_gets_nothing_even_with_the_key(
    start_simulator: StartSimulator, method: str, path: str, body: object, headers: dict[str, str]
) -> None:
    simulator = start_simulator(api_key=KEY)

    refused = simulator.http.request(method, path, json=body, headers={**WITH_KEY, **headers})

    assert refused.status_code == 403
    assert refused.json()["error"]["code"] in {"host_not_allowed", "origin_not_allowed"}
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert simulator.http.get("/_simulator/ledger", headers=WITH_KEY).json()["accepted"] == []


def test_a_preflight_allows_nothing(start_simulator: StartSimulator) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}

    reply = start_simulator().http.options("/v1/videos", headers=asked)

    assert reply.status_code == 403
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", ["localhost:8001", "127.0.0.1", "[::1]:8001", "192.168.1.7:8001", "sim:80"])
def test_programs_reach_it_by_number_by_localhost_and_by_the_names_it_was_given(
    start_simulator: StartSimulator, host: str
) -> None:
    simulator = start_simulator(hosts=("sim",))

    assert simulator.http.get("/v1/models", headers={"Host": host}).status_code == 200


def test_its_own_pages_may_ask_it(start_simulator: StartSimulator) -> None:
    simulator = start_simulator()
    headers = {"Origin": simulator.url, "Sec-Fetch-Site": "same-origin"}

    assert simulator.http.get("/v1/models", headers=headers).status_code == 200


def test_the_command_makes_a_key_when_it_is_given_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMULATOR_API_KEY", raising=False)
    parse = _build_parser().parse_args

    (one, is_new), (other, _) = _choose_key(parse([])), _choose_key(parse([]))
    assert is_new
    assert one != other
    assert len(one or "") > 30
    assert _choose_key(parse(["--api-key", "mine"])) == ("mine", False)
    monkeypatch.setenv("SIMULATOR_API_KEY", "from the environment")
    assert _choose_key(parse([])) == ("from the environment", False)
    assert _choose_key(parse(["--no-key"])) == (None, False)
