import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from videos.engine import durations
from videos.engine.durations import JobProfile, profile_of
from videos.engine.poll import poll_backend
from videos.engine.submit import submit_next
from videos.models import Backend, Kind, State, Video

pytestmark = pytest.mark.django_db


def _finished(backend: Backend, *durations: float, ago: float = 0, **fields) -> Video:
    """Videos that took `durations` seconds, the last of them the latest."""
    for number, took in enumerate(durations):
        end = timezone.now() - timedelta(seconds=ago + len(durations) - number)
        accepted = end - timedelta(seconds=took)
        video = VideoFactory(
            backend=backend,
            state=fields.pop("state", State.COMPLETED),
            accepted_at=accepted,
            generated_at=end,
            deadline_at=accepted + timedelta(seconds=600),
            **fields,
        )
    return video


def test_the_usual_time_is_the_median(backend: Backend):
    video = _finished(backend, 30, 50, 40, 500)

    assert durations.typical_seconds(profile_of(video)) == pytest.approx(45)


def test_two_finished_videos_say_nothing(backend: Backend):
    video = _finished(backend, 30, 50)

    assert durations.typical_seconds(profile_of(video)) is None
    assert durations.estimate_for(profile_of(video)) is None


def test_the_latest_count(backend: Backend):
    video = _finished(backend, *[60] * 10, *[120] * 10)

    assert durations.estimate_for(profile_of(video)).median == pytest.approx(120)


@pytest.mark.parametrize(
    "other",
    [
        {"model": "sora-2-pro"},
        {"size": "720x1280"},
        {"seconds": 8},
        {"kind": "remix"},
        {"kind": "extend"},
        {"backend": "another"},
    ],
)
def test_other_profiles_do_not_count(backend: Backend, other: dict):
    video = _finished(backend, 30, 30, 30)
    unlike = {**other, "backend": BackendFactory()} if "backend" in other else {"backend": backend, **other}
    _finished(other_backend := unlike.pop("backend"), 300, 300, 300, **unlike)

    found = durations.stats_for(
        [profile_of(video), profile_of(video)._replace(backend_id=other_backend.pk, **unlike)]
    )

    assert sorted(stats.typical_seconds for stats in found.values()) == [
        pytest.approx(30),
        pytest.approx(300),
    ]


def test_what_was_found_long_after_its_deadline_does_not_count(backend: Backend):
    video = _finished(backend, 30, 30, 30, 7200, 7200, 7200)

    assert durations.typical_seconds(profile_of(video)) == pytest.approx(30)


def test_many_profiles_take_one_query_and_then_none(backend: Backend, django_assert_num_queries):
    _finished(backend, 30, 30, 30)
    profiles = [JobProfile(backend.pk, "sora-2", "1280x720", seconds) for seconds in range(1, 41)]

    with django_assert_num_queries(1):
        found = durations.stats_for(profiles)
    with django_assert_num_queries(0):
        assert durations.stats_for(profiles) == found

    assert found.keys() == set(profiles)
    assert [profile.seconds for profile, stats in found.items() if stats.typical_seconds] == [4]


def test_statistics_are_cached_for_a_while_only(backend: Backend, monkeypatch):
    profile = profile_of(_finished(backend, 30, 30, 30))
    assert durations.typical_seconds(profile) == pytest.approx(30)
    _finished(backend, *[90] * 10)
    assert durations.typical_seconds(profile) == pytest.approx(30)

    later = time.time() + durations.FRESH_FOR + durations.REMEMBERED_FOR
    monkeypatch.setattr(time, "time", lambda: later)

    assert durations.typical_seconds(profile) == pytest.approx(90)


def test_a_server_that_answers_when_all_is_done_is_measured_from_the_attempt(backend: Backend):
    video = _finished(backend, 0.001, 0.002, 0.003)
    for row in Video.objects.all():
        Video.objects.filter(pk=row.pk).update(attempted_at=row.accepted_at - timedelta(seconds=90))

    assert durations.typical_seconds(profile_of(video)) == pytest.approx(90, abs=0.1)


def test_the_time_of_sending_does_not_count_where_the_job_is_made_afterwards(backend: Backend):
    video = _finished(backend, 30, 30, 30)
    Video.objects.update(attempted_at=timezone.now() - timedelta(hours=1))

    assert durations.typical_seconds(profile_of(video)) == pytest.approx(30)


def test_a_poll_reads_the_kind_with_the_rest(
    backend: Backend, fake: FakeBackend, django_assert_max_num_queries
):
    now, jobs = timezone.now(), 20
    for _ in range(jobs):
        job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
        VideoFactory(
            backend=backend,
            state=State.IN_PROGRESS,
            kind=Kind.EDIT,
            backend_job_id=job.id,
            accepted_at=now,
        )
    Backend.objects.filter(pk=backend.pk).update(can_list=False)

    with django_assert_max_num_queries(jobs - 1):  # what a pass takes in any case, and none for each job
        poll_backend(backend.pk)


def test_it_is_read_through_its_index(backend: Backend):
    plan = durations._recently_finished(JobProfile(backend.pk, "sora-2", "1280x720", 4)).explain()

    if connection.vendor == "sqlite":  # PostgreSQL scans a table as small as this one
        assert "video_durations" in plan
        assert "kind=?" in plan


def test_a_poll_follows_past_durations(backend: Backend, fake: FakeBackend):
    _finished(backend, *[300.0] * 5)
    job = fake.add(prompt="A fox", model="sora-2", seconds=4, size="1280x720")
    now = timezone.now()
    video = VideoFactory(
        backend=backend,
        state=State.IN_PROGRESS,
        backend_job_id=job.id,
        accepted_at=now - timedelta(seconds=30),
    )

    poll_backend(backend.pk)

    video.refresh_from_db()
    assert video.due_at > now + timedelta(seconds=60)


def test_a_submission_follows_past_durations(backend: Backend, fake: FakeBackend):
    _finished(backend, *[300.0] * 5)
    now = timezone.now()
    video = VideoFactory(backend=backend, state=State.QUEUED)

    submit_next(backend.pk)

    video.refresh_from_db()
    assert video.due_at > now + timedelta(seconds=8)


def test_no_query_stands_between_an_accepted_job_and_writing_its_id_down(backend: Backend, fake: FakeBackend):
    video = VideoFactory(backend=backend, state=State.QUEUED)
    fake.during_create = lambda: connection.queries_log.clear()
    connection.force_debug_cursor = True
    try:
        submit_next(backend.pk)
        after = [query["sql"] for query in connection.queries_log if "SAVEPOINT" not in query["sql"]]
    finally:
        connection.force_debug_cursor = False

    video.refresh_from_db()
    assert video.state == State.IN_PROGRESS
    assert after[0].startswith("UPDATE")
