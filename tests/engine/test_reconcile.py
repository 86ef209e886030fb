"""A submission whose answer never arrived: found, provably absent, or the owner's to decide. Never blind."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.engine.reconcile import SEARCHES_NEEDED, reconcile
from videos.engine.sweep import sweep
from videos.models import Backend, State, Video
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.videos import create_videos

pytestmark = pytest.mark.django_db

ASKED = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}


def _uncertain(backend: Backend, **fields) -> Video:
    return VideoFactory(backend=backend, state=State.UNCERTAIN, **{**ASKED, **fields})


def _look(video: Video) -> Video:
    Video.objects.filter(pk=video.pk, due_at__isnull=False).update(due_at=timezone.now())
    reconcile(video.backend_id)
    video.refresh_from_db()
    return video


def _look_until_it_counts_as_absent(video: Video) -> Video:
    for _ in range(SEARCHES_NEEDED):
        assert _look(video).state != State.IN_PROGRESS
    return video


def test_it_adopts_the_job_that_matches(backend: Backend, fake: FakeBackend):
    video = _uncertain(backend)
    job = fake.add(**ASKED, created_at=int(time.time()) - 50)

    assert _look(video).state == State.IN_PROGRESS
    assert video.backend_job_id == job.id
    assert fake.created == []


OTHER_SETTINGS = [{"model": "sora-2-pro"}, {"seconds": 8}, {"size": "720x1280"}]
DIFFERENT = [{"prompt": "A wolf"}, *OTHER_SETTINGS]


@pytest.mark.parametrize("other", OTHER_SETTINGS)
@pytest.mark.parametrize("is_explained", [True, False])
def test_settings_alone_rule_out_no_job_of_the_same_words(
    backend: Backend, fake: FakeBackend, other: dict, is_explained: bool
):
    """A server that began to rename models between two jobs was paid twice. Unless another request of ours
    said these words with those settings, the owner is asked.
    """
    known = fake.add(**ASKED, created_at=int(time.time()) - 900)
    VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=known.id, **ASKED)
    video = _uncertain(backend)
    fake.add(**{**ASKED, "created_at": int(time.time()), **other})
    if is_explained:
        _uncertain(backend, **{**ASKED, **other})

    for _ in range(SEARCHES_NEEDED):
        _look(video)

    assert video.backend_job_id == ""
    assert (video.state, video.needs_decision) == (
        (State.QUEUED, False) if is_explained else (State.UNCERTAIN, True)
    )


@pytest.mark.parametrize("other", [{"prompt": "A wolf"}, {"created_at": int(time.time()) - 4000}])
def test_it_adopts_nothing_that_differs(backend: Backend, fake: FakeBackend, other: dict):
    """Another job of ours shows that this backend lists what was requested."""
    known = fake.add(**ASKED, created_at=int(time.time()) - 900)
    VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=known.id, **ASKED)
    video = _uncertain(backend)
    fake.add(**{**ASKED, "created_at": int(time.time()), **other})

    assert _look_until_it_counts_as_absent(video).state == State.QUEUED
    assert video.backend_job_id == ""


@pytest.mark.parametrize("other", DIFFERENT)
def test_where_nothing_shows_how_a_backend_lists_jobs_one_that_differs_is_a_doubt(
    backend: Backend, fake: FakeBackend, other: dict
):
    video = _uncertain(backend)
    fake.add(**{**ASKED, "created_at": int(time.time()), **other})

    assert _look_until_it_counts_as_absent(video).needs_decision


def test_it_takes_no_job_that_another_video_owns(backend: Backend, fake: FakeBackend):
    job = fake.add(**ASKED, created_at=int(time.time()))
    VideoFactory(backend=backend, state=State.COMPLETED, backend_job_id=job.id)
    video = _uncertain(backend)

    assert _look(video).state == State.UNCERTAIN
    assert video.backend_job_id == ""


def test_two_of_a_kind_get_a_job_each(backend: Backend, fake: FakeBackend):
    first = _uncertain(backend)
    second = _uncertain(backend, owner=first.owner)
    for _ in range(2):
        fake.add(**ASKED, created_at=int(time.time()))

    _look(first)

    second.refresh_from_db()
    assert {first.backend_job_id, second.backend_job_id} == {"job_1", "job_2"}


def _takes(backend: Backend, owner: User, count: int) -> list[Video]:
    """As many takes of one request, as `services` creates them, whose submissions got no reply."""
    requests = make_takes(GenerationRequest(*ASKED.values()), count)
    takes = create_videos(owner, requests)
    lost = Video.objects.filter(pk__in=[take.pk for take in takes])
    attempted_at = timezone.now() - timedelta(seconds=60)
    lost.update(backend=backend, state=State.UNCERTAIN, attempted_at=attempted_at)
    return list(lost.order_by("pk"))


def _accepted(fake: FakeBackend, count: int) -> list[Job]:
    return [fake.add(**ASKED, created_at=int(time.time()) - 50) for _ in range(count)]


def test_takes_whose_acceptances_are_all_lost_get_a_job_each(
    backend: Backend, fake: FakeBackend, alice: User
):
    takes = _takes(backend, alice, 4)
    jobs = _accepted(fake, 4)

    _look(takes[0])

    found = Video.objects.filter(take_group=takes[0].take_group)
    assert [take.state for take in found] == [State.IN_PROGRESS] * 4
    assert sorted(take.backend_job_id for take in found) == [job.id for job in jobs]
    assert fake.created == []


def test_the_one_take_whose_acceptance_is_lost_gets_the_job_that_is_left(
    backend: Backend, fake: FakeBackend, alice: User
):
    *known, lost = _takes(backend, alice, 4)
    jobs = _accepted(fake, 4)
    left = jobs.pop(1)
    for take, job in zip(known, jobs, strict=True):
        fields = {"state": State.IN_PROGRESS, "backend_job_id": job.id, "accepted_at": timezone.now()}
        Video.objects.filter(pk=take.pk).update(**fields)

    assert _look(lost).backend_job_id == left.id
    assert set(Video.objects.values_list("backend_job_id", flat=True)) == {"job_1", "job_2", "job_3", "job_4"}
    assert fake.created == []


def test_the_one_take_that_never_arrived_takes_no_other_takes_job(
    backend: Backend, fake: FakeBackend, alice: User
):
    *known, lost = _takes(backend, alice, 4)
    for take, job in zip(known, _accepted(fake, 3), strict=True):
        fields = {"state": State.IN_PROGRESS, "backend_job_id": job.id, "accepted_at": timezone.now()}
        Video.objects.filter(pk=take.pk).update(**fields)

    assert _look_until_it_counts_as_absent(lost).state == State.QUEUED
    assert lost.backend_job_id == ""
    assert Video.objects.filter(state=State.IN_PROGRESS).count() == 3


def test_a_take_that_took_a_slow_siblings_job_leaves_it_its_own(
    backend: Backend, fake: FakeBackend, alice: User
):
    """A sibling's reply is still on its way when its job is on the list already: the two are exchanged."""
    lost, slow = _takes(backend, alice, 2)
    his, own = _accepted(fake, 2)
    fake.hidden.add(own.id)
    lease = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
    Video.objects.filter(pk=slow.pk).update(state=State.SUBMITTING, **lease)
    assert _look(lost).backend_job_id == his.id

    due_at = timezone.now()
    assert not lifecycle.accept(slow.pk, lease["lease_token"], job_id=his.id, progress=0, due_at=due_at)
    fake.hidden.clear()
    Video.objects.filter(pk=slow.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    sweep()
    Video.objects.filter(pk=slow.pk).update(due_at=timezone.now())

    assert _look(slow).backend_job_id == own.id
    assert fake.created == []


def test_an_absent_job_is_queued_again_only_after_looks_far_apart(backend: Backend, fake: FakeBackend):
    video = _uncertain(backend)
    waits = []
    while _look(video).state == State.UNCERTAIN:
        waits.append(round((video.due_at - timezone.now()).total_seconds()))

    assert video.state == State.QUEUED
    assert waits == [5, 10, 20]
    assert fake.listed == 4
    assert fake.created == []


def test_a_job_that_appears_late_is_still_adopted(backend: Backend, fake: FakeBackend):
    video = _uncertain(backend)
    for _ in range(3):
        assert _look(video).state == State.UNCERTAIN
    fake.add(**ASKED, created_at=int(time.time()))

    assert _look(video).state == State.IN_PROGRESS


def test_a_list_that_hides_our_known_jobs_proves_nothing(backend: Backend, fake: FakeBackend):
    known = fake.add(**{**ASKED, "prompt": "Another"}, created_at=int(time.time()))
    VideoFactory(
        backend=backend,
        state=State.IN_PROGRESS,
        backend_job_id=known.id,
        attempted_at=timezone.now() - timedelta(seconds=31),
        accepted_at=timezone.now() - timedelta(seconds=30),
    )
    fake.hidden.add(known.id)

    video = _look(_uncertain(backend))

    assert video.needs_decision
    assert "charged twice" in video.error_message


def test_a_list_without_prompts_leaves_the_decision_to_the_owner(backend: Backend, fake: FakeBackend):
    job = fake.add(**ASKED, created_at=int(time.time()))
    fake.now(job.id, prompt=None)

    assert _look(_uncertain(backend)).needs_decision


@pytest.mark.parametrize("status", [404, 405])
def test_a_backend_that_cannot_list_leaves_the_decision_to_the_owner(
    backend: Backend, fake: FakeBackend, status: int
):
    fake.list_error = RefusedError("No list here.", code="not_found", status=status)

    assert _look(_uncertain(backend)).needs_decision


def test_a_backend_that_is_away_is_asked_again(backend: Backend, fake: FakeBackend):
    fake.list_error = UnavailableError("Away.", code="unreachable")
    video = _look(_uncertain(backend))

    assert video.state == State.UNCERTAIN
    assert not video.needs_decision

    fake.list_error = None
    _look_until_it_counts_as_absent(video)
    assert fake.listed == 1 + 4, "a failed search is none"


def test_it_pages_until_it_has_seen_far_enough(backend: Backend, fake: FakeBackend):
    video = _uncertain(backend)
    wanted = fake.add(**ASKED, created_at=int(time.time()) - 40)
    for n in range(250):
        fake.add(**{**ASKED, "prompt": f"Other {n}"}, created_at=int(time.time()))

    assert _look(video).backend_job_id == wanted.id
    assert fake.listed == 3


def test_a_listing_from_before_an_attempt_says_nothing_about_it(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    video = _uncertain(backend)
    _look(video)
    later = timezone.now()
    list_jobs = fake.list

    def list_and_fall_asleep(**page: object) -> object:
        found = list_jobs(**page)
        # Meanwhile it was queued again, and the job of a second attempt is searched for, once in vain.
        Video.objects.filter(pk=video.pk).update(attempted_at=later, attempts=1)
        return found

    monkeypatch.setattr(fake, "list", list_and_fall_asleep)

    assert _look(video).state == State.UNCERTAIN
    assert video.attempts == 1


def test_a_job_that_was_adopted_late_does_not_make_the_list_look_false(backend: Backend, fake: FakeBackend):
    now = timezone.now()
    VideoFactory(
        backend=backend,
        state=State.IN_PROGRESS,
        backend_job_id="job_of_long_ago",  # further back than the list is read
        attempted_at=now - timedelta(minutes=20),
        accepted_at=now - timedelta(seconds=30),
    )

    video = _look(_uncertain(backend))

    assert not video.needs_decision
    assert video.attempts == 1


def test_an_adopted_job_whose_owner_gave_it_up_is_not_stored(backend: Backend, fake: FakeBackend):
    video = _uncertain(backend)
    lifecycle.cancel(video.pk)
    job = fake.add(**ASKED, created_at=int(time.time()))

    assert _look(video).state == State.IN_PROGRESS
    assert not lifecycle.begin_storing(video.pk, job.id)
    lifecycle.apply_pending_cancellations()

    video.refresh_from_db()
    assert video.state == State.CANCELED
    assert video.delete_job_at is not None
