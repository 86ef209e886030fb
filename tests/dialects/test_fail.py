"""A job that fails fails the video, with the server's reason where it gives one, and is not tried again."""

import pytest

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect
from tests.dialects.servers import ASYNC_DIALECTS
from tests.dialects.studio import files_of
from videos.models import State


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_it_says_why_a_job_failed(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.create()
    studio.server.set("failed")

    video = studio.poll(video)

    code, words = dialect.failure
    assert (video.state, video.error_code, video.error_detail) == (State.FAILED, code, words)
    assert video.error_message
    assert len(studio.server.creates) == 1
    assert not files_of(video)


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_a_refused_create_is_no_job(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    studio.server.next_reply["create"] = studio.server.error_reply(400, "This size is not for sale.")

    video = studio.create()

    assert (video.state, video.backend_job_id) == (State.FAILED, "")
    assert "This size is not for sale." in video.error_message
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_a_job_that_the_server_forgot_fails_after_a_second_poll(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.create()
    video.accepted_at = video.attempted_at.replace(year=2020)
    video.save(update_fields=["accepted_at"])
    studio.server.jobs.clear()

    video = studio.poll(video)
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "not_found")
    video = studio.poll(video)

    assert (video.state, video.error_code) == (State.FAILED, "not_found")
    assert len(studio.server.creates) == 1
