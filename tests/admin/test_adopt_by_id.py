"""Adopting a job by its id: the backend is asked first, and doubt is asked about."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from audit.vocabulary import Action
from billing.attempts import attempts_of
from tests.admin.conftest import messages_of
from tests.engine.conftest import fake as fake  # a fixture here too
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos import lifecycle
from videos.backends.errors import UnavailableError
from videos.engine.job_retention import releasable
from videos.models import Backend, ReleasedJob, State, Video
from videos.models.backend_jobs import JobRetention
from videos.models.values import Reason
from videos.services.video_actions import abandon_video, retry_video

pytestmark = pytest.mark.django_db


def _post(client: Client, video: Video, **fields: str):
    return client.post(reverse("admin:videos_video_job", args=[video.pk]), fields)


def _given_up(**fields: object) -> Video:
    """A video that was submitted without an answer, and marked as failed."""
    video = VideoFactory(state=State.QUEUED, price=Decimal("0.40"), **fields)
    with transaction.atomic():
        lifecycle.reserve([video])
    now = timezone.now()
    token = lifecycle.claim(video.pk, lease=timedelta(seconds=60), now=now)
    assert token is not None
    reason = Reason("uncertain", "No answer.")
    assert lifecycle.mark_uncertain(video.pk, token, reason, due_at=now)
    video.refresh_from_db()
    assert lifecycle.await_decision(video.pk, reason, attempted_at=video.attempted_at)
    assert abandon_video(video)
    video.refresh_from_db()
    return video


def _job_of(fake: FakeBackend, video: Video, **changes: object) -> str:
    asked = {"prompt": video.prompt, "model": video.model, "seconds": video.seconds, "size": video.size}
    return fake.add(**{**asked, **changes}).id  # type: ignore[arg-type]


def test_it_shows_what_was_found_and_changes_nothing(as_carol: Client, fake: FakeBackend):
    video = _given_up()
    page = _post(as_carol, video, job_id=_job_of(fake, video))

    found = page.context["found"]
    assert (found.prompt, found.seconds, found.rivals) == (video.prompt, video.seconds, ())
    assert "Adopt this job" in page.content.decode()
    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.FAILED, "")


def test_adopted_it_is_polled_and_its_charge_is_confirmed(as_carol: Client, fake: FakeBackend, carol):
    video = _given_up()
    assert attempts_of(video.pk)[0].is_unconfirmed
    job_id = _job_of(fake, video)

    response = _post(as_carol, video, job_id=job_id, adopt="yes")

    assert messages_of(response) == ["The job was assigned to the video."]
    video.refresh_from_db()
    assert (video.state, video.backend_job_id, video.finished_at) == (State.IN_PROGRESS, job_id, None)
    (attempt,) = attempts_of(video.pk)
    assert (attempt.spent, attempt.is_unconfirmed) == (Decimal("0.40"), False)
    entry = Entry.objects.get(action=Action.ADOPTED)
    assert (entry.username, entry.object_id, job_id in entry.note) == ("carol", video.public_id, True)
    Video.objects.filter(pk=video.pk).update(
        state=State.COMPLETED, file="a.mp4", finished_at=timezone.now(), unaccounted_since=None
    )
    Backend.objects.update(can_delete=True, job_retention=JobRetention.DELETE)
    assert not releasable(Backend.objects.get(), timezone.now()).exists(), "it may be another's job"
    last = video.transitions.last()
    assert (last.old, last.new, last.user_id) == (State.FAILED, State.IN_PROGRESS, carol.pk)


def test_doubts_are_named_and_have_to_be_answered(as_carol: Client, fake: FakeBackend):
    rival = VideoFactory(state=State.UNCERTAIN, due_at=None)
    video = _given_up(backend=rival.backend)
    job_id = _job_of(fake, video, prompt="Another prompt", seconds=8)

    page = _post(as_carol, video, job_id=job_id)
    doubts = page.context["found"].doubts
    refused = _post(as_carol, video, job_id=job_id, adopt="yes")

    assert doubts == ("The job's prompt is another one.", "The job's length is 8, and 4 was asked for.")
    assert rival.public_id in page.content.decode()
    assert str(rival.owner) in page.content.decode()
    assert "Say that you have compared them" in refused.content.decode()
    video.refresh_from_db()
    assert video.state == State.FAILED

    _post(as_carol, video, job_id=job_id, adopt="yes", doubts="3")
    video.refresh_from_db()
    assert video.state == State.IN_PROGRESS


def test_what_is_or_was_anothers_is_never_adopted(as_carol: Client, fake: FakeBackend):
    video = _given_up()
    holder = VideoFactory(state=State.IN_PROGRESS, backend=video.backend, backend_job_id="job_theirs")
    ReleasedJob.objects.create(backend=video.backend, backend_job_id="job_old")

    theirs = _post(as_carol, video, job_id="job_theirs", adopt="yes").content.decode()
    old = _post(as_carol, video, job_id="job_old", adopt="yes").content.decode()

    assert holder.public_id in theirs
    assert str(holder.owner) in theirs
    assert "retried or deleted" in old
    video.refresh_from_db()
    assert video.state == State.FAILED


def test_a_backend_that_is_away_or_has_no_such_job_is_quoted(as_carol: Client, fake: FakeBackend):
    video = _given_up()
    fake.answers["job_x"] = UnavailableError("The backend is overloaded.", code="overloaded")

    page = _post(as_carol, video, job_id="job_x", adopt="yes").content.decode()

    assert "says: The backend is overloaded." in page
    for odd in ("", " ", "x" * 600, "a\x00b"):
        assert "Enter the job" in _post(as_carol, video, job_id=odd, adopt="yes").content.decode()
    video.refresh_from_db()
    assert video.state == State.FAILED


def test_a_video_that_moved_on_meanwhile_is_left_alone(as_carol: Client, fake: FakeBackend):
    video = _given_up()
    job_id = _job_of(fake, video)
    assert retry_video(video)

    page = _post(as_carol, video, job_id=job_id, adopt="yes").content.decode()

    assert "not waiting for a job any more" in page
    video.refresh_from_db()
    assert (video.state, video.backend_job_id) == (State.QUEUED, "")


def test_it_is_for_staff_who_may_change_videos(staff, fake: FakeBackend):
    video = _given_up()
    job_id = _job_of(fake, video)

    assert _post(staff("view_video", "delete_video"), video, job_id=job_id, adopt="yes").status_code == 403
    video.refresh_from_db()
    assert video.state == State.FAILED
