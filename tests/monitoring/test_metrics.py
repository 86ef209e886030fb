"""Each number at `/metrics` is moved by the thing that it names."""

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.models import Budget, Scope
from billing.periods import Period
from contentgen import broker, disk_space
from contentgen.disk_space import Disk
from contentgen.monitoring import gauges
from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from tests.monitoring.conftest import Scrape
from tests.views.page import GOOD
from videos import lifecycle
from videos.backends.errors import RefusedError
from videos.backends.responses import Job
from videos.engine import dispatch, heartbeat, poll, store, submit
from videos.models import Backend, Heartbeat, JobCandidate, State, StudioState, Video
from videos.models.values import Reason
from videos.services.prompt_help import PromptHelpError, improve_prompt

pytestmark = pytest.mark.django_db

Commit = Callable[..., Any]


@pytest.fixture
def commit(django_capture_on_commit_callbacks) -> Commit:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch, settings) -> MagicMock:
    """A broker that answers as the test arranges."""
    server = MagicMock()
    server.hgetall.return_value = {}
    server.zrangebyscore.return_value = []
    server.llen.return_value = 0
    opened = MagicMock()
    opened.__enter__.return_value = server
    monkeypatch.setattr(broker, "connect", lambda: opened)
    return server


def test_requests_are_counted_by_view_and_status(as_alice: Client, scrape: Scrape):
    before = scrape().value("contentgen_requests_total", view="videos:library", status="200") or 0
    as_alice.get("/library/")
    as_alice.get("/library/?q=a+secret+prompt")
    as_alice.get("/nowhere/at/all")
    found = scrape()
    assert found.value("contentgen_requests_total", view="videos:library", status="200") == before + 2
    assert found.value("contentgen_requests_total", view="other", status="404") == 1
    assert found.value("contentgen_request_seconds_count", view="videos:library") == before + 2
    assert found.value("contentgen_request_seconds_bucket", view="videos:library", le="+Inf") == before + 2


def test_a_request_to_an_api_is_counted_too(client: Client, scrape: Scrape):
    client.get("/v1/videos", headers={"Authorization": "Bearer nonsense"})
    assert [s for s in scrape().samples if s.labels.get("status") == "401" and s.labels["view"] != "other"]


def test_what_people_ask_for_is_counted(as_alice: Client, scrape: Scrape, commit: Commit):
    with commit():
        as_alice.post(reverse("videos:studio"), GOOD)
    video = Video.objects.select_related("backend").get()
    assert scrape().value("contentgen_videos_requested_total", backend=video.backend.name) == 1


def test_help_with_prompts_is_counted(alice: User, scrape: Scrape, settings):
    settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = "http://127.0.0.1:9/v1", "m-1"  # nobody listens
    before = scrape().value("contentgen_prompt_help_total", kind="improve", outcome="unreachable") or 0
    with pytest.raises(PromptHelpError) as caught:
        improve_prompt(alice, "A fox")
    found = scrape().value("contentgen_prompt_help_total", kind="improve", outcome=caught.value.code)
    assert (found, caught.value.code) == (before + 1, "unreachable")


def test_submissions_are_counted_by_what_became_of_them(
    backend: Backend, fake: FakeBackend, scrape: Scrape, commit: Commit
):
    VideoFactory(backend=backend)
    with commit():
        submit.submit_next(backend.pk)
    fake.create_error = RefusedError("No.", code="moderation_blocked")
    VideoFactory(backend=backend)
    with commit():
        submit.submit_next(backend.pk)
    found = scrape()
    name = backend.name
    assert found.value("contentgen_submissions_total", backend=name, result="in_progress") == 1
    assert found.value("contentgen_submissions_total", backend=name, result="failed") == 1
    assert (
        found.value("contentgen_outcomes_total", backend=name, outcome="failed", reason="moderation_blocked")
        == 1
    )


def test_a_reason_that_a_backend_makes_up_is_no_label(backend: Backend, scrape: Scrape, commit: Commit):
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS)
    with commit():
        reason = Reason("ticket-4711", "No.")
        assert lifecycle.fail_generation(video.pk, video.backend_job_id, reason)
    assert "ticket-4711" not in str(scrape().samples)
    assert scrape().value("contentgen_outcomes_total", outcome="failed", reason="other") == 1


def test_nothing_is_counted_that_was_rolled_back(backend: Backend, scrape: Scrape, commit: Commit):
    video = VideoFactory(backend=backend)
    assert lifecycle.cancel(video.pk)  # whose transaction is the test's, and never committed
    assert scrape().value("contentgen_outcomes_total", outcome="canceled") is None


def test_a_stored_video_moves_lag_store_time_bytes_and_outcomes(
    backend: Backend, fake: FakeBackend, sample_video: bytes, scrape: Scrape, commit: Commit
):
    video = VideoFactory(backend=backend, state=State.IN_PROGRESS, due_at=timezone.now())
    ended = int(time.time()) - 8
    fake.jobs[video.backend_job_id] = Job(video.backend_job_id, "completed", "completed", completed_at=ended)
    fake.content = [sample_video]
    with commit():
        assert poll.poll_backend(backend.pk) == 1
    with commit():
        store.store(video.pk)
    found, name = scrape(), backend.name
    assert found.value("contentgen_detection_lag_seconds_count", backend=name) == 1
    assert found.value("contentgen_detection_lag_seconds_bucket", backend=name, le="5") == 0
    assert found.value("contentgen_detection_lag_seconds_sum", backend=name) == pytest.approx(8, abs=5)
    assert found.value("contentgen_store_seconds_count", backend=name) == 1
    assert found.value("contentgen_download_bytes_total", backend=name) == len(sample_video)
    assert found.value("contentgen_outcomes_total", backend=name, outcome="completed", reason="") == 1


def test_the_queue_is_told_by_backend_with_its_age(backend: Backend, scrape: Scrape):
    other = BackendFactory()
    hour_ago = timezone.now() - timedelta(hours=1)
    VideoFactory(backend=backend, created_at=hour_ago)
    VideoFactory(backend=backend)
    VideoFactory(backend=other, state=State.STORING, created_at=hour_ago)
    VideoFactory(backend=other, state=State.COMPLETED)
    found = scrape()
    in_flight, age = "contentgen_videos_in_flight", "contentgen_oldest_video_age_seconds"
    assert found.value(in_flight, backend=backend.name, state="queued") == 2
    assert found.value(age, backend=backend.name, state="queued") == pytest.approx(3600, abs=120)
    assert found.value(in_flight, backend=other.name, state="storing") == 1
    assert found.value(age, backend=other.name, state="storing") < 120, "since it was finished"
    assert found.value(in_flight, backend=other.name, state="completed") is None


def test_what_somebody_has_to_decide_is_told(backend: Backend, scrape: Scrape):
    assert scrape().value("contentgen_needs_attention", who="owners") == 0
    video = VideoFactory(backend=backend, state=State.UNCERTAIN, due_at=None)
    JobCandidate.objects.create(video=video, backend_job_id="job_1", may_be_anothers=True)
    found = scrape()
    assert found.value("contentgen_needs_attention", who="owners") == 1
    assert found.value("contentgen_needs_attention", who="staff") == 1


def test_backends_tell_their_slots_and_pauses(backend: Backend, scrape: Scrape):
    assert scrape().value("contentgen_backend_slots", backend=backend.name) == 4
    assert scrape().value("contentgen_backend_paused", backend=backend.name) == 0
    dispatch.pause(backend.pk, seconds=60, reason="It said no.")
    assert scrape().value("contentgen_backend_paused", backend=backend.name) == 1


def test_held_submissions_are_told(scrape: Scrape):
    assert scrape().value("contentgen_submissions_held") == 0
    StudioState.objects.update_or_create(defaults={"held_at": timezone.now()})
    assert scrape().value("contentgen_submissions_held") == 1


def test_workers_and_beat_are_told_by_their_signs_of_life(scrape: Scrape):
    found = scrape()
    assert found.value("contentgen_worker_up", queue="network") == 0
    assert found.value("contentgen_beat_age_seconds") is None
    ago = timezone.now() - timedelta(seconds=10)
    Heartbeat.objects.create(role=heartbeat.queue_role("network"), beat_at=ago)
    Heartbeat.objects.create(role=heartbeat.SCHEDULER, beat_at=ago - timedelta(seconds=90))
    found = scrape()
    assert found.value("contentgen_worker_up", queue="network") == 1
    assert found.value("contentgen_worker_age_seconds", queue="network") == pytest.approx(10, abs=20)
    assert found.value("contentgen_beat_age_seconds") == pytest.approx(100, abs=20)


def test_processes_and_messages_are_told_by_the_broker(scrape: Scrape, redis: MagicMock, settings):
    settings.REDIS_URL = "redis://broker.test"
    redis.llen.side_effect = lambda name: 7 if name.endswith(":downloads") else 0
    redis.zrangebyscore.return_value = [b"network@a/1", b"network@b/1", b"web@a/2"]
    found = scrape()
    assert found.value("contentgen_broker_messages", queue="downloads") == 7
    assert found.value("contentgen_broker_messages", queue="short") == 0
    assert found.value("contentgen_processes", process="network") == 2


def test_the_databases_answer_is_timed(scrape: Scrape, monkeypatch: pytest.MonkeyPatch):
    assert scrape().value("contentgen_database_up") == 1
    monkeypatch.setattr(gauges, "_ask_database", lambda: time.sleep(0.05))
    assert scrape().value("contentgen_database_latency_seconds") >= 0.05


def test_a_database_that_is_away_is_a_number_and_no_failure(scrape: Scrape, monkeypatch: pytest.MonkeyPatch):
    def refuse() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(gauges, "_ask_database", refuse)
    monkeypatch.setattr(gauges, "_videos", refuse)
    found = scrape()
    assert found.value("contentgen_database_up") == 0
    assert found.value("contentgen_database_latency_seconds") is None
    assert found.value("contentgen_disk_free_bytes", disk="VIDEO_STORAGE_PATH"), "the rest is told"


def test_the_brokers_answer_is_timed(scrape: Scrape, redis: MagicMock):
    redis.ping.side_effect = lambda: time.sleep(0.05)
    found = scrape()
    assert found.value("contentgen_broker_up") == 1
    assert found.value("contentgen_broker_latency_seconds") >= 0.05
    redis.ping.side_effect = OSError("away")
    assert scrape().value("contentgen_broker_up") == 0


def test_what_is_spent_and_what_is_left_of_budgets_is_told(
    alice: User, backend: Backend, scrape: Scrape, settings
):
    Budget.objects.create(scope=Scope.STUDIO, period=Period.MONTH, amount=Decimal(10))
    Budget.objects.create(scope=Scope.USER, user=alice, period=Period.MONTH, amount=Decimal(8))
    assert scrape().value("contentgen_spent", period="day") == 0
    video = VideoFactory(backend=backend, owner=alice, price=Decimal(8))
    lifecycle.reserve([video])
    token = lifecycle.claim(video.pk, lease=timedelta(seconds=60), now=timezone.now())
    assert lifecycle.accept(video.pk, token, job_id="job_1", progress=0, due_at=timezone.now())
    found = scrape()
    assert found.value("contentgen_spent", period="day", currency=settings.CURRENCY) == 8
    assert found.value("contentgen_spent", period="month") == 8
    assert found.value("contentgen_budget_used_ratio", scope="studio", period="month") == pytest.approx(0.8)
    assert found.value("contentgen_budgets", scope="studio", status="almost_used") == 1
    assert found.value("contentgen_budgets", scope="user", status="used_up") == 1
    assert "alice" not in str(found.samples)


def test_stored_bytes_are_told(backend: Backend, scrape: Scrape):
    VideoFactory(backend=backend, state=State.COMPLETED, byte_count=12_345, picture_bytes=5)
    assert scrape().value("contentgen_stored_bytes", kind="videos") == 12_350


def test_disks_are_told(scrape: Scrape, monkeypatch: pytest.MonkeyPatch, settings):
    settings.MIN_FREE_DISK = 70
    monkeypatch.setattr(disk_space, "disks", lambda: [Disk("DATA_DIR", free=50, total=200)])
    found = scrape()
    assert found.value("contentgen_disk_free_bytes", disk="DATA_DIR") == 50
    assert found.value("contentgen_disk_size_bytes", disk="DATA_DIR") == 200
    assert found.value("contentgen_disk_minimum_free_bytes", disk="DATA_DIR") == 70


def test_a_scrape_takes_as_many_queries_however_much_there_is(backend: Backend, scrape: Scrape):
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            scrape()
        return len(queries)

    VideoFactory(backend=backend)
    few = count()
    VideoFactory.create_batch(20, backend=BackendFactory())
    assert count() == few <= 20


def test_scrapes_in_a_row_look_once(client: Client, scrape: Scrape, backend: Backend):
    scrape()
    with CaptureQueriesContext(connection) as queries:
        client.get("/metrics", headers={"Authorization": "Bearer a token that nobody guesses"})
    assert len(queries) == 1, "whether the database answers"


def test_no_person_and_no_video_is_a_label(as_alice: Client, scrape: Scrape, commit: Commit):
    with commit():
        as_alice.post(reverse("videos:studio"), GOOD)
    labels = {name for sample in scrape().samples for name in sample.labels}
    assert labels <= {
        *("view", "status", "backend", "state", "result", "outcome", "reason", "le", "queue", "process"),
        *("who", "period", "currency", "scope", "kind", "disk"),
    }
