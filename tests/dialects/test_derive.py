"""Remix, edit and extend in each server's way, and one job each when the reply is lost."""

import pytest

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect
from tests.dialects.servers import ALL, LiteLLM, OpenAI
from videos.engine.reconcile import LOOKS_NEEDED
from videos.models import Kind, State

DERIVING = [dialect for dialect in ALL if dialect.derives]
KINDS = [Kind.REMIX, Kind.EDIT, Kind.EXTEND]


def test_these_are_the_servers_that_do():
    assert set(DERIVING) == {OpenAI, LiteLLM}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", DERIVING)
def test_it_follows_the_job_to_the_file(start: Start, dialect: type[Dialect], kind: Kind, film: bytes):
    studio = start(dialect)
    source = studio.finish(studio.ask())

    video = studio.derive(kind, source)
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "")
    video = studio.finish(video)

    assert (video.state, video.error_code) == (State.COMPLETED, "")
    assert video.file.read() == film
    video.file.close()
    sent = studio.server.creates[1:]
    length = {"seconds": "8"} if kind == Kind.EXTEND else {}
    named = {} if kind == Kind.REMIX else {"video": {"id": source.backend_job_id}}
    assert [seen.fields for seen in sent] == [{"prompt": "In snow", **length, **named}]
    assert sent[0].content_type == "application/json"


@pytest.mark.parametrize("kind", KINDS)
def test_its_lost_reply_leads_to_one_job(start: Start, kind: Kind):
    studio = start(OpenAI)
    source = studio.finish(studio.ask())
    studio.server.drops_next_create = True
    video = studio.derive(kind, source)
    assert (video.state, video.error_code) == (State.UNCERTAIN, "dropped")

    video = studio.reconcile(video)

    job = next(work for work in studio.server.jobs.values() if work.id != source.backend_job_id)
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, job.id)
    assert studio.finish(video).state == State.COMPLETED
    assert len(studio.server.creates) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_request_is_sent_again_only_when_it_is_provably_not_there(start: Start, kind: Kind):
    class Loses(OpenAI):
        loses = 1

        def derive(self, call, seen, source_id):
            if self.loses:
                self.loses -= 1
                return self.refusal(502, "bad gateway")
            return super().derive(call, seen, source_id)

    studio = start(Loses)
    source = studio.finish(studio.ask())
    video = studio.derive(kind, source)
    for _ in range(LOOKS_NEEDED):
        assert len(studio.server.jobs) == 1
        video = studio.reconcile(video)
    assert video.state == State.QUEUED

    studio.submit()

    assert len(studio.server.jobs) == 2
    assert len(studio.server.creates) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_the_owner_where_there_is_no_list(start: Start, kind: Kind):
    studio = start(LiteLLM)
    source = studio.finish(studio.ask())
    studio.server.drops_next_create = True

    video = studio.reconcile(studio.derive(kind, source))

    assert video.needs_decision
    assert len(studio.server.creates) == 2


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.EXTEND])
def test_a_server_that_forgot_the_job_is_sent_the_film(start: Start, kind: Kind, film: bytes, lost: bool):
    """The film is what the server measures then, so the job in the list differs from what was asked."""

    class Drops(OpenAI):
        def derive(self, call, seen, source_id):
            reply = super().derive(call, seen, source_id)
            self.drops_next_create = lost and reply.status == 200
            return reply

    studio = start(Drops)
    source = studio.finish(studio.ask())
    del studio.server.jobs[source.backend_job_id]

    video = studio.derive(kind, source)
    if lost:
        assert video.state == State.UNCERTAIN
        video = studio.reconcile(video)

    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, studio.server.work.id)
    by_id, by_file = studio.server.creates[1:]
    assert by_id.fields["video"] == {"id": source.backend_job_id}
    assert by_file.fields["video"] == film
    assert by_file.content_type == "multipart/form-data"


def test_a_remix_of_a_forgotten_job_fails_without_another_request(start: Start):
    studio = start(OpenAI)
    source = studio.finish(studio.ask())
    del studio.server.jobs[source.backend_job_id]

    video = studio.derive(Kind.REMIX, source)

    assert (video.state, video.error_code) == (State.FAILED, "source_unknown")
    assert len(studio.server.creates) == 2
    assert studio.server.jobs == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", [dialect for dialect in ALL if not dialect.derives])
def test_a_server_that_cannot_refuses(start: Start, dialect: type[Dialect], kind: Kind):
    studio = start(dialect)
    source = studio.finish(studio.ask())
    before = len(studio.server.creates)

    video = studio.derive(kind, source)

    assert video.state == State.FAILED
    assert "HTTP 405" in video.error_detail
    assert len(studio.server.creates) == before + 1
    assert len(studio.server.jobs) == 1
