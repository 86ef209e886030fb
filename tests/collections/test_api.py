"""Collections over REST."""

import pytest

from accounts.models import User
from tests.api.rest.conftest import client_of
from tests.collections.conftest import Make
from tests.factories import VideoFactory
from videos.models import Backend, Collection, Video

pytestmark = pytest.mark.django_db
URL = "/api/v1/collections"
JSON = {"content_type": "application/json"}


def test_one_is_made_changed_listed_and_deleted(alice: User):
    program = client_of(alice)
    made = program.post(URL, {"name": "Spring", "seconds": 8}, **JSON).json()
    assert (made["name"], made["owner"], made["visibility"], made["seconds"]) == (
        "Spring",
        "alice",
        "private",
        8,
    )

    changed = program.patch(f"{URL}/{made['id']}", {"name": "Summer", "visibility": "team"}, **JSON).json()
    assert (changed["name"], changed["visibility"], changed["seconds"]) == ("Summer", "team", 8)

    assert [each["id"] for each in program.get(URL).json()["data"]] == [made["id"]]
    assert program.get(f"{URL}?q=spring").json()["data"] == []
    assert program.delete(f"{URL}/{made['id']}").json()["deleted"] is True
    assert program.get(f"{URL}/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "Spring", "seconds": 7}, "seconds"),
        ({"name": "Spring", "model": "nothing"}, "model"),
        ({"name": "Spring", "template": 999}, "template"),
        ({"name": "Spring", "visibility": "world"}, "visibility"),
        ({"name": "Spring", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(alice: User, body: dict[str, object], param: str):
    reply = client_of(alice).post(URL, body, **JSON)
    assert reply.status_code in (400, 422)
    assert reply.json()["error"]["param"] == param
    assert not Collection.objects.exists()


def test_videos_go_in_and_out(alice: User, make_collection: Make, video: Video):
    program, collection = client_of(alice), make_collection()
    address = f"{URL}/{collection.public_id}"

    assert program.post(f"{address}/items", {"ids": [video.public_id]}, **JSON).json() == {"changed": 1}
    assert program.get(address).json()["videos"] == 1
    listed = program.get(f"/api/v1/videos?collection={collection.public_id}").json()["data"]
    assert [each["id"] for each in listed] == [video.public_id]
    assert program.delete(f"{address}/items/{video.public_id}").json() == {"changed": 1}
    assert program.delete(f"{address}/items/{video.public_id}").status_code == 404


def test_nobody_adds_anothers_video(bob: User, edited: Collection, alice: User):
    other = VideoFactory(owner=alice)
    reply = client_of(bob).post(f"{URL}/{edited.public_id}/items", {"ids": [other.public_id]}, **JSON)
    assert reply.status_code == 404
    assert edited.items.count() == 1


def test_people_come_and_go(alice: User, bob: User, make_collection: Make):
    program, collection = client_of(alice), make_collection()
    members = f"{URL}/{collection.public_id}/members"

    assert program.post(members, {"username": "bob", "role": "editor"}, **JSON).json()["role"] == "editor"
    assert [each["username"] for each in client_of(bob).get(members).json()["data"]] == ["bob"]
    assert client_of(bob).delete(f"{members}/bob").json() == {"changed": 1}, "one leaves by oneself"
    assert client_of(bob).get(f"{URL}/{collection.public_id}").status_code == 404


def test_an_owner_hands_it_over(alice: User, bob: User, shared: Collection):
    reply = client_of(alice).patch(f"{URL}/{shared.public_id}", {"owner": "bob"}, **JSON)
    assert reply.json()["owner"] == "bob"


def test_a_shared_video_is_told_without_what_is_private(bob: User, shared: Collection, video: Video):
    Video.objects.filter(pk=video.pk).update(price="0.4", charged="0.42")
    told = client_of(bob).get(f"/api/v1/videos/{video.public_id}").json()
    assert (told["owner"], told["prompt"], told["actions"]) == ("alice", video.prompt, [])
    assert told["cost"] is told["estimated_cost"] is told["charged_cost"] is None
    assert client_of(bob).get("/api/v1/videos?scope=shared").json()["data"][0]["id"] == video.public_id
    assert client_of(bob).get("/api/v1/videos").json()["data"] == []


def test_a_video_is_made_in_it(alice: User, shared: Collection):
    Backend.objects.for_environment()
    body = {"prompt": "A kite", "collections": [shared.public_id]}
    made = client_of(alice).post("/api/v1/videos/generate", body, **JSON)
    assert made.status_code == 200
    assert Video.objects.get(prompt="A kite").made_in == shared

    body = {"prompt": "A tram", "collections": ["collection_of_nobody"]}
    refused = client_of(alice).post("/api/v1/videos/generate", body, **JSON)
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "collections")
    assert not Video.objects.filter(prompt="A tram").exists()
