import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from tests.factories import VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def video():
    video = VideoFactory(state=State.COMPLETED, file="")
    video.file.save("videos/clip.mp4", ContentFile(b"0123456789"))
    video.poster.save("videos/poster.webp", ContentFile(b"poster"))
    return video


def _address(field: str, video) -> str:
    return reverse(f"admin:videos_video_{field}", args=[video.pk])


def test_staff_get_the_clip_of_anyone_in_ranges(staff, video):
    response = staff("view_video").get(_address("file", video), headers={"range": "bytes=2-5"})

    assert response.status_code == 206
    assert response.getvalue() == b"2345"
    assert response["Content-Type"] == "video/mp4"
    assert "private" in response["Cache-Control"]


def test_staff_get_the_poster(staff, video):
    response = staff("view_video").get(_address("poster", video))

    assert response.status_code == 200
    assert response.getvalue() == b"poster"
    assert response["Content-Type"] == "image/webp"


@pytest.mark.parametrize("field", ["file", "poster"])
def test_staff_without_the_right_to_look_get_nothing(staff, video, field: str):
    assert staff("view_backend").get(_address(field, video)).status_code == 403


@pytest.mark.parametrize("field", ["file", "poster"])
def test_it_is_no_way_around_for_people(as_bob: Client, client: Client, video, field: str):
    for stranger in (as_bob, client):
        assert stranger.get(_address(field, video)).status_code in (302, 403)


def test_it_refuses_another_method(as_carol: Client, video):
    assert as_carol.post(_address("file", video)).status_code == 405


def test_a_video_without_a_file_and_a_lost_file_are_not_found(as_carol: Client, video):
    assert as_carol.get(_address("file", VideoFactory())).status_code == 404
    video.file.storage.delete(video.file.name)

    assert as_carol.get(_address("file", video)).status_code == 404
    assert as_carol.get(reverse("admin:videos_video_file", args=[10**9])).status_code == 404
