"""A deleted video is deleted at the server where it can, and in the studio in any case."""

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect, Reply
from tests.dialects.servers import ALL_DIALECTS, ASYNC_DIALECTS, OpenAI
from tests.dialects.studio import files_of
from videos import lifecycle
from videos.engine.cleanup import clean_up_video
from videos.models import Backend, State, Video


def _delete_paths(dialect: Dialect) -> list[str]:
    return [request.path for request in dialect.requests if request.method == "DELETE"]


def _clean_up_again(video: Video) -> None:
    """Clean up without waiting until it is due, or until the backend's pause is over."""
    Backend.objects.update(reads_paused_until=None)
    Video.objects.filter(pk=video.pk).update(delete_job_at=timezone.now())
    clean_up_video(video.pk)


@pytest.mark.parametrize("dialect", ALL_DIALECTS)
def test_a_deleted_video_is_gone_at_both_ends(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.finish(studio.create())

    studio.delete(video)

    assert not Video.objects.filter(pk=video.pk).exists()
    assert not files_of(video)
    assert bool(studio.server.jobs) is not dialect.can_delete
    expected = 1 if dialect.service == "videos-api" else int(dialect.can_delete)
    assert len(_delete_paths(studio.server)) == expected, "one that cannot delete is not asked over and over"


@pytest.mark.parametrize("dialect", ASYNC_DIALECTS)
def test_a_canceled_job_is_canceled_where_the_server_can(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.create()
    lifecycle.cancel(video.pk)

    clean_up_video(video.pk)

    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert (video.delete_job_at is None) is dialect.can_cancel, "a job that runs on is asked about again"
    assert bool(studio.server.jobs) is not dialect.can_cancel
    expected = 1 if dialect.service == "videos-api" else int(dialect.can_delete)
    assert len(_delete_paths(studio.server)) == expected


@pytest.mark.parametrize("dialect", [each for each in ASYNC_DIALECTS if not each.can_cancel])
def test_a_canceled_job_that_ran_on_is_let_go_of_when_it_has_ended(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    video = studio.create()
    lifecycle.cancel(video.pk)
    clean_up_video(video.pk)
    studio.server.set("done")

    _clean_up_again(video)

    video.refresh_from_db()
    assert (video.state, video.delete_job_at) == (State.CANCELED, None)
    assert bool(studio.server.jobs) is not dialect.can_delete


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"deleted": True}),
        Reply(200, {"id": "other", "status": "deleted"}),
        Reply(204, b""),
        Reply(404, {"detail": "no such job"}),
        Reply(405, b"<html>"),
        Reply(501, b"not implemented"),
    ],
)
def test_it_lets_go_whatever_the_reply(start: Start, reply: Reply):
    studio = start(OpenAI)
    video = studio.finish(studio.create())
    studio.server.next_reply["delete"] = reply

    studio.delete(video)

    assert not Video.objects.filter(pk=video.pk).exists()
    assert len(_delete_paths(studio.server)) == 1


@pytest.mark.parametrize("reply", [Reply(503, b""), Reply(200, b"<html>", "text/html"), Reply(429, b"")])
def test_it_asks_again_when_nobody_can_tell(start: Start, reply: Reply):
    studio = start(OpenAI)
    video = studio.finish(studio.create())
    studio.server.next_reply["delete"] = reply

    studio.delete(video)

    assert Video.objects.get(pk=video.pk).delete_job_at is not None
    _clean_up_again(video)
    assert not Video.objects.filter(pk=video.pk).exists()
    assert studio.server.jobs == {}
