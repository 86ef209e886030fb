import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from tests.admin.conftest import act, messages_of
from tests.factories import VideoFactory
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def test_it_says_how_many_it_changed_and_why_not_the_others(as_carol: Client):
    videos = [
        VideoFactory(state=state)
        for state in (State.QUEUED, State.IN_PROGRESS, State.COMPLETED, State.SUBMITTING)
    ]
    done_before = VideoFactory(state=State.CANCELED)

    response = act(as_carol, "cancel", [*videos, done_before], confirmed="yes")

    (sentence,) = messages_of(response)
    assert sentence.split("; ") == [
        "2 canceled",
        "1 had already finished",
        "1 will be canceled as soon as it is known whether the backend accepted it",
        "1 had been canceled before.",
    ]
    states = [Video.objects.get(pk=video.pk).state for video in videos]
    assert states == [State.CANCELED, State.CANCELED, State.COMPLETED, State.SUBMITTING]
    assert set(LogEntry.objects.values_list("object_id", flat=True)) == {
        str(videos[index].pk) for index in (0, 1, 3)
    }


def test_it_is_not_for_staff_who_may_only_look(staff):
    video = VideoFactory(state=State.QUEUED)

    response = act(staff("view_video", "delete_video"), "cancel", [video])

    assert messages_of(response) == ["No action selected."]
    video.refresh_from_db()
    assert video.state == State.QUEUED
    assert not LogEntry.objects.exists()


def test_all_that_the_filter_shows_are_canceled_and_no_other(as_carol: Client, monkeypatch):
    monkeypatch.setattr("videos.admin.action_pages.BATCH_SIZE", 2)
    waiting = VideoFactory.create_batch(5, state=State.QUEUED)
    running = VideoFactory(state=State.IN_PROGRESS)

    data = {"action": "cancel", "index": "0", "select_across": "1", "_selected_action": [str(waiting[0].pk)]}
    page = as_carol.post("/admin/videos/video/?state=queued", data)
    VideoFactory(state=State.QUEUED)  # came after the page was drawn
    pks = page.context["pks"]
    assert pks == ",".join(str(video.pk) for video in waiting)
    response = as_carol.post(
        "/admin/videos/video/?state=queued",
        {"action": "cancel", "index": "0", "_selected_action": pks[0], "pks": pks, "confirmed": "yes"},
    )

    assert messages_of(response) == ["5 canceled."]
    running.refresh_from_db()
    assert running.state == State.IN_PROGRESS


def test_one_that_was_deleted_since_the_list_was_drawn_is_reported(as_carol: Client):
    video = VideoFactory(state=State.QUEUED)
    Video.objects.filter(pk=video.pk).update(state=State.CANCELED, deleted_at=timezone.now())

    assert messages_of(act(as_carol, "cancel", [video], confirmed="yes")) == ["1 had been deleted."]
