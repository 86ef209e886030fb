"""What can be done about a video that is there: cancel, retry, decide, delete."""

import pytest
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import URL, refused
from tests.factories import VideoFactory
from videos.models import IdempotencyRecord, JobCandidate, State, Video

pytestmark = pytest.mark.django_db
UNDECIDED = {"state": State.UNCERTAIN, "due_at": None}
TIMED_OUT = {"state": State.FAILED, "error_code": "timed_out"}
# What is posted, to a video of which kind, and what it then is.
MOVES = [
    ("cancel", {"state": State.QUEUED}, "canceled"),
    ("retry", {"state": State.FAILED}, "queued"),
    ("submit-again", UNDECIDED, "queued"),
    ("give-up", UNDECIDED, "failed"),
    ("check-again", TIMED_OUT, "in_progress"),
]


def post(program: Client, video: Video, move: str, key: str = ""):
    return program.post(f"{URL}/{video.public_id}/{move}", headers={"Idempotency-Key": key} if key else {})


def state_of(video: Video) -> tuple[str, int]:
    return Video.objects.values_list("state", "revision").get(pk=video.pk)


@pytest.mark.parametrize(("move", "fields", "status"), MOVES)
def test_it_moves_on_and_is_told(program: Client, alice: User, move, fields, status):
    video = VideoFactory(owner=alice, **fields)
    response = post(program, video, move)
    assert response.status_code == 200
    assert (response.json()["id"], response.json()["status"]) == (video.public_id, status)
    video.refresh_from_db()
    assert video.status == status


@pytest.mark.parametrize("move", [move for move, _, _ in MOVES])
def test_what_is_not_possible_now_changes_nothing(program: Client, finished, move):
    video = finished()
    before = state_of(video)
    message = refused(post(program, video, move), 409, code="not_possible_now")
    assert "completed" in message
    assert state_of(video) == before
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize(("move", "fields", "_"), MOVES)
def test_it_is_the_owners_alone(strangers: list[Client], alice: User, move, fields, _):
    video = VideoFactory(owner=alice, **fields)
    before = state_of(video)
    for stranger in strangers:
        refused(post(stranger, video, move), 404, param="id")
    assert state_of(video) == before


@pytest.mark.parametrize(
    ("move", "fields"), [("retry", {"state": State.FAILED}), ("submit-again", UNDECIDED)]
)
def test_what_is_paid_again_is_paid_once_for_a_key(program: Client, alice: User, move, fields):
    video = VideoFactory(owner=alice, **fields)
    assert post(program, video, move, "key-1").json()["status"] == "queued"
    before = state_of(video)
    Video.objects.filter(pk=video.pk).update(state=fields["state"], due_at=None)  # it went wrong once more

    again = post(program, video, move, "key-1")

    assert again.status_code == 200
    assert again["Idempotent-Replayed"] == "true"
    assert state_of(video) == (fields["state"], before[1])


def test_a_key_of_a_retry_is_for_one_video(program: Client, alice: User):
    one, other = VideoFactory.create_batch(2, owner=alice, state=State.FAILED)
    post(program, one, "retry", "key-1")
    again = post(program, other, "retry", "key-1")
    refused(again, 409, code="idempotency_key_reused", param="Idempotency-Key")
    assert state_of(other)[0] == State.FAILED


def test_a_wish_to_cancel_is_told(program: Client, alice: User):
    video = VideoFactory(owner=alice, state=State.SUBMITTING)
    body = post(program, video, "cancel").json()
    assert (body["status"], body["cancel_requested"], body["actions"]) == ("queued", True, [])


def test_deleting_hides_it_at_once(program: Client, finished, hints):
    video = finished()
    response = program.delete(f"{URL}/{video.public_id}")
    assert response.status_code == 200
    assert response.json() == {"id": video.public_id, "object": "video.deleted", "deleted": True}
    video.refresh_from_db()
    assert video.deleted_at is not None
    refused(program.get(f"{URL}/{video.public_id}"), 404, param="id")
    refused(program.delete(f"{URL}/{video.public_id}"), 404, param="id")


def test_deleting_one_in_flight_cancels_it(program: Client, alice: User):
    video = VideoFactory(owner=alice, state=State.QUEUED)
    assert program.delete(f"{URL}/{video.public_id}").status_code == 200
    assert state_of(video)[0] == State.CANCELED


def test_nobody_deletes_anothers(strangers: list[Client], finished):
    video = finished()
    for stranger in strangers:
        refused(stranger.delete(f"{URL}/{video.public_id}"), 404, param="id")
    video.refresh_from_db()
    assert video.deleted_at is None


# --- Candidates --------------------------------------------------------------------------------------------


def _undecided(owner: User, **fields) -> Video:
    video = VideoFactory(owner=owner, **UNDECIDED)
    listed = {"prompt": "A fox", "model": "prod/sora-2", "seconds": 5, "status": "processing"}
    JobCandidate.objects.create(video=video, backend_job_id="job_7", **listed, **fields)
    return video


def _adopt(program: Client, video: Video, job_id: object = "job_7"):
    body = {"job_id": job_id}
    return program.post(f"{URL}/{video.public_id}/adopt", body, content_type="application/json")


def test_the_jobs_that_may_be_it_are_told(program: Client, alice: User):
    video = _undecided(alice)
    body = program.get(f"{URL}/{video.public_id}").json()

    picture = f"http://testserver{URL}/{video.public_id}/candidates/{video.candidates.get().pk}/thumbnail"
    assert "adopt" in body["actions"]
    assert body["candidates"] == [
        {
            "job_id": "job_7",
            "status": "processing",
            "prompt": "A fox",
            "model": "prod/sora-2",
            "size": None,
            "seconds": 5,
            "seed": None,
            "created_at": None,
            "thumbnail": picture,
            "may_be_anothers": False,
        }
    ]


def test_one_of_them_is_adopted(program: Client, alice: User):
    video = _undecided(alice)

    body = _adopt(program, video).json()

    assert (body["status"], body["needs_decision"], body["candidates"]) == ("in_progress", False, [])
    video.refresh_from_db()
    assert video.backend_job_id == "job_7"
    refused(_adopt(program, video), 409, code="not_possible_now")


def test_a_job_that_was_not_shown_is_not_adopted(program: Client, alice: User):
    video = _undecided(alice)
    before = state_of(video)
    refused(_adopt(program, video, "job_8"), 409, code="not_possible_now")
    refused(_adopt(program, video, None), 422, param="job_id")
    assert state_of(video) == before


def test_what_may_be_another_persons_is_neither_read_nor_adopted(program: Client, alice: User):
    video = _undecided(alice, may_be_anothers=True)
    body = program.get(f"{URL}/{video.public_id}").json()
    assert body["candidates"][0]["prompt"] is None
    assert body["candidates"][0]["thumbnail"] is None
    assert "adopt" not in body["actions"]
    refused(_adopt(program, video), 409, code="not_possible_now")


def test_adopting_is_the_owners_alone(strangers: list[Client], alice: User):
    video = _undecided(alice)
    for stranger in strangers:
        refused(_adopt(stranger, video), 404, param="id")
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN


def test_checking_again_searches_for_a_job_that_needs_a_decision(program: Client, alice: User):
    video = _undecided(alice)
    assert post(program, video, "check-again").json()["needs_decision"] is False
    video.refresh_from_db()
    assert (video.state, video.attempts) == (State.UNCERTAIN, 0)
    assert video.due_at is not None
