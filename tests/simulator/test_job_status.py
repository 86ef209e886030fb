"""A job's status depends only on its row and the clock."""

from __future__ import annotations

from dataclasses import replace

from simulator.jobs import Job
from tests.simulator.conftest import StartSimulator

JOB = Job("video_1", "create", "A lake", "sora-2", "720x1280", 4, "{}", None, 1000.0, 10.0, False)


def test_it_is_queued_then_in_progress() -> None:
    assert JOB.status(1000.0) == ("queued", 0)
    assert JOB.status(1000.9) == ("in_progress", 1)


def test_its_progress_rises_and_stays_below_100_until_completed() -> None:
    progress = [JOB.status(1000 + second / 10)[1] for second in range(200)]

    assert progress == sorted(progress)
    assert max(progress) == 99


def test_it_is_not_completed_before_it_is_rendered() -> None:
    assert JOB.status(2000.0) == ("in_progress", 99)
    assert JOB.to_video(2000.0)["completed_at"] is None
    assert replace(JOB, rendered_at=1500.0).to_video(2000.0)["completed_at"] == 1500


def test_it_is_not_completed_before_its_duration_has_passed() -> None:
    rendered = replace(JOB, rendered_at=1002.0)

    assert rendered.status(1009.9)[0] == "in_progress"
    assert rendered.status(1010.0) == ("completed", 100)
    assert rendered.to_video(1010.0)["completed_at"] == 1010


def test_a_lazy_job_does_not_wait_for_rendering() -> None:
    assert replace(JOB, lazy=True).status(1010.0) == ("completed", 100)


def test_it_fails_at_the_set_time() -> None:
    failing = replace(JOB, failed_at=1005.0, error_code="moderation_blocked", error_message="No.")

    assert failing.to_video(1004.9)["error"] is None
    assert failing.to_video(1004.9)["status"] == "in_progress"
    assert failing.to_video(1005.0)["status"] == "failed"
    assert failing.to_video(1005.0)["error"] == {"code": "moderation_blocked", "message": "No."}
    assert failing.to_video(9999.0)["progress"] < 100


def test_the_poll_hint_is_sent_only_while_unfinished(
    start_simulator: StartSimulator,
) -> None:
    slow = start_simulator(duration=60, poll_after=1.5)
    order = {"prompt": "A lake"}

    created = slow.http.post("/v1/videos", json=order)
    looked = slow.http.get(f"/v1/videos/{created.json()['id']}")
    slow.http.post("/_simulator/settings", json={"duration": 0}).raise_for_status()
    second = slow.http.post("/v1/videos", json=order).json()
    finished = slow.http.get(f"/v1/videos/{second['id']}")

    assert created.headers["openai-poll-after-ms"] == looked.headers["openai-poll-after-ms"] == "1500"
    assert finished.json()["status"] == "completed"
    assert "openai-poll-after-ms" not in finished.headers
