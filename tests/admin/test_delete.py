import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import act, messages_of
from tests.factories import VideoFactory
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def test_the_list_asks_first(as_carol: Client, hints):
    video = VideoFactory(state=State.COMPLETED)

    page = act(as_carol, "delete_selected", [video])

    assert "This cannot be undone" in page.content.decode()
    assert Video.objects.get().deleted_at is None
    assert hints == []


def test_the_list_deletes_through_the_service_which_lets_go_of_job_and_files(
    as_carol: Client, hints, django_capture_on_commit_callbacks
):
    done, running = VideoFactory(state=State.COMPLETED), VideoFactory(state=State.IN_PROGRESS)

    with django_capture_on_commit_callbacks(execute=True):
        response = act(as_carol, "delete_selected", [done, running], confirmed="yes")

    assert messages_of(response) == ["2 deleted."]
    for video in Video.objects.all():
        assert video.deleted_at is not None
        assert video.delete_job_at is not None
    assert Video.objects.get(pk=running.pk).state == State.CANCELED
    assert sorted(hints) == [("clean_up_video", done.pk), ("clean_up_video", running.pk)]
    assert LogEntry.objects.filter(action_flag=DELETION).count() == 2


def test_the_page_of_one_video_deletes_the_same_way(
    as_carol: Client, hints, django_capture_on_commit_callbacks
):
    video = VideoFactory(state=State.COMPLETED)
    address = reverse("admin:videos_video_delete", args=[video.pk])

    assert "This cannot be undone" in as_carol.get(address).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        as_carol.post(address, {"post": "yes"})

    assert Video.objects.get().deleted_at is not None
    assert hints == [("clean_up_video", video.pk)]
    assert LogEntry.objects.get().action_flag == DELETION


def test_staff_without_the_right_delete_nothing(staff, hints):
    video = VideoFactory(state=State.COMPLETED)
    client = staff("view_video", "change_video")

    assert messages_of(act(client, "delete_selected", [video], confirmed="yes")) == ["No action selected."]
    address = reverse("admin:videos_video_delete", args=[video.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert Video.objects.get().deleted_at is None
    assert hints == []
