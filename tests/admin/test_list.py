import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.admin.conftest import LIST
from tests.factories import VideoFactory
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def test_it_shows_everyones_videos_with_their_state_in_words(as_carol: Client, alice, bob):
    VideoFactory(owner=alice, state=State.IN_PROGRESS, progress=42, prompt="A heron at dusk")
    VideoFactory(owner=bob, state=State.FAILED)

    page = as_carol.get(reverse(LIST)).content.decode()

    assert "A heron at dusk" in page
    assert "In progress 42 %" in page
    assert "generation_failed" in page
    assert "alice" in page
    assert "bob" in page


def test_the_number_of_queries_does_not_grow_with_the_list(
    as_carol, django_assert_num_queries, django_assert_max_num_queries
):
    VideoFactory()
    with django_assert_max_num_queries(20) as few:
        as_carol.get(reverse(LIST))
    VideoFactory.create_batch(10)

    with django_assert_num_queries(len(few.captured_queries)):
        as_carol.get(reverse(LIST))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "in_flight"}, {"running", "undecided"}),
        ({"state": "needs_decision"}, {"undecided"}),
        ({"state": "failed"}, {"failed"}),
        ({"model": "sora-2-pro"}, {"failed"}),
        ({"q": "job_of_running"}, {"running"}),
        ({"q": "generation_failed"}, {"failed"}),
        ({"q": "alice"}, {"running"}),
    ],
)
def test_it_filters_and_searches(as_carol: Client, alice, query: dict[str, str], found: set[str]):
    VideoFactory(prompt="running", state=State.IN_PROGRESS, owner=alice, backend_job_id="job_of_running")
    VideoFactory(prompt="failed", state=State.FAILED, model="sora-2-pro")
    VideoFactory(prompt="undecided", state=State.UNCERTAIN, due_at=None)

    listed = as_carol.get(reverse(LIST), query).context["cl"].result_list

    assert {video.prompt for video in listed} == found


def test_deleted_videos_are_gone_from_it(as_carol: Client):
    video = VideoFactory(state=State.COMPLETED, deleted_at=timezone.now())

    assert list(as_carol.get(reverse(LIST)).context["cl"].result_list) == []
    assert as_carol.get(reverse("admin:videos_video_change", args=[video.pk])).status_code == 302


def test_it_is_closed_to_those_who_are_no_staff(as_alice: Client):
    VideoFactory(prompt="Nothing for alice")

    response = as_alice.get(reverse(LIST))

    assert response.status_code in (302, 403)
    assert b"Nothing for alice" not in response.content


def test_a_stranger_is_sent_to_the_studios_own_sign_in(client: Client):
    response = client.get(reverse("admin:login"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))
    assert not Video.objects.exists()
