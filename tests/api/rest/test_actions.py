"""What can be done about a video that is there: cancel, retry, decide, delete."""

import pytest
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import URL, refused
from tests.factories import VideoFactory
from videos.models import IdempotencyRecord, State, Video

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
