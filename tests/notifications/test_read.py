"""Marking as read: one, all, and by opening the thing."""

import uuid

from notifications.models import Notification
from tests.factories import VideoFactory
from tests.notifications.conftest import tell
from videos.models import State
from videos.services.personal_data import describe_account


def _unread(user) -> list[str]:
    return sorted(Notification.objects.filter(user=user).unread().values_list("object_id", flat=True))


def test_one_is_marked(as_alice, alice):
    tell(alice, object_id="video_1")
    told = tell(alice, object_id="video_2")

    response = as_alice.post(f"/notifications/{told.pk}/read")

    assert response.headers["Location"] == "/notifications/"
    assert _unread(alice) == ["video_1"]


def test_htmx_gets_it_drawn_anew(as_alice, alice):
    told = tell(alice)
    page = as_alice.post(f"/notifications/{told.pk}/read", headers={"HX-Request": "true"}).content.decode()

    assert "notice--unread" not in page
    assert "Mark as read" not in page
    assert f'id="notification-{told.pk}"' in page


def test_another_persons_is_not_found(as_bob, alice):
    told = tell(alice)
    for response in (
        as_bob.post(f"/notifications/{told.pk}/read"),
        as_bob.get(f"/notifications/{told.pk}/"),
    ):
        assert response.status_code == 404
    assert _unread(alice) == ["video_1"]


def test_a_number_that_no_database_holds_is_not_found(as_alice):
    assert as_alice.post(f"/notifications/{10**30}/read").status_code == 404


def test_all_are_marked_but_what_came_since(as_alice, alice, bob):
    tell(bob)
    seen = tell(alice, object_id="video_1")
    until = str(int(seen.happened_at.timestamp() * 1_000_000) + 1)
    tell(alice, object_id="video_2")

    as_alice.post("/notifications/read", {"until": until})

    assert _unread(alice) == ["video_2"]
    assert _unread(bob) == ["video_1"]


def test_all_are_marked_without_a_moment(as_alice, alice):
    tell(alice)
    as_alice.post("/notifications/read", {"until": "yesterday"})
    assert _unread(alice) == []


def test_opening_it_leads_to_the_thing(as_alice, alice):
    told = tell(alice)
    response = as_alice.get(f"/notifications/{told.pk}/")

    assert response.headers["Location"] == "/videos/video_1/"
    assert _unread(alice) == []


def test_opening_the_video_itself_marks_it(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    tell(alice, object_id=video.public_id)
    tell(alice, object_id="video_other")

    page = as_alice.get(video.get_absolute_url()).content.decode()

    assert _unread(alice) == ["video_other"]
    assert 'aria-label="Notifications, 1 unread"' in page


def test_opening_any_take_marks_the_takes(as_alice, alice):
    group = uuid.uuid4()
    takes = [
        VideoFactory(owner=alice, state=State.COMPLETED, take=n, takes=2, take_group=group) for n in (1, 2)
    ]
    for take in takes:
        tell(alice, object_id=take.public_id, take=take.take, takes=2, take_group=str(group))

    as_alice.get(takes[0].get_absolute_url())

    assert _unread(alice) == []


def test_a_page_of_a_video_asks_nothing_more_with_nothing_unread(
    as_alice, alice, django_assert_max_num_queries
):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    as_alice.get(video.get_absolute_url())
    with django_assert_max_num_queries(40) as asked:
        as_alice.get(video.get_absolute_url())
    assert sum("notifications_notification" in each["sql"] for each in asked.captured_queries) == 1


def test_a_viewer_may_mark(as_alice, alice):
    alice.role = "viewer"
    alice.save()
    tell(alice)

    assert as_alice.post("/notifications/read").status_code == 302
    assert _unread(alice) == []


def test_reading_by_get_is_refused(as_alice, alice):
    told = tell(alice)
    assert as_alice.get(f"/notifications/{told.pk}/read").status_code == 405
    assert _unread(alice) == ["video_1"]


def test_they_are_in_what_one_takes_along(alice, bob):
    tell(alice, prompt="snow")
    tell(bob, prompt="A secret")

    (told,) = dict(describe_account(alice))["notifications"]
    assert (told["kind"], told["object_id"], told["read_at"]) == ("video.completed", "video_1", None)
    assert told["data"]["prompt"] == "snow"
