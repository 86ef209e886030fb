"""What the studio hears of a video: each end of its life, once, in the transaction that brought it."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from contentgen.events import Event, EventKind, event_published
from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import State, Video
from videos.models.values import Reason, StoredFiles

pytestmark = pytest.mark.django_db

TOKEN = uuid.uuid4()
WHY = Reason("why", "The backend said no.", "detail")
FILES = StoredFiles("videos/a.mp4", 10, "0" * 64, 1280, 720, 4.0, poster="videos/a.webp")


def _soon():
    return timezone.now() + timedelta(minutes=5)


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    events: list[Event] = []

    def hear(event: Event, **_: object) -> None:
        events.append(event)

    event_published.connect(hear)
    yield events
    event_published.disconnect(hear)


def _video(state: State, **fields: object) -> Video:
    return VideoFactory(state=state, lease_token=TOKEN, **fields)


def _await_decision(video: Video) -> bool:
    return lifecycle.await_decision(video.pk, WHY, attempted_at=video.attempted_at)


Act = Callable[[Video], bool]
ENDS: dict[str, tuple[State, EventKind, Act]] = {
    "completed": (
        State.STORING,
        EventKind.VIDEO_COMPLETED,
        lambda v: lifecycle.complete(v.pk, TOKEN, FILES),
    ),
    "refused": (State.SUBMITTING, EventKind.VIDEO_FAILED, lambda v: lifecycle.refuse(v.pk, TOKEN, WHY)),
    "failed by the backend": (
        State.IN_PROGRESS,
        EventKind.VIDEO_FAILED,
        lambda v: lifecycle.fail_generation(v.pk, v.backend_job_id, WHY),
    ),
    "timed out": (
        State.IN_PROGRESS,
        EventKind.VIDEO_FAILED,
        lambda v: lifecycle.time_out(v.pk, v.backend_job_id, WHY, due_at=_soon(), working=700, waiting=0),
    ),
    "not stored": (
        State.STORING,
        EventKind.VIDEO_FAILED,
        lambda v: lifecycle.fail_storing(v.pk, TOKEN, WHY),
    ),
    "not stored, and tried again": (
        State.STORING,
        EventKind.VIDEO_FAILED,
        lambda v: lifecycle.fail_storing(v.pk, TOKEN, WHY, retry_at=_soon()),
    ),
    "absent": (
        State.UNCERTAIN,
        EventKind.VIDEO_FAILED,
        lambda v: lifecycle.fail_absent(v.pk, WHY, attempted_at=v.attempted_at, attempts=v.attempts),
    ),
    "needs a decision": (State.UNCERTAIN, EventKind.VIDEO_NEEDS_ATTENTION, _await_decision),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_is_told_once(name: str, heard: list[Event]) -> None:
    state, kind, act = ENDS[name]
    video = _video(state)

    assert act(video)
    assert not act(video)

    assert [(each.kind, each.user_id, each.object_id) for each in heard] == [
        (kind, video.owner_id, video.public_id)
    ]


@pytest.mark.parametrize("name", ENDS)
def test_what_is_told_is_rolled_back_with_the_change(name: str) -> None:
    state, _, act = ENDS[name]
    video = _video(state)

    def refuse(**_: object) -> None:
        raise RuntimeError("a receiver could not write its row")

    event_published.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            act(video)
    finally:
        event_published.disconnect(refuse)

    after = Video.objects.get(pk=video.pk)
    assert (after.state, after.due_at) == (state, video.due_at)


def test_a_video_that_its_owner_gives_up_has_failed(heard: list[Event]) -> None:
    assert lifecycle.abandon(_video(State.UNCERTAIN, due_at=None).pk, WHY)

    assert [each.kind for each in heard] == [EventKind.VIDEO_FAILED]


def test_the_file_that_is_tried_for_a_day_fails_once(heard: list[Event]) -> None:
    video = _video(State.STORING)
    lifecycle.fail_storing(video.pk, TOKEN, WHY, retry_at=timezone.now())
    for _ in range(3):
        assert lifecycle.download_again(video.pk)
        Video.objects.filter(pk=video.pk).update(lease_token=TOKEN)
        lifecycle.fail_storing(video.pk, TOKEN, WHY, retry_at=timezone.now())

    assert [each.kind for each in heard] == [EventKind.VIDEO_FAILED]


def test_a_late_result_is_told_after_the_failure(heard: list[Event]) -> None:
    video = _video(State.IN_PROGRESS)
    job = video.backend_job_id
    lifecycle.time_out(video.pk, job, WHY, due_at=_soon(), working=700, waiting=0)
    lifecycle.record_late_check(video.pk, job, WHY, due_at=_soon())
    lifecycle.begin_storing_late(video.pk, job)
    Video.objects.filter(pk=video.pk).update(lease_token=TOKEN)
    lifecycle.complete(video.pk, TOKEN, FILES)

    assert [each.kind for each in heard] == [EventKind.VIDEO_FAILED, EventKind.VIDEO_COMPLETED]


@pytest.mark.parametrize("state", [State.QUEUED, State.IN_PROGRESS, State.STORING])
def test_a_canceled_video_is_not_told_of(state: State, heard: list[Event]) -> None:
    assert lifecycle.cancel(_video(state).pk)
    assert heard == []


def test_an_uploaded_clip_is_not_told_of(heard: list[Event]) -> None:
    stranger = VideoFactory(state=State.COMPLETED)
    lifecycle.create_imported(Video(owner=stranger.owner, backend=stranger.backend, seconds=4), FILES)
    assert heard == []


def test_a_video_that_was_deleted_meanwhile_is_not_told_of(heard: list[Event]) -> None:
    video = _video(State.STORING, deleted_at=timezone.now())
    assert lifecycle.complete(video.pk, TOKEN, FILES)
    assert heard == []


def test_a_completed_video_is_described_for_those_who_cannot_look(heard: list[Event]) -> None:
    group = uuid.uuid4()
    video = _video(State.STORING, prompt="snow " * 100, take=2, takes=4, take_group=group)
    lifecycle.complete(video.pk, TOKEN, FILES)

    data = dict(heard[0].data)
    assert 59 <= data.pop("took_seconds") <= 65
    assert data == {
        "path": f"/videos/{video.public_id}/",
        "poster": f"/videos/{video.public_id}/poster.webp",
        "prompt": ("snow " * 40),
        "model": "sora-2",
        "backend": video.backend.name,
        "status": "completed",
        "seconds": 4,
        "take": 2,
        "takes": 4,
        "take_group": str(group),
        "error_code": "",
        "reason": "",
    }


def test_a_failure_says_why(heard: list[Event]) -> None:
    lifecycle.refuse(_video(State.SUBMITTING).pk, TOKEN, WHY)

    told = {name: heard[0].data[name] for name in ("status", "error_code", "reason", "poster")}
    assert told == {
        "status": "failed",
        "error_code": "why",
        "reason": "The backend said no.",
        "poster": "",
    }


def test_a_video_that_needs_a_decision_says_so(heard: list[Event]) -> None:
    _await_decision(_video(State.UNCERTAIN))

    assert heard[0].data["status"] == "needs_decision"
