"""A file that is not ready yet is waited for; the job is never created again for it."""

import pytest

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect, Reply
from tests.dialects.servers import ASYNC_DIALECTS
from tests.dialects.studio import files_of
from videos.models import State


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_it_waits_for_a_file_that_the_server_hands_out_late(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.create()
    studio.server.set("done")
    video = studio.poll(video)
    studio.server.set("running")  # completed by its word, and yet the file is not there

    video = studio.store(video)

    assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    assert not files_of(video)
    studio.server.set("done")
    assert studio.store(video).state == State.COMPLETED
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 425, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"detail": "not ready"}', b'{"error": "not ready"}'])
def test_it_waits_whatever_the_server_calls_it(start: Start, status: int, body: bytes):
    studio = start(Dialect)
    video = studio.create()
    studio.server.set("done")
    video = studio.poll(video)
    studio.server.next_reply["content"] = Reply(status, body)

    video = studio.store(video)

    assert (video.state, video.error_code) == (State.STORING, "not_fetched")
    assert f"HTTP {status}" in video.error_detail
    assert studio.store(video).state == State.COMPLETED
