"""GET /v1/videos and /v1/videos/{id}: what a program is shown of a video in each state."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from openai.types import Video as Answer

from tests.api.openai.conftest import Made
from tests.factories import VideoFactory
from videos.models import Kind, State, Video

URL = "/v1/videos"


def _shown(client: Client, video: Video) -> dict:
    reply = client.get(f"{URL}/{video.public_id}")
    assert reply.status_code == 200
    return reply.json()


@pytest.mark.parametrize(
    ("state", "status", "progress"),
    [
        (State.QUEUED, "queued", 0),
        (State.SUBMITTING, "queued", 0),
        (State.UNCERTAIN, "queued", 0),
        (State.IN_PROGRESS, "in_progress", 0),
        (State.STORING, "in_progress", 99),
        (State.COMPLETED, "completed", 100),
        (State.FAILED, "failed", 0),
        (State.CANCELED, "failed", 0),
    ],
)
def test_each_state_in_the_protocols_words(
    client: Client, made: Made, state: State, status: str, progress: int
):
    body = _shown(client, made(state=state))

    assert (body["status"], body["progress"]) == (status, progress)
    assert (body["completed_at"] is not None) == (state == State.COMPLETED)
    assert (body["error"] is not None) == (status == "failed")
    Answer.model_validate(body, strict=True)


def test_why_it_failed(client: Client, made: Made):
    failed = made(state=State.FAILED, error_code="moderation_blocked", error_message="It was blocked.")
    running = made(state=State.QUEUED, error_code="busy", error_message="The backend is busy.")

    assert _shown(client, failed)["error"] == {"code": "moderation_blocked", "message": "It was blocked."}
    assert _shown(client, made(state=State.CANCELED))["error"]["code"] == "canceled"
    assert _shown(client, running)["error"] is None


def test_one_that_waits_for_a_decision_says_so(client: Client, made: Made):
    asked = made(state=State.UNCERTAIN, due_at=None)
    sought = made(state=State.UNCERTAIN)

    assert (_shown(client, asked)["status"], _shown(client, asked)["awaits_decision"]) == ("queued", True)
    assert "awaits_decision" not in _shown(client, sought)


def test_one_that_waits_in_the_backends_own_queue_is_queued(client: Client, made: Made):
    waiting = made(state=State.IN_PROGRESS, queued_at_backend=True)
    stored = made(state=State.STORING, queued_at_backend=True)

    assert (_shown(client, waiting)["status"], _shown(client, waiting)["progress"]) == ("queued", 0)
    assert _shown(client, stored)["status"] == "in_progress"


def test_the_whole_length_and_the_source_of_a_remix(client: Client, made: Made):
    longer = made(kind=Kind.EXTEND, seconds=8, source_seconds=4, remixed_from="video_source")
    remix = made(kind=Kind.REMIX, remixed_from="video_source")

    assert (_shown(client, longer)["seconds"], _shown(client, longer)["remixed_from_video_id"]) == (
        "12",
        None,
    )
    assert _shown(client, remix)["remixed_from_video_id"] == "video_source"


@pytest.mark.parametrize(("usual", "wait"), [(5, "1000"), (80, "4000"), (900, "10000")])
def test_how_long_to_wait_follows_experience(client: Client, made: Made, usual: int, wait: str):
    now = timezone.now()
    for _ in range(3):
        made(accepted_at=now - timedelta(seconds=usual), generated_at=now, deadline_at=now)
    running, finished = made(state=State.IN_PROGRESS), made()

    assert client.get(f"{URL}/{running.public_id}")["openai-poll-after-ms"] == wait
    assert "openai-poll-after-ms" not in client.get(f"{URL}/{finished.public_id}")


@pytest.mark.parametrize("public_id", ["video_nobody_has", "a%00b", "%E2%82%AC", "x" * 200])
def test_one_that_is_not_there(client: Client, public_id: str):
    for reply in (client.get(f"{URL}/{public_id}"), client.delete(f"{URL}/{public_id}")):
        assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found_error")


def test_another_sees_nothing(client: Client, stranger: Client, anyone: Client, made: Made):
    video = made()

    assert stranger.get(f"{URL}/{video.public_id}").status_code == 404
    assert stranger.get(URL).json()["data"] == []
    assert anyone.get(f"{URL}/{video.public_id}").status_code == 401
    assert anyone.get(URL).status_code == 401


def test_a_deleted_one_is_gone(client: Client, made: Made):
    video = made(deleted_at=timezone.now())

    assert client.get(f"{URL}/{video.public_id}").status_code == 404
    assert client.get(URL).json()["data"] == []


def test_one_in_the_trash_is_listed_no_more(client: Client, made: Made):
    video = made(trashed_at=timezone.now())

    assert client.get(URL).json()["data"] == []
    assert _shown(client, video)["status"] == "completed"


def test_pages(client: Client, made: Made):
    ids = [made().public_id for _ in range(5)]
    VideoFactory()

    newest = client.get(URL, {"limit": 2}).json()
    assert [video["id"] for video in newest["data"]] == ids[:2:-1]
    assert (newest["object"], newest["first_id"], newest["last_id"]) == ("list", ids[4], ids[3])
    assert newest["has_more"] is True
    last = client.get(URL, {"limit": 2, "after": ids[1]}).json()
    assert ([video["id"] for video in last["data"]], last["has_more"]) == ([ids[0]], False)
    oldest = client.get(URL, {"order": "asc", "after": ids[2], "limit": "100"}).json()
    assert [video["id"] for video in oldest["data"]] == ids[3:]


def test_empty_pages(client: Client, made: Made):
    empty = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert client.get(URL).json() == empty
    made()
    assert client.get(URL, {"limit": 0}).json() == {**empty, "has_more": True}


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ({"limit": "101"}, 400, "limit"),
        ({"limit": "-1"}, 400, "limit"),
        ({"limit": "٣"}, 400, "limit"),
        ({"limit": "1" * 5000}, 400, "limit"),
        ({"order": "up"}, 400, "order"),
        ({"after": "video_nobody_has"}, 404, "after"),
        ({"after": "a\x00b"}, 404, "after"),
    ],
)
def test_pages_that_are_not_there(client: Client, query: dict[str, str], status: int, param: str):
    reply = client.get(URL, query)

    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


def test_the_number_of_queries_is_constant(client: Client, made: Made, django_assert_max_num_queries):
    running = made(state=State.IN_PROGRESS)
    for _ in range(30):
        made()
    client.get(f"{URL}/{running.public_id}")  # notes the token's use and reads what is remembered

    with django_assert_max_num_queries(2):  # the token with its user, and the video
        client.get(f"{URL}/{running.public_id}")
    with django_assert_max_num_queries(2):
        assert len(client.get(URL, {"limit": 31}).json()["data"]) == 31
    with django_assert_max_num_queries(3):
        client.get(URL, {"after": running.public_id, "order": "asc"})


def test_answers_stay_out_of_caches(client: Client, made: Made):
    reply = client.get(f"{URL}/{made().public_id}")

    assert reply["Cache-Control"] == "no-store"
    assert "Authorization" in reply["Vary"]


@pytest.mark.parametrize("path", ["/v1/", "/v1/videos/", "/v1/chat/completions", "/v1/videos/a/b/c"])
def test_what_is_not_part_of_it(client: Client, path: str):
    for reply in (client.get(path), client.post(path, {}, content_type="application/json")):
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_url")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/videos", "GET, POST"),
        ("POST", "/v1/videos/x", "GET, DELETE"),
        ("DELETE", "/v1/videos/x/content", "GET"),
        ("GET", "/v1/videos/x/remix", "POST"),
        ("GET", "/v1/videos/edits", "POST"),
        ("GET", "/v1/videos/extensions", "POST"),
        ("GET", "/v1/videos/characters", "POST"),
        ("DELETE", "/v1/videos/characters/x", "GET"),
        ("POST", "/v1/models", "GET"),
        ("POST", "/v1/models/x", "GET"),
    ],
)
def test_a_wrong_method(client: Client, method: str, path: str, allowed: str):
    reply = client.generic(method, path)

    assert (reply.status_code, reply["Allow"]) == (405, allowed)
    assert reply.json()["error"]["type"] == "invalid_request_error"
