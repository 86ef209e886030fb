"""Misbehaviour on request, one kind at a time: what the client sees, and what was billed."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from tests.simulator.conftest import Simulator, Start


def post(simulator: Simulator, prompt: str = "A lake") -> httpx2.Response:
    return simulator.http.post("/v1/videos", json={"prompt": prompt})


def test_refuse(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="refuse", status=403, code="sentinel_block", message="No.", times=1)
    reply = post(simulator)

    assert reply.status_code == 403
    expected = {"type": "permission_error", "message": "No.", "param": None, "code": "sentinel_block"}
    assert reply.json()["error"] == expected
    assert simulator.books() == []
    assert post(simulator).status_code == 200


def test_fail_job(start: Start) -> None:
    simulator = start(duration=0.2)
    simulator.spoil(on="create", kind="fail_job", code="moderation_blocked", message="No.", times=1)
    job = simulator.finished()

    assert job["status"] == "failed"
    assert job["error"] == {"code": "moderation_blocked", "message": "No."}
    assert simulator.http.get(f"/v1/videos/{job['id']}/content").status_code == 404
    assert [entry["id"] for entry in simulator.books()] == [job["id"]]


def test_rate_limit(simulator: Simulator) -> None:
    simulator.spoil(on="any", kind="rate_limit", retry_after=7, times=1)
    reply = post(simulator)

    assert reply.status_code == 429
    assert reply.headers["retry-after"] == "7"
    assert simulator.books() == []


def test_error_before(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="error_before", status=503, times=1)

    assert post(simulator).status_code == 503
    assert simulator.books() == []


def test_error_after(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="error_after", times=1)

    assert post(simulator).status_code == 500
    assert len(simulator.books()) == len(simulator.jobs()) == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_hang(simulator: Simulator, accepted: bool) -> None:
    simulator.spoil(on="create", kind="hang", seconds=0.2, accepted=accepted, times=1)
    began = time.monotonic()
    with pytest.raises(httpx2.RemoteProtocolError):
        post(simulator)

    assert time.monotonic() - began >= 0.2
    assert len(simulator.books()) == int(accepted)


def test_a_client_that_stops_waiting_for_a_hang_leaves_it_well(simulator: Simulator) -> None:
    simulator.spoil(on="retrieve", kind="hang", seconds=60, times=1)
    job = simulator.create()
    with pytest.raises(httpx2.ReadTimeout):
        simulator.http.get(f"/v1/videos/{job['id']}", timeout=0.1)

    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 200


def test_drop_reply(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="drop_reply", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        post(simulator)

    assert len(simulator.books()) == len(simulator.jobs()) == 1


def test_truncate(simulator: Simulator) -> None:
    job = simulator.create()
    film = simulator.content(job["id"])
    simulator.spoil(on="content", kind="truncate", times=1)
    got: list[bytes] = []

    def read(reply: httpx2.Response) -> None:
        for piece in reply.iter_bytes():
            got.append(piece)

    with simulator.http.stream("GET", f"/v1/videos/{job['id']}/content") as reply:
        assert int(reply.headers["content-length"]) == len(film)
        with pytest.raises(httpx2.RemoteProtocolError):
            read(reply)

    assert 0 < len(b"".join(got)) < len(film)
    assert film.startswith(b"".join(got))
    assert simulator.content(job["id"]) == film


def test_garbage_instead_of_a_film(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.spoil(on="content", kind="garbage", times=1)
    reply = simulator.http.get(f"/v1/videos/{job['id']}/content")

    assert (reply.status_code, reply.headers["content-type"]) == (200, "video/mp4")
    assert b"ftyp" not in reply.content


@pytest.mark.parametrize("accepted", [True, False])
def test_garbage_instead_of_json(simulator: Simulator, accepted: bool) -> None:
    simulator.spoil(on="create", kind="garbage", accepted=accepted, times=1)
    reply = post(simulator)

    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert len(simulator.books()) == int(accepted)


def test_unknown_status(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.spoil(on="any", kind="unknown_status", status="postprocessing", times=2)

    assert simulator.http.get(f"/v1/videos/{job['id']}").json()["status"] == "postprocessing"
    assert [one["status"] for one in simulator.jobs()] == ["postprocessing"]
    assert simulator.http.get(f"/v1/videos/{job['id']}").json()["status"] == "completed"


def test_slow_content(simulator: Simulator) -> None:
    job = simulator.create()
    film = simulator.content(job["id"])
    simulator.spoil(on="content", kind="slow_content", bytes_per_second=len(film) * 4, times=1)
    began = time.monotonic()

    assert simulator.content(job["id"]) == film
    assert 0.15 < time.monotonic() - began < 5


def test_not_found(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.spoil(on="retrieve", kind="not_found", times=1)

    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 404
    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 200


def test_a_rule_strikes_only_the_prompts_it_matches(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="refuse", match="fox")

    assert post(simulator, "A red fox").status_code == 400
    assert post(simulator, "A lake").status_code == 200
    assert post(simulator, "Another fox").status_code == 400


def test_a_rule_without_probability_never_strikes(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="refuse", probability=0, times=1)

    assert post(simulator).status_code == 200
    assert simulator.http.get("/_simulator/faults").json()["rules"][0]["times"] == 1


def test_rules_are_shown_and_cleared(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="hang", seconds=3)
    shown = simulator.http.get("/_simulator/faults").json()["rules"]
    cleared = simulator.http.delete("/_simulator/faults").json()

    expected = {"on": "create", "kind": "hang", "times": None, "probability": 1.0, "match": None}
    assert shown == [{**expected, "seconds": 3, "accepted": False}]
    assert cleared == {"rules": []}
    assert post(simulator).status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {"on": "create"},
        {"on": "create", "kind": "explode"},
        {"on": "create", "kind": ["refuse"]},
        {"on": ["create"], "kind": "refuse"},
        {"on": "create", "kind": "truncate"},
        {"on": "create", "kind": "refuse", "times": -1},
        {"on": "create", "kind": "refuse", "times": "2"},
        {"on": "create", "kind": "refuse", "probability": "often"},
        {"on": "create", "kind": "refuse", "match": 1},
        {"on": "create", "kind": "refuse", "colour": "red"},
        {"on": "create", "kind": "refuse", "status": 200},
        {"on": "create", "kind": "hang", "seconds": "3"},
        "refuse",
    ],
)
def test_a_rule_it_does_not_understand_is_refused(simulator: Simulator, rule: Any) -> None:
    reply = simulator.http.post("/_simulator/faults", json={"rules": [rule]})

    assert reply.status_code == 400
    assert simulator.http.get("/_simulator/faults").json() == {"rules": []}
