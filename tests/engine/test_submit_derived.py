"""Remixes, edits and extensions: asked for once, by job or by file, never of a source that is gone."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError, UnavailableError, UnknownOutcomeError
from videos.capabilities import capabilities_for
from videos.engine import dispatch, request_images, submit, sweep
from videos.engine.store import folder_of
from videos.engine.submit import submit_next
from videos.models import Backend, Character, Kind, State, Video

pytestmark = pytest.mark.django_db

SOURCE_UNKNOWN = RefusedError("Video not found.", code="source_unknown", status=404)


@pytest.fixture
def source(backend: Backend) -> Video:
    return _finished(backend)


def _finished(backend: Backend, **fields) -> Video:
    video = VideoFactory(backend=backend, state=State.COMPLETED, **fields)
    video.file = default_storage.save(f"{folder_of(video)}/abc/video.mp4", ContentFile(b"the video"))
    video.save(update_fields=["file"])
    return video


def _derived(source: Video, kind: Kind, **fields) -> Video:
    longer = {"seconds": 8, "source_seconds": source.seconds} if kind == Kind.EXTEND else {}
    asked = {"backend": source.backend, "kind": kind, "source": source, "prompt": "snow", **longer, **fields}
    return VideoFactory(state=State.QUEUED, **asked)


def _submitted(video: Video) -> Video:
    assert submit_next(video.backend_id)
    video.refresh_from_db()
    return video


@pytest.mark.parametrize(
    ("kind", "more"),
    [(Kind.REMIX, ()), (Kind.EDIT, ()), (Kind.EXTEND, (8,))],
    ids=["remix", "edit", "extend"],
)
def test_it_names_the_job_where_the_backend_has_it(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind, more: tuple
):
    video = _submitted(_derived(source, kind))

    assert fake.derived == [(kind.value, "snow", source.backend_job_id, *more)]
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert fake.created == []


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.EXTEND])
def test_another_backend_is_sent_the_file(backend: Backend, fake: FakeBackend, kind: Kind):
    source = _finished(BackendFactory())
    video = _submitted(_derived(source, kind, backend=backend))

    assert [call[:3] for call in fake.derived] == [(kind.value, "snow", b"the video")]
    assert video.state == State.IN_PROGRESS


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.EXTEND])
def test_a_backend_that_forgot_the_job_is_sent_the_file_once(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind
):
    fake.derive_errors = [SOURCE_UNKNOWN]
    video = _submitted(_derived(source, kind))

    assert [call[2] for call in fake.derived] == [source.backend_job_id, b"the video"]
    assert (video.state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (UnknownOutcomeError("No reply.", code="timeout"), State.UNCERTAIN),
        (UnavailableError("Slow down.", code="rate_limited", status=429), State.QUEUED),
        (RefusedError("No.", code="moderation_blocked", status=400), State.FAILED),
        (RefusedError("No such thing.", code="not_served", status=404), State.FAILED),
    ],
)
@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EDIT, Kind.EXTEND])
def test_after_any_other_answer_nothing_more_is_sent(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind, error: BackendError, state: State
):
    fake.derive_errors = [error]
    video = _submitted(_derived(source, kind))

    assert (video.state, video.error_code) == (state, error.code)
    assert len(fake.derived) == 1


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (UnknownOutcomeError("No reply.", code="timeout"), State.UNCERTAIN),
        (RefusedError("Too large.", code="too_large", status=413), State.FAILED),
        (SOURCE_UNKNOWN, State.FAILED),
    ],
)
def test_the_file_is_never_sent_twice(
    backend: Backend, fake: FakeBackend, source: Video, second: BackendError, state: State
):
    fake.derive_errors = [SOURCE_UNKNOWN, second]
    video = _submitted(_derived(source, Kind.EDIT))

    assert (video.state, video.error_code) == (state, second.code)
    assert len(fake.derived) == 2


def test_a_remix_of_a_forgotten_job_fails_and_says_why(backend: Backend, fake: FakeBackend, source: Video):
    fake.derive_errors = [SOURCE_UNKNOWN]
    video = _submitted(_derived(source, Kind.REMIX))

    assert (video.state, video.error_code) == (State.FAILED, "source_unknown")
    assert "no longer has the source video" in video.error_message
    assert len(fake.derived) == 1


def test_the_lease_is_looked_at_again_before_the_file_is_sent(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _derived(source, Kind.EDIT)
    fake.derive_errors = [SOURCE_UNKNOWN]
    fake.during_create = lambda: Video.objects.filter(pk=video.pk).update(
        lease_expires_at=timezone.now() + timedelta(seconds=1)
    )
    _submitted(video)

    assert [call[2] for call in fake.derived] == [source.backend_job_id]


def test_the_lease_lasts_for_both_requests(backend: Backend, fake: FakeBackend, source: Video):
    plain, edit = VideoFactory(backend=backend), _derived(source, Kind.EDIT)
    for video in (plain, edit):
        assert dispatch.claim_next(backend.pk)
        video.refresh_from_db()

    def lasts(video: Video) -> float:
        return (video.lease_expires_at - video.attempted_at).total_seconds()

    assert lasts(edit) - dispatch.LEASE_MARGIN == 2 * (lasts(plain) - dispatch.LEASE_MARGIN)


@pytest.mark.parametrize("kind", [Kind.REMIX, Kind.EDIT, Kind.EXTEND])
def test_a_source_that_is_gone_fails_before_anything_is_sent(
    backend: Backend, fake: FakeBackend, source: Video, kind: Kind
):
    video = _derived(source, kind)
    source.delete()

    _submitted(video)

    assert (video.state, video.error_code) == (State.FAILED, "source_gone")
    assert (fake.derived, fake.created) == ([], [])


@pytest.mark.parametrize("joins", [False, True])
def test_a_source_whose_file_is_gone_fails_before_anything_is_sent(
    backend: Backend, fake: FakeBackend, source: Video, joins: bool
):
    video = _derived(source, Kind.EXTEND, concat_with_source=joins)
    default_storage.delete(source.file.name)

    _submitted(video)

    assert (video.state, video.error_code) == (State.FAILED, "source_gone")
    assert (fake.derived, fake.created) == ([], [])


def test_a_retry_of_a_video_whose_source_is_gone_fails_the_same(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _derived(source, Kind.REMIX)
    Video.objects.filter(pk=video.pk).update(state=State.FAILED)
    source.delete()
    assert lifecycle.retry(video.pk)

    _submitted(video)

    assert (video.state, video.error_code) == (State.FAILED, "source_gone")
    assert fake.derived == []


def test_a_film_that_was_joined_here_is_sent_as_a_file(backend: Backend, fake: FakeBackend):
    source = _finished(backend, kind=Kind.EXTEND, concat_with_source=True, source_seconds=4)
    _submitted(_derived(source, Kind.EDIT))

    assert [call[2] for call in fake.derived] == [b"the video"], "its job is the last piece alone"


def test_a_film_that_was_joined_here_is_not_remixed(backend: Backend, fake: FakeBackend):
    backend.can_remix = True
    backend.save()
    source = _finished(backend, kind=Kind.EXTEND, concat_with_source=True, source_seconds=4)

    assert not capabilities_for(source).remix
    assert _submitted(_derived(source, Kind.REMIX)).error_code == "source_gone"
    assert fake.derived == []


def test_a_message_delivered_twice_asks_once(backend: Backend, fake: FakeBackend, source: Video):
    _derived(source, Kind.REMIX)
    claim = dispatch.claim_next(backend.pk)

    submit.submit(claim)
    submit.submit(claim)

    assert len(fake.derived) == 1


def test_an_answer_that_comes_after_the_lease_is_still_kept(
    backend: Backend, fake: FakeBackend, source: Video
):
    video = _derived(source, Kind.EXTEND)

    def lease_runs_out() -> None:
        Video.objects.filter(pk=video.pk).update(lease_expires_at=timezone.now())
        sweep.sweep()

    fake.during_create = lease_runs_out

    assert (_submitted(video).state, video.backend_job_id) == (State.IN_PROGRESS, "job_1")
    assert fake.deleted == []


def test_a_late_job_stays_where_jobs_cannot_be_deleted(backend: Backend, fake: FakeBackend):
    Backend.objects.filter(pk=backend.pk).update(can_delete=False)
    video = VideoFactory(backend=backend)

    def another_attempt_wins() -> None:
        fake.during_create = None
        Video.objects.filter(pk=video.pk).update(state=State.QUEUED, lease_token=None)
        submit_next(backend.pk)

    fake.during_create = another_attempt_wins
    submit_next(backend.pk)

    assert len(fake.jobs) == 2
    assert fake.deleted == []


def test_characters_go_along_by_the_backends_ids(backend: Backend, fake: FakeBackend, alice):
    video = VideoFactory(backend=backend)
    for name in ("ada", "bea"):
        video.characters.add(
            Character.objects.create(
                owner=alice, backend=backend, name=name, backend_character_id=f"char_{name}"
            )
        )

    _submitted(video)

    assert sorted(fake.created[0]["characters"]) == ["char_ada", "char_bea"]


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_the_reference_is_fitted_as_its_owner_chose(
    backend: Backend, fake: FakeBackend, monkeypatch: pytest.MonkeyPatch, fit: str
):
    chosen = []
    real = request_images.fit_reference
    monkeypatch.setattr(
        request_images,
        "fit_reference",
        lambda *args, how, **more: chosen.append(how) or real(*args, how=how, **more),
    )
    picture = ReferenceImageFactory(file=default_storage.save("references/a.png", ContentFile(_picture())))
    VideoFactory(backend=backend, reference=picture, reference_fit=fit, size="320x180")

    submit_next(backend.pk)

    assert chosen == [fit]
    assert fake.created[0]["reference"].content_type == "image/jpeg"


def _picture() -> bytes:
    from tests.simulator.conftest import make_image

    return make_image((320, 320))
