"""The ledger: every accepted job is entered exactly once and stays."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import av

from tests.simulator.conftest import Simulator, StartSimulator


def test_it_is_exact_under_concurrency(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="error_before", match="before")
    simulator.inject_fault(on="create", kind="error_after", match="after")

    def create(number: int) -> int:
        what = ("before", "after", "well")[number % 3]
        return simulator.http.post("/v1/videos", json={"prompt": f"{what} {number}"}).status_code

    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(create, range(120)))
    prompts = [entry["prompt"] for entry in simulator.ledger()]

    assert responses == [500, 500, 200] * 40
    assert sorted(prompts) == sorted(f"{('before', 'after', 'well')[n % 3]} {n}" for n in range(120) if n % 3)
    assert {entry["id"] for entry in simulator.ledger()} == {job["id"] for job in simulator.jobs()}
    assert simulator.http.get("/_simulator/ledger").json()["requests"]["create"] == 120


def test_an_entry_says_what_was_accepted(simulator: Simulator) -> None:
    job = simulator.create("A lake", seconds="12")
    entry = simulator.ledger()[0]

    assert entry.pop("accepted_at") > 0
    expected = {"kind": "create", "prompt": "A lake", "model": "sora-2", "size": "720x1280", "seconds": 12}
    unset = {"price": None, "idempotency_key": None, "reference": None}
    assert entry == {"id": job["id"], **expected, **unset}


def test_ledger_and_jobs_survive_a_restart(start_simulator: StartSimulator) -> None:
    job = start_simulator().create()
    again = start_simulator()

    assert [entry["id"] for entry in again.ledger()] == [job["id"]]
    assert again.http.get(f"/v1/videos/{job['id']}").json()["id"] == job["id"]


def test_the_duration_can_be_changed_while_running(simulator: Simulator) -> None:
    response = simulator.http.post("/_simulator/settings", json={"duration": 60})

    assert response.json() == {"duration": 60.0, "fps": 4, "render": "on-demand"}
    assert simulator.http.get(f"/v1/videos/{simulator.create()['id']}").json()["status"] != "completed"
    for wrong in (-1, "5", None, True):
        assert simulator.http.post("/_simulator/settings", json={"duration": wrong}).status_code == 400


def test_the_frames_per_second_can_be_changed_while_running(simulator: Simulator) -> None:
    response = simulator.http.post("/_simulator/settings", json={"duration": 0, "fps": 2})

    assert response.json() == {"duration": 0.0, "fps": 2, "render": "on-demand"}
    for wrong in (0, 121, 2.5, "8", None, True):
        changes = {"duration": 60, "fps": wrong}
        assert simulator.http.post("/_simulator/settings", json=changes).status_code == 400
    assert simulator.http.get("/_simulator/settings").json()["duration"] == 0.0  # all of it, or nothing
    with av.open(io.BytesIO(simulator.content(simulator.create_and_wait()["id"]))) as container:
        assert container.streams.video[0].average_rate == 2


def test_health_and_unknown_urls(simulator: Simulator) -> None:
    assert simulator.http.get("/health").json()["status"] == "healthy"
    assert simulator.http.get("/v1/nothing").json()["error"]["type"] == "invalid_request_error"
    assert simulator.http.put("/v1/videos").status_code == 405


def test_the_former_address_still_answers(simulator: Simulator) -> None:
    simulator.create()

    former = simulator.http.get("/_simulator/books").json()
    assert former == simulator.http.get("/_simulator/ledger").json()
    assert former["count"] == 1
