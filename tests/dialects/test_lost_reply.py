"""The reply to a create is lost: the job is found in the list where there is one, else the owner decides."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect, Reply
from tests.dialects.servers import ALL_DIALECTS, SGLang, TensorRTLLM
from videos.engine.reconcile import SEARCHES_NEEDED
from videos.models import State, Video


@pytest.mark.parametrize("dialect", [dialect for dialect in ALL_DIALECTS if dialect.can_list])
def test_it_finds_the_job_in_the_list(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    studio.server.drops_next_create = True
    video = studio.create()
    assert (video.state, video.error_code) == (State.UNCERTAIN, "dropped")

    video = studio.reconcile(video)

    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, studio.server.job.id)
    assert studio.finish(video).state == State.COMPLETED
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("dialect", [dialect for dialect in ALL_DIALECTS if not dialect.can_list])
def test_it_asks_the_owner_where_there_is_no_list(start: Start, dialect: type[Dialect]):
    studio = start(dialect)
    studio.server.drops_next_create = True

    video = studio.reconcile(studio.create())

    assert video.needs_decision
    assert "charged twice" in video.error_message
    requests = len(studio.server.creates)
    studio.reconcile(video)
    assert len(studio.server.creates) == requests


@pytest.mark.parametrize("dialect", [SGLang, TensorRTLLM])
@pytest.mark.parametrize("jobs", [100, 150])
def test_a_list_that_may_have_been_cut_off_proves_nothing(start: Start, dialect: type[Dialect], jobs: int):
    studio = start(dialect)
    studio.server.drops_next_create = True
    video = studio.create()
    lost = studio.server.jobs.pop(studio.server.job.id)
    for number in range(2, 2 + jobs):
        other = studio.server.new_id(number)
        studio.server.jobs[other] = type(lost)(other, {**lost.fields, "prompt": "A wolf"}, number)

    for _ in range(SEARCHES_NEEDED):
        video = studio.reconcile(video)

    cut_off = dialect is SGLang or jobs == 100
    assert video.state == (State.UNCERTAIN if cut_off else State.QUEUED)
    assert len(studio.server.creates) == 1


def test_a_list_with_the_oldest_first_proves_nothing_by_its_age(start: Start):
    class OldestFirst(Dialect):
        def list_reply(self, query):
            reply = super().list_reply({**query, "limit": "1000"})
            page = reply.body["data"][::-1][:100]
            reply.body |= {"data": page, "has_more": True, "last_id": page[-1]["id"]}
            return reply

    studio = start(OldestFirst)
    studio.server.drops_next_create = True
    video = studio.create()
    mine = studio.server.job
    for number in range(2, 150):
        other = studio.server.new_id(number)
        age = 100_000 - number
        studio.server.jobs[other] = type(mine)(
            other, {**mine.fields, "prompt": "A wolf"}, -number, created_at=mine.created_at - age
        )
    for job in studio.server.jobs.values():
        job.number = job.created_at

    for _ in range(SEARCHES_NEEDED):
        video = studio.reconcile(video)

    assert video.needs_decision, "it was cut off before the newest"
    assert len(studio.server.creates) == 1


def test_a_job_under_another_id_is_not_taken_for_a_second_one(start: Start):
    class OtherIds(Dialect):
        def list_reply(self, query):
            reply = super().list_reply(query)
            reply.body["data"] = [job | {"id": job["id"] + "="} for job in reply.body["data"]]
            return reply

    studio = start(OtherIds)
    studio.server.next_reply["create"] = Reply(500, b"")
    lost, known = studio.create(), studio.create()
    now = timezone.now()
    Video.objects.filter(pk=lost.pk).update(attempted_at=now - timedelta(seconds=30))
    Video.objects.filter(pk=known.pk).update(accepted_at=now - timedelta(seconds=10))

    lost = studio.reconcile(lost)

    assert lost.needs_decision
    assert lost.backend_job_id == ""
    assert len(studio.server.creates) == 2
