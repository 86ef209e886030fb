"""The books: what was accepted is billed, exactly once each, and it stays billed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.simulator.conftest import Simulator, Start


def test_they_are_exact_under_concurrency(simulator: Simulator) -> None:
    simulator.spoil(on="create", kind="error_before", match="before")
    simulator.spoil(on="create", kind="error_after", match="after")

    def create(number: int) -> int:
        what = ("before", "after", "well")[number % 3]
        return simulator.http.post("/v1/videos", json={"prompt": f"{what} {number}"}).status_code

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(create, range(120)))
    prompts = [entry["prompt"] for entry in simulator.books()]

    assert replies == [500, 500, 200] * 40
    assert sorted(prompts) == sorted(f"{('before', 'after', 'well')[n % 3]} {n}" for n in range(120) if n % 3)
    assert {entry["id"] for entry in simulator.books()} == {job["id"] for job in simulator.jobs()}
    assert simulator.http.get("/_simulator/books").json()["requests"]["create"] == 120


def test_they_say_what_was_accepted(simulator: Simulator) -> None:
    job = simulator.create("A lake", seconds="12")
    entry = simulator.books()[0]

    assert entry.pop("accepted_at") > 0
    expected = {"kind": "create", "prompt": "A lake", "model": "sora-2", "size": "720x1280", "seconds": 12}
    assert entry == {"id": job["id"], **expected}


def test_they_and_the_jobs_survive_a_restart(start: Start) -> None:
    job = start().create()
    again = start()

    assert [entry["id"] for entry in again.books()] == [job["id"]]
    assert again.http.get(f"/v1/videos/{job['id']}").json()["id"] == job["id"]


def test_the_duration_can_be_changed_while_running(simulator: Simulator) -> None:
    reply = simulator.http.post("/_simulator/settings", json={"duration": 60})

    assert reply.json() == {"duration": 60.0, "fps": 4, "render": "on-demand"}
    assert simulator.http.get(f"/v1/videos/{simulator.create()['id']}").json()["status"] != "completed"
    for wrong in (-1, "5", None, True):
        assert simulator.http.post("/_simulator/settings", json={"duration": wrong}).status_code == 400


def test_health_and_unknown_places(simulator: Simulator) -> None:
    assert simulator.http.get("/health").json()["status"] == "healthy"
    assert simulator.http.get("/v1/nothing").json()["error"]["type"] == "invalid_request_error"
    assert simulator.http.put("/v1/videos").status_code == 405
