"""Remix, edit and extend with each server, and one job each when the reply is lost."""

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect
from tests.dialects.servers import ALL_DIALECTS, PROTOCOL_DIALECTS, LiteLLM, OpenAI
from videos.engine.reconcile import SEARCHES_NEEDED
from videos.models import Kind, State

DERIVING = [dialect for dialect in ALL_DIALECTS if dialect.can_derive]
KINDS = [Kind.REMIX, Kind.EDIT, Kind.EXTEND]


def test_these_are_the_servers_that_do():
    assert set(DERIVING) == {OpenAI, LiteLLM}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", DERIVING)
def test_it_follows_the_job_to_the_file(start: Start, dialect: type[Dialect], kind: Kind, mp4: bytes):
    studio = start(dialect)
    source = studio.finish(studio.create())

    video = studio.derive(kind, source)
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "")
    video = studio.finish(video)

    assert (video.state, video.error_code) == (State.COMPLETED, "")
    assert video.file.read() == mp4
    video.file.close()
    sent = studio.server.creates[1:]
    length = {"seconds": "8"} if kind == Kind.EXTEND else {}
    named = {} if kind == Kind.REMIX else {"video": {"id": source.backend_job_id}}
    assert [request.fields for request in sent] == [{"prompt": "In snow", **length, **named}]
    assert sent[0].content_type == "application/json"


@pytest.mark.parametrize("kind", KINDS)
def test_its_lost_reply_leads_to_one_job(start: Start, kind: Kind):
    studio = start(OpenAI)
    source = studio.finish(studio.create())
    studio.server.drops_next_create = True
    video = studio.derive(kind, source)
    assert (video.state, video.error_code) == (State.UNCERTAIN, "dropped")

    video = studio.reconcile(video)

    job = next(job for job in studio.server.jobs.values() if job.id != source.backend_job_id)
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, job.id)
    assert studio.finish(video).state == State.COMPLETED
    assert len(studio.server.creates) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_request_is_sent_again_only_when_it_is_provably_not_there(start: Start, kind: Kind):
    class Loses(OpenAI):
        loses = 1

        def derive(self, call, request, source_id):
            if self.loses:
                self.loses -= 1
                return self.error_reply(502, "bad gateway")
            return super().derive(call, request, source_id)

    studio = start(Loses)
    source = studio.finish(studio.create())
    video = studio.derive(kind, source)
    for _ in range(SEARCHES_NEEDED):
        assert len(studio.server.jobs) == 1
        video = studio.reconcile(video)
    assert video.state == State.QUEUED
    assert video.due_at > timezone.now(), "not at once: the backend has just failed"

    studio.submit_again(video)

    assert len(studio.server.jobs) == 2
    assert len(studio.server.creates) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_the_owner_where_there_is_no_list(start: Start, kind: Kind):
    studio = start(LiteLLM)
    source = studio.finish(studio.create())
    studio.server.drops_next_create = True

    video = studio.reconcile(studio.derive(kind, source))

    assert video.needs_decision
    assert len(studio.server.creates) == 2


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.EXTEND])
def test_a_server_that_forgot_the_job_is_sent_the_video(start: Start, kind: Kind, mp4: bytes, lost: bool):
    """The file is what the server measures then, so the job in the list differs from what was asked."""

    class Drops(OpenAI):
        def derive(self, call, request, source_id):
            reply = super().derive(call, request, source_id)
            self.drops_next_create = lost and reply.status == 200
            return reply

    studio = start(Drops)
    source = studio.finish(studio.create())
    del studio.server.jobs[source.backend_job_id]

    video = studio.derive(kind, source)
    if lost:
        assert video.state == State.UNCERTAIN
        video = studio.reconcile(video)

    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, studio.server.job.id)
    by_id, by_file = studio.server.creates[1:]
    assert by_id.fields["video"] == {"id": source.backend_job_id}
    assert by_file.fields["video"] == mp4
    assert by_file.content_type == "multipart/form-data"


def test_a_remix_of_a_forgotten_job_fails_without_another_request(start: Start):
    studio = start(OpenAI)
    source = studio.finish(studio.create())
    del studio.server.jobs[source.backend_job_id]

    video = studio.derive(Kind.REMIX, source)

    assert (video.state, video.error_code) == (State.FAILED, "source_unknown")
    assert len(studio.server.creates) == 2
    assert studio.server.jobs == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", [dialect for dialect in PROTOCOL_DIALECTS if not dialect.can_derive])
def test_a_server_that_cannot_refuses(start: Start, dialect: type[Dialect], kind: Kind):
    studio = start(dialect)
    source = studio.finish(studio.create())
    before = len(studio.server.creates)

    video = studio.derive(kind, source)

    assert video.state == State.FAILED
    assert "HTTP 405" in video.error_detail
    assert len(studio.server.creates) == before + 1
    assert len(studio.server.jobs) == 1
