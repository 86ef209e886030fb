"""Videos made from a video: remix, edit, extend."""

import pytest
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import URL, refused
from tests.factories import VideoFactory
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db
WAYS = ["remix", "edit", "extend"]


def post(program: Client, video: Video, way: str, key: str = "", **fields: object):
    headers = {"Idempotency-Key": key} if key else {}
    url = f"{URL}/{video.public_id}/{way}"
    return program.post(url, fields, content_type="application/json", headers=headers)


@pytest.mark.parametrize("way", WAYS)
def test_it_queues_a_new_video(program: Client, finished, way):
    source = finished()
    response = post(program, source, way, prompt="At night")
    assert response.status_code == 200, response.content
    made = Video.objects.get(source=source)
    body = response.json()
    assert (body["id"], body["kind"], body["remixed_from"]) == (made.public_id, way, source.public_id)
    assert (body["status"], body["prompt"], body["seconds"]) == ("queued", "At night", 4)
    assert body["total_seconds"] == (8 if way == "extend" else 4)


def test_an_extension_says_how_much(program: Client, finished):
    assert post(program, finished(), "extend", prompt="On", seconds="8").json()["seconds"] == 8


@pytest.mark.parametrize("way", WAYS)
def test_the_same_key_makes_one_video(program: Client, finished, way):
    source = finished()
    first, again = (post(program, source, way, "key-1", prompt="At night") for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert again["Idempotent-Replayed"] == "true"
    assert Video.objects.filter(source=source).count() == 1
    other = post(program, source, way, "key-1", prompt="At noon")
    refused(other, 409, code="idempotency_key_reused", param="Idempotency-Key")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", [State.QUEUED, State.IN_PROGRESS, State.FAILED, State.CANCELED])
def test_the_source_must_be_finished(program: Client, alice: User, simulator: Backend, way, state):
    source = VideoFactory(owner=alice, backend=simulator, state=state)
    refused(post(program, source, way, prompt="At night"), 409, param="video")
    assert Video.objects.count() == 1


@pytest.mark.parametrize("way", WAYS)
def test_the_backend_must_be_able_to(program: Client, finished, way):
    source = finished()
    Backend.objects.update(can_remix=False, can_edit=False, can_extend=False, takes_reference=False)
    refused(post(program, source, way, prompt="At night"), 409, param="video")
    assert Video.objects.count() == 1


@pytest.mark.parametrize(
    ("way", "fields", "param"),
    [
        ("remix", {}, "prompt"),
        ("edit", {"prompt": " "}, "prompt"),
        ("remix", {"prompt": ["a"]}, "prompt"),
        ("extend", {"prompt": "On", "seconds": 5}, "seconds"),
        ("extend", {"prompt": "On", "seconds": "long"}, "seconds"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(program: Client, finished, way, fields, param):
    refused(post(program, finished(), way, **fields), 422, param=param)
    assert Video.objects.count() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1"])
def test_a_body_of_another_kind_is_refused(program: Client, finished, body):
    response = program.post(f"{URL}/{finished().public_id}/remix", body, content_type="application/json")
    assert response.status_code in (400, 422)
    assert response.json()["error"]["message"]
    assert Video.objects.count() == 1


@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_owners_alone(strangers: list[Client], finished, way):
    source = finished()
    for stranger in strangers:
        refused(post(stranger, source, way, prompt="At night"), 404, param="id")
    assert Video.objects.count() == 1
