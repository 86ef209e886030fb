"""A job that fails fails the video, with the server's reason where it gives one, and is not tried again."""

import pytest

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect
from tests.dialects.servers import FOLLOWED
from tests.dialects.steps import files_of
from videos.models import State


@pytest.mark.parametrize("dialect", FOLLOWED)
def test_it_says_why_a_job_failed(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.ask()
    studio.server.set("failed")

    video = studio.look(video)

    code, words = dialect.failure
    assert (video.state, video.error_code, video.error_detail) == (State.FAILED, code, words)
    assert video.error_message
    assert len(studio.server.creates) == 1
    assert not files_of(video)


@pytest.mark.parametrize("dialect", FOLLOWED)
def test_a_refused_create_is_no_job(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    studio.server.next_reply["create"] = studio.server.refusal(400, "This size is not for sale.")

    video = studio.ask()

    assert (video.state, video.backend_job_id) == (State.FAILED, "")
    assert "This size is not for sale." in video.error_message
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("dialect", FOLLOWED)
def test_a_job_that_the_server_forgot_fails_after_a_second_look(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.ask()
    video.accepted_at = video.attempted_at.replace(year=2020)
    video.save(update_fields=["accepted_at"])
    studio.server.jobs.clear()

    video = studio.look(video)
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "not_found")
    video = studio.look(video)

    assert (video.state, video.error_code) == (State.FAILED, "not_found")
    assert len(studio.server.creates) == 1
