"""The queue in the REST API."""

import pytest
from django.test import Client

from accounts.models import Scope, User
from tests.api.rest.conftest import client_of
from tests.factories import VideoFactory
from videos.engine import hold
from videos.models import Backend, State, Video
from videos.services.queue import pause_videos
from videos.services.queue_pauses import pause_person

pytestmark = pytest.mark.django_db

URL = "/api/v1/queue"


@pytest.fixture
def program(alice: User) -> Client:
    return client_of(alice)


def _post(program: Client, path: str, **body: object):
    return program.post(f"{URL}/{path}", body, content_type="application/json")


def test_it_lists_what_waits_page_by_page(program: Client, alice: User, backend: Backend):
    videos = VideoFactory.create_batch(3, owner=alice, backend=backend)
    VideoFactory(owner=alice, backend=backend, state=State.IN_PROGRESS)
    VideoFactory(backend=backend)

    first = program.get(URL, {"limit": 2}).json()
    second = program.get(URL, {"limit": 2, "after": first["next"]}).json()

    assert [each["id"] for each in first["data"] + second["data"]] == [each.public_id for each in videos]
    assert (first["waiting"], first["in_flight"], first["has_more"]) == (3, 1, True)
    assert (second["has_more"], second["next"]) == (False, None)
    assert first["data"][0]["waits_for"].endswith("GPU box")
    assert program.get(URL, {"after": "x"}).status_code == 422


def test_it_moves_pauses_and_cancels(program: Client, alice: User, backend: Backend):
    one, two, three = VideoFactory.create_batch(3, owner=alice, backend=backend)

    assert _post(program, "actions", action="front", ids=[three.public_id]).json()["changed"] == 1
    assert _post(program, "actions", action="pause", ids=[one.public_id]).json()["changed"] == 1
    assert _post(program, "actions", action="cancel", ids=[two.public_id]).json()["changed"] == 1
    assert _post(program, "pause").json()["paused"] is True

    listed = program.get(URL).json()
    assert [(each["id"], each["paused"]) for each in listed["data"]] == [
        (three.public_id, False),
        (one.public_id, True),
    ]
    assert program.get(f"/api/v1/videos/{one.public_id}").json()["paused"] is True
    assert Video.objects.get(pk=two.pk).state == State.CANCELED
    assert _post(program, "resume").json()["paused"] is False


def test_nobody_moves_or_pauses_anothers(alice: User, bob: User, backend: Backend):
    (hers,) = VideoFactory.create_batch(1, owner=alice, backend=backend)
    program = client_of(bob)

    for action in ("front", "pause", "cancel"):
        assert _post(program, "actions", action=action, ids=[hers.public_id]).json()["changed"] == 0
    hers.refresh_from_db()
    assert (hers.state, hers.queue_order, hers.paused_at) == (State.QUEUED, None, None)


def test_it_says_what_is_paused_and_still_takes_requests(program: Client, alice: User, backend: Backend):
    pause_person(alice, "Over budget.")
    hold.hold(message="Back at 18:00.")
    body = {"prompt": "A lake", "model": "sora-2", "seconds": 4, "size": "1280x720"}

    made = program.post("/api/v1/videos/generate", body, content_type="application/json")

    assert made.status_code == 200
    assert made.json()["status"] == "queued"
    told = program.get(URL).json()
    assert (told["paused_by_staff"], told["staff_note"]) == (True, "Over budget.")
    assert (told["maintenance"], told["maintenance_message"]) == (True, "Back at 18:00.")


def test_a_token_that_may_only_read_changes_nothing(alice: User, backend: Backend):
    reader = client_of(alice, Scope.READ)
    assert reader.get(URL).status_code == 200
    assert _post(reader, "pause").status_code == 403
    assert pause_videos(alice, None) == 0
