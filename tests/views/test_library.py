import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from videos.models import State
from videos.views.pagination import PAGE_SIZE

pytestmark = [pytest.mark.django_db, pytest.mark.every_value]
URL = reverse("videos:library")


def ids(videos) -> list[str]:
    return [video.public_id for video in videos]


def test_it_lists_ones_own_newest_first(as_alice, alice, bob):
    mine = VideoFactory.create_batch(3, owner=alice)
    VideoFactory(owner=bob)
    VideoFactory(owner=alice, deleted_at=timezone.now())
    response = as_alice.get(URL)
    assert ids(response.context["videos"]) == ids(reversed(mine))
    assert 'rel="next"' not in response.content.decode()
    assert 'rel="prev"' not in response.content.decode()


def test_staff_see_only_their_own(as_carol, alice):
    VideoFactory(owner=alice)
    assert ids(as_carol.get(URL).context["videos"]) == []


def test_it_pages_back_and_forth_without_losing_one(as_alice, alice):
    mine = ids(reversed(VideoFactory.create_batch(2 * PAGE_SIZE + 5, owner=alice, state=State.COMPLETED)))
    first = as_alice.get(URL).context["page"]
    assert ids(first.videos) == mine[:PAGE_SIZE]
    second = as_alice.get(URL, {"below": first.next_cursor}).context["page"]
    assert ids(second.videos) == mine[PAGE_SIZE : 2 * PAGE_SIZE]
    third = as_alice.get(URL, {"below": second.next_cursor}).context["page"]
    assert ids(third.videos) == mine[2 * PAGE_SIZE :]
    assert third.next_cursor == ""
    back = as_alice.get(URL, {"above": third.previous_cursor}).context["page"]
    assert ids(back.videos) == mine[PAGE_SIZE : 2 * PAGE_SIZE]
    front = as_alice.get(URL, {"above": back.previous_cursor}).context["page"]
    assert ids(front.videos) == mine[:PAGE_SIZE]
    assert front.previous_cursor == ""


def test_a_deleted_video_still_marks_its_place(as_alice, alice):
    mine = VideoFactory.create_batch(PAGE_SIZE + 2, owner=alice, state=State.COMPLETED)
    mark = mine[2]
    mark.deleted_at = timezone.now()
    mark.save(update_fields=["deleted_at"])
    assert ids(as_alice.get(URL, {"below": mark.public_id}).context["videos"]) == ids([mine[1], mine[0]])


@pytest.mark.parametrize("name", ["below", "above"])
@pytest.mark.parametrize("value", ["", "x", "\x00", "' OR 1=1 --", "video_" + "z" * 500])
def test_a_bad_position_means_the_first_page(as_alice, alice, name, value):
    video = VideoFactory(owner=alice)
    assert ids(as_alice.get(URL, {name: value}).context["videos"]) == [video.public_id]


def test_anothers_video_is_no_position(as_alice, alice, bob):
    mine = VideoFactory(owner=alice)
    theirs = VideoFactory(owner=bob)
    newer = VideoFactory(owner=alice)
    shown = as_alice.get(URL, {"below": theirs.public_id}).context["videos"]
    assert ids(shown) == [newer.public_id, mine.public_id]


def test_it_needs_as_many_queries_for_one_as_for_a_page(as_alice, alice, django_assert_num_queries):
    first = VideoFactory(owner=alice)
    VideoFactory(owner=alice, backend=first.backend, state=State.COMPLETED)
    as_alice.get(URL)  # the first page of all makes the simulator's row
    cache.clear()
    with django_assert_num_queries(30) as few:  # one of them, by its index: does anything of hers expire?
        as_alice.get(URL)
    for state in (State.COMPLETED, State.QUEUED):
        VideoFactory.create_batch(15, owner=alice, backend=first.backend, state=state)
    cache.clear()
    with django_assert_num_queries(len(few)):
        as_alice.get(URL)


def test_it_is_for_those_who_are_signed_in(client, as_alice):
    assert client.get(URL).url == f"{reverse('account_login')}?next={URL}"
    assert as_alice.post(URL).status_code == 405
