import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import messages_of
from tests.factories import VideoFactory
from videos.models import JobCandidate, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(db) -> Video:
    video = VideoFactory(state=State.UNCERTAIN, due_at=None)
    JobCandidate.objects.create(video=video, backend_job_id="job_7", prompt="A fox", may_be_anothers=True)
    return video


def _adopt(client: Client, video: Video, job_id: str = "job_7"):
    return client.post(reverse("admin:videos_video_adopt", args=[video.pk]), {"job_id": job_id}, follow=True)


def test_staff_see_what_may_be_another_persons_and_assign_it(as_carol: Client, video: Video):
    page = as_carol.get(reverse("admin:videos_video_change", args=[video.pk])).content.decode()
    assert "job_7" in page
    assert "Another person" in page

    assert messages_of(_adopt(as_carol, video)) == ["The job was assigned to the video."]

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_7")
    assert "job_7" in LogEntry.objects.get().change_message


def test_a_job_that_was_not_found_is_not_assigned(as_carol: Client, video: Video):
    assert "Nothing was changed" in messages_of(_adopt(as_carol, video, "job_8"))[0]
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN
    assert not LogEntry.objects.exists()


def test_a_look_assigns_nothing(as_carol: Client, video: Video):
    as_carol.get(reverse("admin:videos_video_adopt", args=[video.pk]))
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN


def test_people_without_the_permission_assign_nothing(as_alice: Client, video: Video):
    assert _adopt(as_alice, video).status_code in {200, 403}
    video.refresh_from_db()
    assert video.state == State.UNCERTAIN
