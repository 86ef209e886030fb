"""A lost remix, edit or extension: found where it can be nothing else, and never paid twice on a guess."""

import time

import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.engine.reconcile import MAX_SEARCHES, reconcile
from videos.models import Backend, Kind, State, Video

pytestmark = pytest.mark.django_db

ASKED = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}


@pytest.fixture
def source(backend: Backend, fake: FakeBackend) -> Video:
    return _source(backend, fake)


def _source(backend: Backend, fake: FakeBackend, **fields) -> Video:
    job = fake.add(**{**ASKED, "prompt": "The source"}, created_at=int(time.time()) - 50)
    asked = {**ASKED, "prompt": "The source", **fields}
    return VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=job.id, **asked)


def _lost(source: Video, kind: Kind, **fields) -> Video:
    longer = {"seconds": 8, "source_seconds": 4} if kind == Kind.EXTEND else {}
    made_from = {} if kind == Kind.CREATE else {"source": source}
    asked = {**ASKED, "backend": source.backend, "kind": kind, **made_from, **longer, **fields}
    return VideoFactory(state=State.UNCERTAIN, **asked)


def _add(fake: FakeBackend, *, remix_of: str | None = None, **fields) -> str:
    job = fake.add(**{**ASKED, "created_at": int(time.time()), **fields})
    fake.now(job.id, remixed_from_video_id=remix_of)
    return job.id


def _look(video: Video) -> Video:
    Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())
    reconcile(video.backend_id)
    video.refresh_from_db()
    return video


def _in_the_end(video: Video) -> Video:
    for _ in range(MAX_SEARCHES):
        if _look(video).state != State.UNCERTAIN:
            break
    return video


@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EDIT])
@pytest.mark.parametrize("tells", [True, False])
def test_it_is_found(backend: Backend, fake: FakeBackend, source: Video, kind: Kind, tells: bool):
    video = _lost(source, kind)
    job = _add(fake, remix_of=source.backend_job_id if tells else None)

    assert (_look(video).state, video.backend_job_id) == (State.IN_PROGRESS, job)


@pytest.mark.parametrize("listed", [8, 12, None])
def test_an_extension_may_be_listed_with_the_added_or_all_seconds(
    backend: Backend, fake: FakeBackend, source: Video, listed: int | None
):
    video = _lost(source, Kind.EXTEND)
    job = _add(fake, seconds=listed)

    assert (_look(video).state, video.backend_job_id) == (State.IN_PROGRESS, job)


def test_a_plain_create_is_never_given_a_remix(backend: Backend, fake: FakeBackend, source: Video):
    video = _lost(source, Kind.CREATE)
    _add(fake, remix_of=source.backend_job_id)

    assert _in_the_end(video).state == State.QUEUED
    assert video.backend_job_id == ""


def test_a_create_that_continues_its_source_is_never_given_a_remix(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _lost(source, Kind.EXTEND, concat_with_source=True)
    _add(fake, seconds=8, remix_of=source.backend_job_id)
    mine = _add(fake, seconds=8)

    assert _look(video).backend_job_id == mine


def test_a_remix_is_never_given_a_create_where_the_list_tells_them_apart(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _lost(source, Kind.REMIX)
    known = _add(fake, prompt="Another", remix_of=source.backend_job_id)
    VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=known, prompt="Another")
    _add(fake)

    assert _in_the_end(video).state == State.QUEUED
    assert video.backend_job_id == ""


def test_a_remix_is_never_given_that_of_another_of_our_videos(
    backend: Backend, fake: FakeBackend, source: Video
):
    other = _source(backend, fake)
    video = _lost(source, Kind.REMIX)
    _add(fake, remix_of=other.backend_job_id)

    assert _in_the_end(video).state == State.QUEUED
    assert video.backend_job_id == ""


def test_a_remix_of_a_job_that_nobody_knows_leaves_the_decision_to_the_owner(
    backend: Backend, fake: FakeBackend, source: Video
):
    """Some gateways give one job several ids, so it may be this one."""
    video = _lost(source, Kind.REMIX)
    _add(fake, remix_of="the_source_by_another_id")

    assert _in_the_end(video).needs_decision
    assert video.backend_job_id == ""


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.EXTEND])
@pytest.mark.parametrize("other", [{"model": "sora-2-pro"}, {"size": "720x1280"}, {"seconds": 5}])
def test_what_the_server_measured_of_a_file_does_not_hide_the_job(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind, other: dict
):
    video = _lost(source, kind)
    job = _add(fake, **other)

    assert (_look(video).state, video.backend_job_id) == (State.IN_PROGRESS, job)


def test_of_two_that_differ_from_what_was_asked_none_is_taken(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _lost(source, Kind.EDIT)
    _add(fake, seconds=5)
    _add(fake, seconds=6)

    assert _in_the_end(video).needs_decision
    assert video.backend_job_id == ""


@pytest.mark.parametrize(
    "other", [{"prompt": "A wolf"}, {"created_at": int(time.time()) - 4000}], ids=["prompt", "age"]
)
@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EDIT, Kind.EXTEND])
def test_a_job_of_other_words_or_of_before_is_not_it(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind, other: dict
):
    video = _lost(source, kind)
    _add(fake, **other)

    assert _in_the_end(video).state == State.QUEUED
    assert video.backend_job_id == ""


@pytest.mark.parametrize("state", [State.UNCERTAIN, State.SUBMITTING])
def test_a_job_that_two_different_videos_can_own_is_given_to_neither(
    backend: Backend, fake: FakeBackend, source: Video, state: State
):
    video = _lost(source, Kind.EDIT)
    rival = VideoFactory(backend=backend, state=state, attempted_at=timezone.now(), **ASKED)
    _add(fake)

    assert _in_the_end(video).needs_decision
    rival.refresh_from_db()
    assert (rival.backend_job_id, video.backend_job_id) == ("", "")
    assert rival.state != State.QUEUED, "it may be paid already"


def test_what_the_job_says_of_its_source_settles_whose_it_is(
    backend: Backend, fake: FakeBackend, source: Video
):
    other = _source(backend, fake)
    first, second = _lost(source, Kind.REMIX), _lost(other, Kind.REMIX)
    of_other = _add(fake, remix_of=other.backend_job_id)
    of_source = _add(fake, remix_of=source.backend_job_id)

    _look(first)

    second.refresh_from_db()
    assert (first.backend_job_id, second.backend_job_id) == (of_source, of_other)


def test_two_of_a_kind_get_a_job_each(backend: Backend, fake: FakeBackend, source: Video):
    first = _lost(source, Kind.EXTEND)
    second = _lost(source, Kind.EXTEND, owner=first.owner)
    jobs = {_add(fake, seconds=8), _add(fake, seconds=8)}

    _look(first)

    second.refresh_from_db()
    assert {first.backend_job_id, second.backend_job_id} == jobs


def test_the_failed_job_of_an_earlier_try_is_not_taken_before_the_new_one(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _lost(source, Kind.REMIX)
    earlier, later = _add(fake), _add(fake)
    fake.now(earlier, status="failed")

    assert _look(video).backend_job_id == later


def test_a_job_without_a_prompt_leaves_the_decision_to_the_owner(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _lost(source, Kind.EDIT)
    fake.now(_add(fake, seconds=5), prompt=None)

    assert _look(video).needs_decision


@pytest.mark.parametrize("kind", list(Kind))
def test_a_backend_that_is_known_not_to_list_is_not_asked(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind
):
    Backend.objects.filter(pk=backend.pk).update(can_list=False)
    video = _lost(source, kind)

    assert _look(video).needs_decision
    assert fake.listed == 0
