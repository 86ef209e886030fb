import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.admin.conftest import messages_of
from tests.factories import VideoFactory
from videos.engine import picture_cache
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
    assert "may be another person" in page

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


def _picture(client: Client, video: Video):
    return client.get(reverse("admin:videos_video_candidate", args=[video.pk, video.candidates.get().pk]))


def test_staff_see_the_picture_of_what_may_be_another_persons(
    as_carol: Client, staff, video: Video, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(picture_cache, "cached_picture", lambda candidate: b"RIFF a picture")
    page = as_carol.get(reverse("admin:videos_video_change", args=[video.pk])).content.decode()
    assert f"/candidates/{video.candidates.get().pk}/picture" in page
    assert "A fox" in page

    assert _picture(as_carol, video).content == b"RIFF a picture"
    assert _picture(staff("change_video"), video).status_code == 200
    assert _picture(staff("view_video"), video).status_code == 403
    address = reverse("admin:videos_video_candidate", args=[video.pk, video.candidates.get().pk])
    assert as_carol.post(address).status_code == 405


def test_nobody_else_sees_it_there(as_alice: Client, client: Client, video: Video):
    for each in (as_alice, client):
        assert _picture(each, video).status_code == 302


def test_staff_see_who_else_looks_for_the_job(as_carol: Client, video: Video, bob: User):
    rival = VideoFactory(owner=bob, backend=video.backend, state=State.UNCERTAIN, due_at=None)
    JobCandidate.objects.create(video=rival, backend_job_id="job_7", may_be_anothers=True)
    settled = VideoFactory(owner=bob, backend=video.backend, state=State.FAILED)
    JobCandidate.objects.create(video=settled, backend_job_id="job_7", may_be_anothers=True)

    page = as_carol.get(reverse("admin:videos_video_change", args=[video.pk])).content.decode()

    assert f"bob, {rival.public_id}" in page
    assert settled.public_id not in page


def test_staff_are_told_of_it_and_led_to_it(as_carol: Client, video: Video):
    own = VideoFactory(state=State.UNCERTAIN, due_at=None)
    JobCandidate.objects.create(video=own, backend_job_id="job_8")
    assert "1 video needs your decision." in as_carol.get(reverse("admin:index")).content.decode()

    page = as_carol.get(reverse("admin:videos_video_changelist"), {"state": "needs_staff"})
    assert [each.pk for each in page.context["cl"].result_list] == [video.pk]
