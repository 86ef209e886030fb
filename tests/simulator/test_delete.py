"""Deleting a video."""

from __future__ import annotations

from pathlib import Path

from tests.simulator.conftest import Simulator, StartSimulator, make_image


def test_it_deletes_the_job_but_not_its_ledger_entry(simulator: Simulator, tmp_path: Path) -> None:
    job = simulator.create()
    kept = simulator.create("Another")
    simulator.content(job["id"])
    response = simulator.http.delete(f"/v1/videos/{job['id']}")

    assert response.json() == {"id": job["id"], "object": "video.deleted", "deleted": True}
    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 404
    assert simulator.http.get(f"/v1/videos/{job['id']}/content").status_code == 404
    assert not (tmp_path / "simulator" / "videos" / job["id"]).exists()
    assert [entry["id"] for entry in simulator.ledger()] == [job["id"], kept["id"]]
    assert [left["id"] for left in simulator.jobs()] == [kept["id"]]


def test_it_refuses_while_the_job_runs(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=60)
    job = simulator.create()
    response = simulator.http.delete(f"/v1/videos/{job['id']}")

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "video_not_finished"
    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 200


def test_it_answers_404_for_an_unknown_id(simulator: Simulator) -> None:
    assert simulator.http.delete("/v1/videos/video_x").status_code == 404


def test_it_keeps_a_reference_that_another_video_needs(simulator: Simulator, tmp_path: Path) -> None:
    inputs = tmp_path / "simulator" / "inputs"
    job = simulator.http.post(
        "/v1/videos", data={"prompt": "a"}, files={"input_reference": ("a.png", make_image())}
    ).json()
    remix = simulator.http.post(f"/v1/videos/{job['id']}/remix", json={"prompt": "b"}).json()
    simulator.http.delete(f"/v1/videos/{job['id']}")

    assert len(list(inputs.iterdir())) == 1
    simulator.http.delete(f"/v1/videos/{remix['id']}")
    assert list(inputs.iterdir()) == []
