"""The inbox over the API: listing it, and marking as read."""

import pytest
from django.test import Client

from accounts.models import User
from contentgen.events import EventKind
from notifications.models import Notification
from tests.api.rest.conftest import client_of
from tests.notifications.conftest import tell

pytestmark = pytest.mark.django_db

URL = "/api/v1/notifications"


def test_it_lists_ones_own_newest_first(program: Client, alice: User, bob: User):
    tell(alice, object_id="video_1", prompt="snow")
    told = tell(alice, EventKind.VIDEO_FAILED, "video_2", reason="It was refused.")
    tell(bob)

    answer = program.get(URL).json()

    assert [each["subject_id"] for each in answer["data"]] == ["video_2", "video_1"]
    assert answer["data"][0] == {
        "id": told.pk,
        "object": "notification",
        "kind": "video.failed",
        "title": "A video failed",
        "detail": "The prompt of video_2",
        "note": "It was refused.",
        "subject_id": "video_2",
        "url": "http://testserver/videos/video_2/",
        "read": False,
        "happened_at": int(told.happened_at.timestamp()),
    }
    assert (answer["unread"], answer["has_more"], answer["next"]) == (2, False, None)


def test_pages_follow_each_other(program: Client, alice: User):
    for number in range(5):
        tell(alice, object_id=f"video_{number}")
    seen, after = [], ""
    while True:
        page = program.get(URL, {"limit": 2, "after": after}).json()
        seen += [each["subject_id"] for each in page["data"]]
        after = page["next"]
        if not page["has_more"]:
            break
    assert seen == [f"video_{number}" for number in (4, 3, 2, 1, 0)]


def test_one_is_marked_as_read(program: Client, alice: User):
    told = tell(alice)
    assert program.post(f"{URL}/{told.pk}/read").json() == {"object": "notification.read", "marked": 1}
    assert program.post(f"{URL}/{told.pk}/read").json()["marked"] == 0
    assert program.get(URL, {"unread": "true"}).json()["data"] == []


def test_all_are_marked_as_read(program: Client, alice: User, bob: User):
    tell(alice, object_id="video_1")
    tell(alice, object_id="video_2")
    tell(bob)
    assert program.post(f"{URL}/read").json()["marked"] == 2
    assert Notification.objects.unread().count() == 1


def test_another_persons_is_not_found(alice: User, bob: User):
    told = tell(alice)
    response = client_of(bob).post(f"{URL}/{told.pk}/read")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    assert Notification.objects.unread().count() == 1


def test_a_reader_may_not_mark(reader: Client, alice: User):
    tell(alice)
    assert reader.get(URL).status_code == 200
    assert reader.post(f"{URL}/read").status_code == 403


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "after=x", "after=1-%00", "unread=maybe", "nonsense=1"]
)
def test_bad_input_is_refused(program: Client, query: str):
    response = program.get(f"{URL}?{query}")
    assert response.status_code in (400, 422)
    assert response.json()["error"]["message"]


def test_a_number_that_no_database_holds_is_not_found(program: Client):
    assert program.post(f"{URL}/{10**40}/read").status_code == 404


def test_without_a_token_nothing_is_told(client: Client):
    assert client.get(URL).status_code == 401
