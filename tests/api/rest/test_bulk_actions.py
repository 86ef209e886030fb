"""One action on many videos: a result for each, and nothing paid for twice."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import URL, client_of, refused
from tests.factories import VideoFactory
from videos.api import idempotency
from videos.models import IdempotencyRecord, State, Video

pytestmark = pytest.mark.django_db
UNDECIDED = {"state": State.UNCERTAIN, "due_at": None}
TIMED_OUT = {"state": State.FAILED, "error_code": "timed_out", "backend_job_id": "job"}


def post(program: Client, action: str, ids: list[str], key: str = ""):
    headers = {"Idempotency-Key": key} if key else {}
    return program.post(
        f"{URL}/actions", {"action": action, "ids": ids}, content_type="application/json", headers=headers
    )


def results(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [each["result"] for each in response.json()["data"]]


@pytest.mark.parametrize(
    ("action", "fields", "state"),
    [
        ("cancel", {"state": State.QUEUED}, State.CANCELED),
        ("retry", {"state": State.FAILED}, State.QUEUED),
        ("submit-again", UNDECIDED, State.QUEUED),
        ("give-up", UNDECIDED, State.FAILED),
        ("check-again", TIMED_OUT, State.IN_PROGRESS),
    ],
)
def test_each_video_has_its_own_result(program: Client, alice: User, bob: User, action, fields, state):
    own = VideoFactory(owner=alice, **fields)
    theirs = VideoFactory(owner=bob, **fields | {"backend_job_id": ""})
    done = VideoFactory(owner=alice, state=State.COMPLETED)
    ids = [own.public_id, theirs.public_id, done.public_id, "no\x00such", own.public_id]

    response = post(program, action, ids, key="k")

    assert results(response) == ["done", "not_found", "not_possible", "not_found"]
    body = response.json()
    assert body["done"] == 1
    assert body["data"][0]["video"]["id"] == own.public_id
    assert body["data"][1]["video"] is None
    assert body["data"][1]["error"]["code"] == "not_found"
    assert body["data"][2]["error"]["code"] == "not_possible_now"
    assert Video.objects.get(pk=own.pk).state == state
    assert Video.objects.get(pk=theirs.pk).state == fields["state"]
    assert Video.objects.get(pk=done.pk).state == State.COMPLETED


@pytest.mark.parametrize("action", ["retry", "submit-again"])
def test_what_costs_needs_a_key(program: Client, alice: User, action: str):
    video = VideoFactory(owner=alice, state=State.FAILED)

    refused(post(program, action, [video.public_id]), 400, param="Idempotency-Key")

    assert Video.objects.get(pk=video.pk).state == State.FAILED


def test_a_repeated_retry_pays_once_although_the_videos_failed_again(program: Client, alice: User):
    videos = VideoFactory.create_batch(2, owner=alice, state=State.FAILED)
    ids = [video.public_id for video in videos]
    assert results(post(program, "retry", ids, key="once")) == ["done", "done"]
    Video.objects.update(state=State.FAILED)

    assert results(post(program, "retry", ids, key="once")) == ["repeated", "repeated"]
    assert set(Video.objects.values_list("state", flat=True)) == {State.FAILED}
    assert results(post(program, "retry", ids, key="another")) == ["done", "done"]


def test_an_interrupted_request_goes_on_with_what_is_left(program: Client, alice: User, monkeypatch):
    first, second = VideoFactory.create_batch(2, owner=alice, state=State.FAILED)
    ids = [first.public_id, second.public_id]
    original = idempotency.create_once
    calls: list[str] = []

    def dies_at_the_second(*args, **kwargs):
        calls.append(kwargs["key"])
        if len(calls) == 2:
            raise SystemExit
        return original(*args, **kwargs)

    monkeypatch.setattr(idempotency, "create_once", dies_at_the_second)
    with pytest.raises(SystemExit):
        post(program, "retry", ids, key="once")
    monkeypatch.setattr(idempotency, "create_once", original)

    assert results(post(program, "retry", ids, key="once")) == ["repeated", "done"]


def test_the_same_key_for_something_else_is_refused_by_video(program: Client, alice: User):
    video = VideoFactory(owner=alice, state=State.FAILED)
    post(program, "retry", [video.public_id], key="k")
    Video.objects.update(**UNDECIDED)

    response = post(program, "submit-again", [video.public_id], key="k")

    assert results(response) == ["not_possible"]
    assert response.json()["data"][0]["error"]["code"] == "idempotency_key_reused"
    assert Video.objects.get().state == State.UNCERTAIN


def test_a_video_in_the_trash_is_left_alone(program: Client, alice: User):
    video = VideoFactory(owner=alice, state=State.FAILED, trashed_at=timezone.now())

    assert results(post(program, "retry", [video.public_id], key="k")) == ["not_possible"]
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("ids", [[], ["video"] * 101, "video"])
def test_the_number_is_bounded(program: Client, ids):
    refused(post(program, "cancel", ids), 422, param="ids")


def test_an_unknown_action_is_refused(program: Client):
    refused(post(program, "explode", ["video_1"]), 422, param="action")


def test_a_read_token_may_not(reader: Client, alice: User):
    video = VideoFactory(owner=alice, state=State.QUEUED)
    refused(post(reader, "cancel", [video.public_id]), 403)
    assert Video.objects.get(pk=video.pk).state == State.QUEUED


def test_many_videos_take_few_queries_to_be_told(program: Client, alice: User, django_assert_max_num_queries):
    ids = [video.public_id for video in VideoFactory.create_batch(20, owner=alice, state=State.COMPLETED)]
    with django_assert_max_num_queries(20):
        post(program, "cancel", ids)


def test_needs_decision_is_a_status_to_list_by(alice: User):
    program = client_of(alice)
    waiting = VideoFactory(owner=alice, **UNDECIDED)
    searched = VideoFactory(owner=alice, state=State.UNCERTAIN)
    VideoFactory(owner=alice, state=State.FAILED)

    def listed(status: str) -> set[str]:
        response = program.get(URL, {"status": status})
        return {video["id"] for video in response.json()["data"]}

    assert listed("needs_decision") == {waiting.public_id}
    assert listed("queued") == {waiting.public_id, searched.public_id}
    refused(program.get(URL, {"status": "undecided"}), 422, param="status")
