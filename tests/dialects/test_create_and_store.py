"""Create, poll, store: with every server that we know, the file is stored and was requested once."""

import pytest

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect
from tests.dialects.servers import ALL_DIALECTS, ASYNC_DIALECTS
from tests.dialects.studio import files_of
from videos.models import State


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_it_follows_a_job_from_the_request_to_the_file(start: Start, dialect: type[Dialect], mp4: bytes):
    studio = start(dialect)

    video = studio.create(seconds=4, size="1280x720")
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, studio.server.job.id)
    studio.server.set("running")
    video = studio.poll(video)
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "")
    assert not files_of(video)
    video = studio.finish(video)

    assert (video.state, video.error_code, video.progress) == (State.COMPLETED, "", 100)
    assert video.backend_job_id == studio.server.job.id, "the first id is kept"
    assert video.file.read() == mp4
    video.file.close()
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    (created,) = studio.server.creates
    assert created.fields == dialect.asked(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    name, value = dialect.key_header
    assert created.headers[name] == value


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_it_shows_the_progress_that_the_server_tells(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.create()
    studio.server.set("running")

    assert studio.poll(video).progress == dialect.reported_progress


@pytest.mark.parametrize("dialect", ALL_DIALECTS)
def test_a_finished_video_is_never_fetched_or_asked_for_again(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.finish(studio.create())
    before = len(studio.server.requests)

    video = studio.store(studio.poll(video))

    assert video.state == State.COMPLETED
    assert len(studio.server.requests) == before
