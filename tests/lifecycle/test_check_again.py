import pytest
from django.utils import timezone

from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import State

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", ["timed_out", "download_failed", "not_found"])
def test_it_looks_once_more_at_the_same_job(code: str):
    fields = {"due_at": timezone.now(), "late_since": timezone.now(), "working_seconds": 700}
    video = VideoFactory(state=State.FAILED, error_code=code, backend_job_id="job_1", **fields)
    assert video.can_check_again

    assert lifecycle.check_again(video.pk)

    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert (video.late_since, video.working_seconds) == (None, 700), "a timeout stays one"
    assert video.error_code == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"error_code": "moderation_blocked"},
        {"error_code": "timed_out", "backend_job_id": ""},
        {"error_code": "timed_out", "deleted_at": timezone.now()},
    ],
)
def test_it_is_refused_where_there_is_nothing_to_look_at(fields: dict):
    video = VideoFactory(state=State.FAILED, **fields)

    assert not lifecycle.check_again(video.pk)

    video.refresh_from_db()
    assert video.state == State.FAILED
