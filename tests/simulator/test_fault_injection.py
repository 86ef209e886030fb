"""Fault injection, one kind of fault at a time: what the client sees, and what was billed."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from tests.simulator.conftest import Simulator, StartSimulator


def post(simulator: Simulator, prompt: str = "A lake") -> httpx2.Response:
    return simulator.http.post("/v1/videos", json={"prompt": prompt})


def test_refuse(simulator: Simulator) -> None:
    simulator.inject_fault(
        on="create", kind="refuse", status=403, code="sentinel_block", message="No.", times=1
    )
    response = post(simulator)

    assert response.status_code == 403
    expected = {"type": "permission_error", "message": "No.", "param": None, "code": "sentinel_block"}
    assert response.json()["error"] == expected
    assert simulator.ledger() == []
    assert post(simulator).status_code == 200


def test_fail_job(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=0.2)
    simulator.inject_fault(on="create", kind="fail_job", code="moderation_blocked", message="No.", times=1)
    job = simulator.create_and_wait()

    assert job["status"] == "failed"
    assert job["error"] == {"code": "moderation_blocked", "message": "No."}
    assert simulator.http.get(f"/v1/videos/{job['id']}/content").status_code == 404
    assert [entry["id"] for entry in simulator.ledger()] == [job["id"]]


def test_rate_limit(simulator: Simulator) -> None:
    simulator.inject_fault(on="any", kind="rate_limit", retry_after=7, times=1)
    response = post(simulator)

    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert simulator.ledger() == []


def test_error_before(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="error_before", status=503, times=1)

    assert post(simulator).status_code == 503
    assert simulator.ledger() == []


def test_error_after(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="error_after", times=1)

    assert post(simulator).status_code == 500
    assert len(simulator.ledger()) == len(simulator.jobs()) == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_hang(simulator: Simulator, accepted: bool) -> None:
    simulator.inject_fault(on="create", kind="hang", seconds=0.2, accepted=accepted, times=1)
    began = time.monotonic()
    with pytest.raises(httpx2.RemoteProtocolError):
        post(simulator)

    assert time.monotonic() - began >= 0.2
    assert len(simulator.ledger()) == int(accepted)


def test_a_client_that_gives_up_during_a_hang_does_no_harm(simulator: Simulator) -> None:
    simulator.inject_fault(on="retrieve", kind="hang", seconds=60, times=1)
    job = simulator.create()
    with pytest.raises(httpx2.ReadTimeout):
        simulator.http.get(f"/v1/videos/{job['id']}", timeout=0.1)

    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 200


def test_drop_reply(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="drop_reply", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        post(simulator)

    assert len(simulator.ledger()) == len(simulator.jobs()) == 1


def test_truncate(simulator: Simulator) -> None:
    job = simulator.create()
    video = simulator.content(job["id"])
    simulator.inject_fault(on="content", kind="truncate", times=1)
    got: list[bytes] = []

    def read(response: httpx2.Response) -> None:
        for piece in response.iter_bytes():
            got.append(piece)

    with simulator.http.stream("GET", f"/v1/videos/{job['id']}/content") as response:
        assert int(response.headers["content-length"]) == len(video)
        with pytest.raises(httpx2.RemoteProtocolError):
            read(response)

    assert 0 < len(b"".join(got)) < len(video)
    assert video.startswith(b"".join(got))
    assert simulator.content(job["id"]) == video


def test_garbage_instead_of_a_video(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.inject_fault(on="content", kind="garbage", times=1)
    response = simulator.http.get(f"/v1/videos/{job['id']}/content")

    assert (response.status_code, response.headers["content-type"]) == (200, "video/mp4")
    assert b"ftyp" not in response.content


@pytest.mark.parametrize("accepted", [True, False])
def test_garbage_instead_of_json(simulator: Simulator, accepted: bool) -> None:
    simulator.inject_fault(on="create", kind="garbage", accepted=accepted, times=1)
    response = post(simulator)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert len(simulator.ledger()) == int(accepted)


def test_unknown_status(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.inject_fault(on="any", kind="unknown_status", status="postprocessing", times=2)

    assert simulator.http.get(f"/v1/videos/{job['id']}").json()["status"] == "postprocessing"
    assert [one["status"] for one in simulator.jobs()] == ["postprocessing"]
    assert simulator.http.get(f"/v1/videos/{job['id']}").json()["status"] == "completed"


def test_slow_content(simulator: Simulator) -> None:
    job = simulator.create()
    video = simulator.content(job["id"])
    simulator.inject_fault(on="content", kind="slow_content", bytes_per_second=len(video) * 4, times=1)
    began = time.monotonic()

    assert simulator.content(job["id"]) == video
    assert 0.15 < time.monotonic() - began < 5


def test_not_found(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.inject_fault(on="retrieve", kind="not_found", times=1)

    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 404
    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 200


def test_a_rule_applies_only_to_prompts_it_matches(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="refuse", match="fox")

    assert post(simulator, "A red fox").status_code == 400
    assert post(simulator, "A lake").status_code == 200
    assert post(simulator, "Another fox").status_code == 400


def test_a_rule_with_probability_0_never_applies(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="refuse", probability=0, times=1)

    assert post(simulator).status_code == 200
    assert simulator.http.get("/_simulator/faults").json()["rules"][0]["times"] == 1


def test_rules_are_listed_and_cleared(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="hang", seconds=3)
    shown = simulator.http.get("/_simulator/faults").json()["rules"]
    cleared = simulator.http.delete("/_simulator/faults").json()

    expected = {
        "on": "create",
        "kind": "hang",
        "times": None,
        "probability": 1.0,
        "match": None,
        "model": None,
    }
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
        {"on": "create", "kind": "refuse", "model": 1},
        {"on": "create", "kind": "refuse", "status": None},
        {"on": "create", "kind": "refuse", "colour": "red"},
        {"on": "create", "kind": "refuse", "status": 200},
        {"on": "create", "kind": "hang", "seconds": "3"},
        "refuse",
    ],
)
def test_an_invalid_rule_is_refused(simulator: Simulator, rule: Any) -> None:
    response = simulator.http.post("/_simulator/faults", json={"rules": [rule]})

    assert response.status_code == 400
    assert simulator.http.get("/_simulator/faults").json() == {"rules": []}


def test_a_firewall_answers_with_a_page(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="html_error", match="fox")
    reply = post(simulator, "A fox")

    assert (reply.status_code, reply.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert post(simulator, "A lake").status_code == 200
    assert [entry["prompt"] for entry in simulator.ledger()] == ["A lake"]


def test_a_rule_applies_only_to_its_model(simulator: Simulator) -> None:
    simulator.inject_fault(on="any", kind="refuse", status=403, model="sora-2-pro")
    replies = [
        simulator.http.post("/v1/videos", json={"prompt": "a", "model": model})
        for model in ("sora-2", "sora-2-pro")
    ]

    assert [reply.status_code for reply in replies] == [200, 403]
    assert simulator.http.get("/v1/videos").status_code == 200
    assert simulator.retrieve(replies[0].json()["id"])["model"] == "sora-2"


def test_one_status_call_is_refused(simulator: Simulator) -> None:
    fox, lake = simulator.create("A fox"), simulator.create("A lake")
    simulator.inject_fault(on="retrieve", kind="refuse", status=401, match="fox")

    assert simulator.http.get(f"/v1/videos/{fox['id']}").status_code == 401
    assert simulator.http.get(f"/v1/videos/{lake['id']}").status_code == 200
    assert len(simulator.jobs()) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "insufficient_quota"), (429, "billing_hard_limit_reached"), (402, "insufficient_credits")],
)
def test_out_of_credit(simulator: Simulator, status: int, code: str) -> None:
    simulator.inject_fault(on="create", kind="refuse", status=status, code=code, type=code, message="Pay.")
    reply = post(simulator)

    assert reply.status_code == status
    assert "retry-after" not in reply.headers
    assert reply.json()["error"] == {"type": code, "message": "Pay.", "param": None, "code": code}
    assert simulator.ledger() == []


def test_a_rate_limit_without_a_time(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="rate_limit", retry_after=None)
    reply = post(simulator)

    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert "retry-after" not in reply.headers


def test_a_safety_filter_speaks_in_an_error_of_the_status_call(simulator: Simulator) -> None:
    job = simulator.create()
    message = "litellm.APIConnectionError: {'raiMediaFilteredCount': 1, 'raiMediaFilteredReasons': ['No.']}"
    simulator.inject_fault(on="retrieve", kind="refuse", status=500, code="500", message=message)
    reply = simulator.http.get(f"/v1/videos/{job['id']}")

    assert (reply.status_code, reply.json()["error"]["message"]) == (500, message)


def test_completed_but_without_a_file_for_ever(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.inject_fault(on="content", kind="not_found")

    for _ in range(3):
        assert simulator.http.get(f"/v1/videos/{job['id']}/content").status_code == 404
    assert simulator.retrieve(job["id"])["status"] == "completed"
