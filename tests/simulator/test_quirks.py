"""Quirks: where a server differs from the protocol all the time."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.conftest import Simulator, StartSimulator, wait_until


def planned_ends(tmp_path: Path, jobs: list[dict[str, Any]]) -> list[float]:
    """Return the times at which the work on these jobs is planned to end, so that no test waits for it."""
    ids = [job["id"] for job in jobs]
    with closing(sqlite3.connect(tmp_path / "simulator" / "simulator.sqlite3")) as database:
        ends = dict(database.execute("SELECT id, ends_at FROM ledger"))
    return [ends[job_id] for job_id in ids]


def test_there_are_none_by_default(simulator: Simulator) -> None:
    assert simulator.http.get("/_simulator/quirks").json() == {
        "misreports": [],
        "list_delay": 0.0,
        "list_order": None,
        "clock_offset": 0.0,
        "honours_idempotency_key": False,
        "workers": None,
        "delete_style": "protocol",
        "delete_refusal": 400,
        "prices": {},
    }


def test_they_are_changed_one_by_one_and_removed_together(simulator: Simulator) -> None:
    simulator.set_quirks(workers=2)
    changed = simulator.set_quirks(list_delay=3)
    removed = simulator.http.delete("/_simulator/quirks").json()

    assert (changed["workers"], changed["list_delay"]) == (2, 3)
    assert (removed["workers"], removed["list_delay"]) == (None, 0)


@pytest.mark.parametrize(
    "quirks",
    [
        [],
        {"colour": "red"},
        {"misreports": {}},
        {"list_delay": -1},
        {"list_order": "random"},
        {"clock_offset": "1h"},
        {"honours_idempotency_key": 1},
        {"workers": 0},
        {"delete_style": "never"},
        {"delete_refusal": 500},
        {"prices": {"sora-2": "0.10"}},
    ],
)
def test_an_invalid_quirk_is_refused(simulator: Simulator, quirks: Any) -> None:
    before = simulator.http.get("/_simulator/quirks").json()

    assert simulator.http.post("/_simulator/quirks", json=quirks).status_code == 400
    assert simulator.http.get("/_simulator/quirks").json() == before


def test_a_job_is_listed_late(simulator: Simulator) -> None:
    simulator.set_quirks(list_delay=1.0)
    job = simulator.create()

    assert simulator.jobs() == []
    assert simulator.retrieve(job["id"])["id"] == job["id"]
    wait_until(lambda: [one["id"] for one in simulator.jobs()] == [job["id"]])


def test_the_list_is_oldest_first_whatever_is_asked_for(simulator: Simulator) -> None:
    simulator.set_quirks(list_order="asc")
    ids = [simulator.create(f"prompt {number}")["id"] for number in range(3)]
    listed = simulator.http.get("/v1/videos?order=desc&limit=2").json()
    rest = simulator.http.get(f"/v1/videos?order=desc&after={listed['last_id']}").json()

    assert [job["id"] for job in listed["data"]] == ids[:2]
    assert [job["id"] for job in rest["data"]] == ids[2:]


def test_jobs_wait_in_the_queue_of_one_worker(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=60)
    simulator.set_quirks(workers=1)
    ids = [simulator.create(f"prompt {number}")["id"] for number in range(8)]
    wait_until(lambda: simulator.retrieve(ids[0])["status"] == "in_progress")
    waiting = [simulator.retrieve(job_id) for job_id in ids[1:]]

    assert {(job["status"], job["progress"]) for job in waiting} == {("queued", 0)}


def test_one_worker_makes_one_job_at_a_time(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=0.1)
    simulator.set_quirks(workers=1)
    began = time.monotonic()
    ids = [simulator.create(f"prompt {number}")["id"] for number in range(8)]
    ends = [simulator.wait(job_id)["status"] for job_id in ids]

    assert ends == ["completed"] * 8
    assert time.monotonic() - began >= 8 * 0.1


def test_two_workers_take_half_the_time(start_simulator: StartSimulator, tmp_path: Path) -> None:
    simulator = start_simulator(duration=60)
    simulator.set_quirks(workers=2)
    now = time.time()
    ends = planned_ends(tmp_path, [simulator.create(f"prompt {number}") for number in range(8)])

    assert [round((end - now) / 60) for end in ends] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_a_job_that_fails_frees_its_worker_early(start_simulator: StartSimulator, tmp_path: Path) -> None:
    simulator = start_simulator(duration=60)
    simulator.set_quirks(workers=1)
    simulator.inject_fault(on="create", kind="fail_job", fraction=0.5, times=1)
    now = time.time()
    ends = planned_ends(tmp_path, [simulator.create("a"), simulator.create("b")])

    assert [round((end - now) / 30) for end in ends] == [1, 3]


def test_jobs_are_made_all_at_once_by_default(start_simulator: StartSimulator, tmp_path: Path) -> None:
    simulator = start_simulator(duration=60)
    now = time.time()
    ends = planned_ends(tmp_path, [simulator.create("a"), simulator.create("b")])

    assert [round((end - now) / 60) for end in ends] == [1, 1]


def test_the_queue_survives_a_restart(start_simulator: StartSimulator, tmp_path: Path) -> None:
    first = start_simulator(duration=60)
    first.set_quirks(workers=1)
    first.create("a")
    again = start_simulator(duration=60)
    again.set_quirks(workers=1)
    now = time.time()
    (end,) = planned_ends(tmp_path, [again.create("b")])

    assert round((end - now) / 60) == 2


def test_deleting_a_running_job_is_a_conflict(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=1.5)
    simulator.set_quirks(delete_refusal=409)
    job = simulator.create()

    assert simulator.http.delete(f"/v1/videos/{job['id']}").status_code == 409
    simulator.wait(job["id"])
    assert simulator.http.delete(f"/v1/videos/{job['id']}").json()["deleted"] is True


def test_sglang_answers_a_delete_with_the_job_and_works_on(
    start_simulator: StartSimulator, tmp_path: Path
) -> None:
    simulator = start_simulator(duration=60)
    simulator.set_quirks(delete_style="sglang", workers=1)
    job, now = simulator.create("a"), time.time()
    reply = simulator.http.delete(f"/v1/videos/{job['id']}").json()
    (end,) = planned_ends(tmp_path, [simulator.create("b")])

    assert (reply["id"], reply["object"], reply["status"]) == (job["id"], "video", "deleted")
    assert simulator.http.get(f"/v1/videos/{job['id']}").status_code == 404
    assert round((end - now) / 60) == 2


def test_the_ledger_carries_prices(simulator: Simulator) -> None:
    simulator.set_quirks(prices={"sora-2": 0.10})
    simulator.create(seconds="8")
    simulator.create(model="sora-2-pro")
    ledger = simulator.http.get("/_simulator/ledger").json()

    assert [entry["price"] for entry in ledger["accepted"]] == [0.8, None]
    assert ledger["charged"] == 0.8


@pytest.mark.parametrize("offset", [-3600, 3600])
def test_a_clock_that_is_off_shows_in_its_times_and_not_in_the_ledger(
    simulator: Simulator, offset: int
) -> None:
    simulator.set_quirks(clock_offset=offset)
    job = simulator.create()
    listed = simulator.http.get("/v1/videos")

    dated = parsedate_to_datetime(listed.headers["date"]).timestamp()
    assert dated == pytest.approx(time.time() + offset, abs=5)
    assert job["created_at"] == pytest.approx(time.time() + offset, abs=5)
    assert listed.json()["data"][0]["created_at"] == job["created_at"]
    (entry,) = simulator.ledger()
    assert entry["accepted_at"] == pytest.approx(time.time(), abs=5)


def test_each_response_has_one_date(simulator: Simulator) -> None:
    assert len(simulator.http.get("/health").headers.get_list("date")) == 1
