"""The reply to a create is lost: the job is found in the list where there is one, else the owner decides."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start
from tests.dialects.server import Dialect, Reply
from tests.dialects.servers import (
    ALL_DIALECTS,
    LYING_DIALECTS,
    KeyedStudio,
    OpenAI,
    SGLang,
    TensorRTLLM,
)
from tests.dialects.studio import Studio
from tests.factories import VideoFactory
from videos import lifecycle
from videos.engine.reconcile import MAX_RESUBMISSIONS, SEARCHES_NEEDED
from videos.models import State, Video
from videos.services.backends import probe_backend
from videos.services.video_actions import adopt_candidate


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


PROMPT = "A fox crosses a snowy road at night,\nseen from far above, in the light of the moon"


@pytest.mark.parametrize("dialect", LYING_DIALECTS)
def test_what_a_list_describes_in_its_own_way_is_not_paid_for_twice(start: Start, dialect: type[Dialect]):
    """SGLang: one lost answer was two paid jobs, 47 s apart."""
    studio = start(dialect)
    studio.server.drops_next_create = True
    video = studio.create(prompt=PROMPT)

    for _ in range(SEARCHES_NEEDED):
        video = studio.reconcile(video)

    assert video.needs_decision
    assert len(studio.server.creates) == 1
    (candidate,) = video.candidates.all()
    assert candidate.backend_job_id == studio.server.job.id

    assert adopt_candidate(video, candidate.backend_job_id)
    video.refresh_from_db()
    assert studio.finish(video).state == State.COMPLETED
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("dialect", [OpenAI, *LYING_DIALECTS])
def test_two_people_with_the_same_words_and_one_lost_answer_never_get_each_others_video(
    start: Start, dialect: type[Dialect]
):
    """Both jobs are on the list, and the list tells nothing of the images."""
    studio = start(dialect)
    studio.server.drops_next_create = True
    hers = studio.create(prompt=PROMPT)
    her_job = studio.server.job.id
    studio.server.drops_next_create = True
    his = studio.create(prompt=PROMPT)
    assert hers.owner != his.owner

    for _ in range(SEARCHES_NEEDED):
        hers, his = studio.reconcile(hers), studio.reconcile(his)

    assert hers.needs_decision
    assert his.needs_decision
    assert not adopt_candidate(his, her_job), "only staff can tell them apart"
    assert len(studio.server.creates) == 2


def test_once_the_other_persons_answer_came_the_lost_one_is_found(start: Start):
    studio = start(OpenAI)
    studio.server.drops_next_create = True
    hers = studio.create(prompt=PROMPT)
    her_job = studio.server.job.id
    his = studio.create(prompt=PROMPT)

    hers = studio.reconcile(hers)

    assert hers.backend_job_id == her_job != his.backend_job_id


@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_server_that_honours_keys_is_asked_again_and_has_one_job(start: Start, has_arrived: bool):
    studio = start(KeyedStudio)
    probe_backend(studio.backend, by="a test")
    studio.backend.refresh_from_db()
    assert studio.backend.honours_idempotency_key
    if has_arrived:
        studio.server.drops_next_create = True
    else:
        studio.server.next_reply["create"] = Reply(500, b"")
    video = studio.create()
    assert video.state == State.UNCERTAIN

    video = studio.reconcile(video)

    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, studio.server.job.id)
    keys = {request.headers["Idempotency-Key"] for request in studio.server.creates}
    assert keys == {video.idempotency_key}
    assert len(studio.server.creates) == 2


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
    # One of them is ours, and shows that the list repeats prompts.
    VideoFactory(backend=studio.backend, state=State.COMPLETED, prompt="A wolf", backend_job_id=other)

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


def _absent(studio: Studio, video: Video) -> Video:
    """Search until it is certain that the backend made no job."""
    for _ in range(SEARCHES_NEEDED):
        assert video.state == State.UNCERTAIN
        video = studio.reconcile(video)
    return video


def test_a_create_that_fails_for_ever_is_given_up_with_the_servers_words(start: Start):
    studio = start(Dialect)
    out_of_memory = Reply(500, {"error": {"message": "CUDA out of memory"}})
    studio.server.create = lambda request: out_of_memory
    video = studio.create()
    distances = []

    while (video := _absent(studio, video)).state == State.QUEUED:
        assert "CUDA out of memory" in video.error_message
        distances.append((video.due_at - timezone.now()).total_seconds())
        video = studio.submit_again(video)

    assert (video.state, video.error_code) == (State.FAILED, "server_error")
    assert "cost nothing" in video.error_message
    assert "CUDA out of memory" in video.error_message
    assert len(studio.server.creates) == 1 + MAX_RESUBMISSIONS
    assert all(later > 1.5 * sooner for sooner, later in pairwise(distances[:4]))
    assert distances[0] > 10


def test_a_retry_after_that_starts_from_the_beginning(start: Start):
    studio = start(Dialect)
    video = studio.create()
    Video.objects.filter(pk=video.pk).update(state=State.FAILED, failed_submissions=6)

    lifecycle.retry(video.pk)

    video.refresh_from_db()
    assert video.failed_submissions == 0


def test_an_accepted_job_forgets_the_failures_before_it(start: Start):
    studio = start(Dialect)
    studio.server.next_reply["create"] = Reply(503, b"")
    video = _absent(studio, studio.create())
    assert video.failed_submissions == 1

    video = studio.submit_again(video)

    assert (video.state, video.failed_submissions) == (State.IN_PROGRESS, 0)
