from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import VideoFactory
from videos import lifecycle
from videos.lifecycle import PollResult, Reason
from videos.models import State, Video

pytestmark = pytest.mark.django_db


def _note(video, progress, **kwargs):
    due_at = timezone.now() + timedelta(seconds=3)
    lifecycle.record_polls([PollResult(video.pk, video.backend_job_id, due_at, progress, **kwargs)])
    video.refresh_from_db()
    assert video.due_at == due_at
    return video


def test_progress_grows_and_each_step_is_shown():
    video = VideoFactory(state=State.IN_PROGRESS)

    assert _note(video, 10).revision == 1
    assert _note(video, 40).revision == 2
    assert video.progress == 40


def test_the_same_or_less_progress_is_nothing_new():
    video = VideoFactory(state=State.IN_PROGRESS, progress=40)

    assert _note(video, 40).revision == 0
    assert _note(video, 10).revision == 0
    assert _note(video, None).revision == 0
    assert video.progress == 40
    assert video.attempts == 3


def test_trouble_is_shown_once_and_goes_away():
    video = VideoFactory(state=State.IN_PROGRESS, progress=40)
    trouble = Reason("unreachable", "The backend does not answer.")

    assert _note(video, None, reason=trouble).revision == 1
    assert _note(video, None, reason=trouble).revision == 1
    assert video.error_code == "unreachable"
    assert _note(video, 10).revision == 2
    assert (video.error_code, video.progress) == ("", 40)


def test_a_video_that_has_moved_on_is_left_alone():
    moved = VideoFactory(state=State.STORING, progress=100)
    resubmitted = VideoFactory(state=State.IN_PROGRESS, progress=10)
    before = list(Video.objects.order_by("pk").values())

    lifecycle.record_polls(
        [
            PollResult(moved.pk, moved.backend_job_id, timezone.now(), 50),
            PollResult(resubmitted.pk, "an_earlier_job", timezone.now(), 50),
        ]
    )

    assert list(Video.objects.order_by("pk").values()) == before
