"""Servers that describe a job otherwise than it was asked for, in lists and in status replies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import Simulator, StartSimulator

PROMPT = "  A  Red\tFox, ﬁne and quick!.. "


def describe(simulator: Simulator, **misreport: Any) -> dict[str, Any]:
    """Return how a completed job is listed by a server with this one misreport."""
    simulator.set_quirks(misreports=[misreport])
    simulator.create(PROMPT)
    return simulator.jobs()[0]


def test_the_model_is_renamed(simulator: Simulator) -> None:
    assert describe(simulator, rename_model="prod/{model}")["model"] == "prod/sora-2"
    assert simulator.ledger()[0]["model"] == "sora-2"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (["nfkc"], "  A  Red\tFox, fine and quick!.. "),
        (["spaces"], "A Red Fox, ﬁne and quick!.."),
        (["lower"], "  a  red\tfox, ﬁne and quick!.. "),
        (["punctuation"], "  A  Red\tFox, ﬁne and quick"),
        (["nfkc", "spaces", "lower", "punctuation"], "a red fox, fine and quick"),
    ],
)
def test_the_prompt_is_normalised(simulator: Simulator, steps: list[str], told: str) -> None:
    assert describe(simulator, normalise_prompt=steps)["prompt"] == told
    assert simulator.ledger()[0]["prompt"] == PROMPT


def test_the_prompt_is_cut(simulator: Simulator) -> None:
    assert describe(simulator, normalise_prompt=["spaces"], cut_prompt=5)["prompt"] == "A Red"


def test_the_prompt_is_left_out(simulator: Simulator) -> None:
    assert describe(simulator, null=["prompt"])["prompt"] is None
    assert "prompt" not in describe(simulator, absent=["prompt", "created_at"])
    assert "created_at" not in simulator.jobs()[0]


@pytest.mark.parametrize(
    ("model", "size", "multiple", "told"),
    [
        ("sora-2", "720x1280", 16, "720x1280"),
        ("sora-2-pro", "1920x1080", 16, "1920x1088"),
        ("sora-2", "720x1280", 32, "736x1280"),
    ],
)
def test_the_size_is_rounded(simulator: Simulator, model: str, size: str, multiple: int, told: str) -> None:
    simulator.set_quirks(misreports=[{"round_size": multiple}])
    simulator.create(model=model, size=size)

    assert simulator.jobs()[0]["size"] == told
    assert simulator.ledger()[0]["size"] == size


def test_size_and_seconds_are_null(simulator: Simulator) -> None:
    job = describe(simulator, null=["size", "seconds"])

    assert (job["size"], job["seconds"]) == (None, None)


def test_the_seconds_are_those_of_rounded_frames(simulator: Simulator) -> None:
    assert describe(simulator, add_seconds=1)["seconds"] == "5"
    assert simulator.ledger()[0]["seconds"] == 4


def test_lists_and_status_replies_lie_separately(simulator: Simulator) -> None:
    simulator.set_quirks(
        misreports=[{"on": ["list"], "null": ["prompt"]}, {"on": ["retrieve"], "rename_model": "x"}]
    )
    created = simulator.create("A lake")
    listed, retrieved = simulator.jobs()[0], simulator.retrieve(created["id"])

    assert (created["prompt"], created["model"]) == ("A lake", "sora-2")
    assert (listed["prompt"], listed["model"]) == (None, "sora-2")
    assert (retrieved["prompt"], retrieved["model"]) == ("A lake", "x")


def test_one_job_alone_is_described_wrongly(simulator: Simulator) -> None:
    simulator.set_quirks(misreports=[{"match": "fox", "statuses": {"completed": "SUCCESS"}}])
    simulator.create("A fox")
    simulator.create("A lake")

    assert [job["status"] for job in simulator.jobs()] == ["completed", "SUCCESS"]


@pytest.mark.parametrize("word", ["succeeded", "done", "SUCCESS", "ripe"])
def test_completed_has_another_word(simulator: Simulator, word: str) -> None:
    job = describe(simulator, statuses={"completed": word}, file_at="url")

    assert (job["status"], job["progress"]) == (word, 100)
    assert job["url"] == f"{simulator.url}/files/{job['id']}.mp4"


@pytest.mark.parametrize("word", ["error", "aborted", "timeout"])
def test_failed_has_another_word(start_simulator: StartSimulator, word: str) -> None:
    simulator = start_simulator()
    simulator.inject_fault(on="create", kind="fail_job")
    job = describe(simulator, statuses={"failed": word}, failed_fields={"error": "No."})

    assert (job["status"], job["error"]) == (word, "No.")


def test_unfinished_jobs_have_other_words(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=60)
    simulator.set_quirks(misreports=[{"statuses": {"queued": "PENDING", "in_progress": "processing"}}])

    assert simulator.create()["status"] == "PENDING"
    assert simulator.jobs()[0]["status"] == "PENDING"


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("url", lambda job: job["url"]),
        ("video_url", lambda job: job["video_url"]),
        ("output_url", lambda job: job["output_url"]),
        ("unsigned_urls.0", lambda job: job["unsigned_urls"][0]),
        ("urls.0", lambda job: job["urls"][0]),
        ("output", lambda job: job["output"]),
        ("output.0", lambda job: job["output"][0]),
        ("output.video_url", lambda job: job["output"]["video_url"]),
        ("outputs.0.url", lambda job: job["outputs"][0]["url"]),
        ("result.video.url", lambda job: job["result"]["video"]["url"]),
        ("data.0.url", lambda job: job["data"][0]["url"]),
        ("metadata.url", lambda job: job["metadata"]["url"]),
    ],
)
def test_the_address_of_the_file_is_in_the_job(simulator: Simulator, place: str, found: Any) -> None:
    job = describe(simulator, file_at=place)

    assert found(job) == f"{simulator.url}/files/{job['id']}.mp4"


def test_the_file_is_at_its_address_and_not_in_the_content(simulator: Simulator) -> None:
    job = describe(simulator, file_at="url")
    reply = simulator.http.get(job["url"])

    assert (reply.status_code, reply.headers["content-type"]) == (200, "video/mp4")
    assert reply.content[4:8] == b"ftyp"
    assert simulator.http.get(f"/v1/videos/{job['id']}/content").status_code == 404


def test_the_address_needs_no_key(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(api_key="secret")
    simulator.http.headers["Authorization"] = "Bearer secret"
    job = describe(simulator, file_at="url")
    del simulator.http.headers["Authorization"]

    assert simulator.http.get(job["url"]).status_code == 200
    assert simulator.http.get("/v1/videos").status_code == 401


def test_the_address_is_told_only_when_completed(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(duration=60)
    job = describe(simulator, file_at="url")

    assert "url" not in job
    assert simulator.http.get(f"/files/{job['id']}.mp4").status_code == 404


def test_no_file_has_an_address_by_default(simulator: Simulator) -> None:
    job = simulator.create()

    assert simulator.http.get(f"/files/{job['id']}.mp4").status_code == 404
    assert simulator.content(job["id"])[4:8] == b"ftyp"


def test_content_faults_strike_at_the_address_too(simulator: Simulator) -> None:
    job = describe(simulator, file_at="url")
    simulator.inject_fault(on="content", kind="refuse", status=410, message="No longer available", times=1)
    reply = simulator.http.get(job["url"])

    assert (reply.status_code, reply.json()["error"]["message"]) == (410, "No longer available")
    assert simulator.http.get(job["url"]).status_code == 200


def test_completed_with_an_error_inside(simulator: Simulator) -> None:
    error = {"code": "3", "message": "The prompt was blocked."}
    job = describe(simulator, completed_fields={"error": error})

    assert (job["status"], job["error"]) == ("completed", error)


@pytest.mark.parametrize(
    "misreport",
    [
        "prompt",
        {"colour": "red"},
        {"on": ["content"]},
        {"on": "list"},
        {"match": 1},
        {"cut_prompt": 0},
        {"normalise_prompt": ["rot13"]},
        {"round_size": "16"},
        {"add_seconds": True},
        {"statuses": {"ready": "done"}},
        {"file_at": "urls.1"},
        {"file_at": None},
        {"completed_fields": []},
        {"null": "prompt"},
    ],
)
def test_an_invalid_misreport_is_refused(simulator: Simulator, misreport: Any) -> None:
    reply = simulator.http.post("/_simulator/quirks", json={"misreports": [misreport]})

    assert reply.status_code == 400
    assert simulator.http.get("/_simulator/quirks").json()["misreports"] == []
