"""Create, follow, store: against every server we know of, the file ends up ours and was asked for once."""

import pytest

from tests.dialects.conftest import Start
from tests.dialects.server import KEY, Dialect
from tests.dialects.servers import ALL, FOLLOWED
from tests.dialects.steps import files_of
from videos.models import State


@pytest.mark.parametrize("dialect", FOLLOWED)
def test_it_follows_a_job_from_the_wish_to_the_file(start: Start, dialect: type[Dialect], film: bytes):
    studio = start(dialect)

    video = studio.ask(seconds=4, size="1280x720")
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, studio.server.work.id)
    studio.server.set("running")
    video = studio.look(video)
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "")
    assert not files_of(video)
    video = studio.finish(video)

    assert (video.state, video.error_code, video.progress) == (State.COMPLETED, "", 100)
    assert video.backend_job_id == studio.server.work.id, "the first id is kept"
    assert video.file.read() == film
    video.file.close()
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    (created,) = studio.server.creates
    asked = {"prompt": "A fox", "model": "sora-2", "seconds": "4", "size": "1280x720"}
    assert created.fields == asked
    assert created.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("dialect", FOLLOWED)
def test_it_shows_the_progress_that_the_server_tells(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.ask()
    studio.server.set("running")

    assert studio.look(video).progress == dialect.sees_progress


@pytest.mark.parametrize("dialect", ALL)
def test_a_finished_video_is_never_fetched_or_asked_for_again(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.finish(studio.ask())
    before = len(studio.server.seen)

    video = studio.store(studio.look(video))

    assert video.state == State.COMPLETED
    assert len(studio.server.seen) == before
