import pytest
from django.test import Client

from tests.admin.conftest import act, messages_of
from tests.factories import VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db


def test_it_looks_again_without_submitting(as_carol: Client, hints, django_capture_on_commit_callbacks):
    late = VideoFactory(state=State.FAILED, error_code="timed_out")
    blocked = VideoFactory(state=State.FAILED, error_code="moderation_blocked")

    with django_capture_on_commit_callbacks(execute=True):
        response = act(as_carol, "check_again", [late, blocked], confirmed="yes")

    job = late.backend_job_id
    late.refresh_from_db()
    blocked.refresh_from_db()
    assert messages_of(response) == [
        "1 will be checked again; 1 failed for a reason that checking again cannot change."
    ]
    assert (late.state, late.backend_job_id) == (State.IN_PROGRESS, job)
    assert blocked.state == State.FAILED
    assert hints == []
