from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import URL, read, refused
from tests.factories import VideoFactory
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def told(program: Client, video: Video) -> dict:
    response = program.get(f"{URL}/{video.public_id}")
    assert response.status_code == 200
    assert "private" in response["Cache-Control"]
    assert "Authorization" in response["Vary"]
    return response.json()


def test_it_tells_all_of_a_finished_video(program: Client, finished):
    source = finished()
    video = finished(kind="extend", remixed_from=source.public_id, source_seconds=4, price=Decimal("0.4000"))
    video.refresh_from_db()
    at = f"http://testserver{URL}/{video.public_id}"
    body = told(program, video)
    assert body == {
        "id": video.public_id,
        "owner": "alice",
        "object": "video",
        "status": "completed",
        "rating": None,
        "progress": 100,
        "model": "sora-2",
        "seconds": 4,
        "total_seconds": 8,
        "size": "1280x720",
        "prompt": video.prompt,
        "kind": "extend",
        "remixed_from": source.public_id,
        "characters": [],
        "has_reference": False,
        "parameters": {},
        "seed": None,
        "reference": None,
        "last_frame": None,
        "references": [],
        "created_at": int(video.created_at.timestamp()),
        "completed_at": int(video.finished_at.timestamp()),
        "cost": 0.0,
        "estimated_cost": 0.4,
        "estimated_from_videos": None,
        "charged_cost": None,
        "charge_problem": None,
        "cost_difference": None,
        "error": None,
        "note": None,
        "needs_decision": False,
        "queued_at_backend": False,
        "next_check_at": None,
        "candidates": [],
        "paused": False,
        "moves_to_trash_at": None,
        "cancel_requested": False,
        "actions": [],
        "width": 1280,
        "height": 720,
        "duration": 4.0,
        "bytes": 1000,
        "sha256": video.sha256,
        "container": None,
        "codec": None,
        "original_codec": None,
        "browser_copy": None,
        "timings": {
            "submitted_at": int(video.attempted_at.timestamp()),
            "accepted_at": int(video.accepted_at.timestamp()),
            "generated_at": int(video.generated_at.timestamp()),
            "finished_at": int(video.finished_at.timestamp()),
        },
        "urls": {
            "self": at,
            "page": f"http://testserver/videos/{video.public_id}/",
            "download": f"{at}/download",
            "thumbnail": f"{at}/download?output_type=thumbnail",
            "spritesheet": f"{at}/download?output_type=spritesheet",
        },
    }
    for name in ("download", "thumbnail", "spritesheet", "self"):
        response = program.get(body["urls"][name].removeprefix("http://testserver"))
        assert response.status_code == 200
        assert read(response)


@pytest.mark.parametrize(
    ("state", "status", "progress", "actions"),
    [
        (State.QUEUED, "queued", 0, ["cancel"]),
        (State.SUBMITTING, "queued", 0, ["cancel"]),
        (State.UNCERTAIN, "queued", 0, ["cancel"]),
        (State.IN_PROGRESS, "in_progress", 0, ["cancel"]),
        (State.STORING, "in_progress", 100, ["cancel"]),
        (State.FAILED, "failed", 0, ["retry"]),
        (State.CANCELED, "canceled", 0, []),
    ],
)
def test_it_speaks_the_protocols_words(program: Client, alice: User, state, status, progress, actions):
    body = told(program, VideoFactory(owner=alice, state=state))
    assert (body["status"], body["progress"], body["actions"]) == (status, progress, actions)
    assert body["urls"]["download"] is None
    assert body["completed_at"] is None
    assert (body["error"] is not None) == (state == State.FAILED)


def test_a_failure_is_told_with_its_reason(program: Client, alice: User):
    video = VideoFactory(
        owner=alice,
        state=State.FAILED,
        error_code="timed_out",
        error_message="Slow.",
        error_detail="inner",
    )
    body = told(program, video)
    assert body["error"] == {"code": "timed_out", "message": "Slow."}
    assert body["note"] is None
    assert body["actions"] == ["retry", "check-again"]
    assert "inner" not in str(body)


def test_a_pending_decision_is_told(program: Client, alice: User):
    reason = {"error_code": "unknown", "error_message": "Nobody can tell."}
    body = told(program, VideoFactory(owner=alice, state=State.UNCERTAIN, due_at=None, **reason))
    assert (body["status"], body["needs_decision"]) == ("queued", True)
    assert body["note"] == {"code": "unknown", "message": "Nobody can tell."}
    assert body["error"] is None
    assert body["actions"] == ["cancel", "check-again", "submit-again", "give-up"]


def test_a_price_that_is_not_known_is_null(program: Client, alice: User):
    assert told(program, VideoFactory(owner=alice, price=None))["cost"] is None


def test_a_stranger_does_not_find_it(program: Client, strangers: list[Client], alice: User):
    video = VideoFactory(owner=alice)
    for stranger in strangers[:1]:  # staff may look
        theirs = refused(stranger.get(f"{URL}/{video.public_id}"), 404, code="not_found", param="id")
        nobodys = refused(stranger.get(f"{URL}/{'x' * len(video.public_id)}"), 404, param="id")
        assert theirs.replace(video.public_id, "") == nobodys.replace("x" * len(video.public_id), "")


def test_a_deleted_one_is_gone(program: Client, alice: User):
    video = VideoFactory(owner=alice, deleted_at="2026-01-01T00:00Z", state=State.CANCELED)
    refused(program.get(f"{URL}/{video.public_id}"), 404, param="id")


@pytest.mark.parametrize("public_id", ["nobody", "x" * 300, "video_%00", "a.b", "é"])
def test_an_id_of_nobody_is_not_found(program: Client, public_id):
    assert program.get(f"{URL}/{public_id}").status_code == 404
    assert program.get(f"{URL}/{public_id}").json()["error"]["code"] == "not_found"


def test_it_answers_head(program: Client, alice: User):
    response = program.head(f"{URL}/{VideoFactory(owner=alice).public_id}")
    assert (response.status_code, response.content) == (200, b"")


def test_a_job_that_the_backend_holds_in_its_queue_is_told_as_such(program: Client, alice: User):
    waiting, running = (
        VideoFactory(owner=alice, state=State.IN_PROGRESS, queued_at_backend=queued)
        for queued in (True, False)
    )

    assert [told(program, video)["queued_at_backend"] for video in (waiting, running)] == [True, False]
    assert told(program, waiting)["status"] == "in_progress", "the word stays what it was"


def test_a_failed_video_that_is_still_checked_tells_when(program: Client, alice: User):
    failed = {"owner": alice, "state": State.FAILED, "error_code": "timed_out"}
    due_at = timezone.now() + timedelta(minutes=5)
    checked, over = VideoFactory(due_at=due_at, **failed), VideoFactory(**failed)

    assert told(program, checked)["next_check_at"] == int(due_at.timestamp())
    assert told(program, over)["next_check_at"] is None
    assert told(program, VideoFactory(owner=alice, state=State.QUEUED))["next_check_at"] is None
