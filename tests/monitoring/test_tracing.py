"""A video is one trace, from the request to the file, however long it takes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from contentgen import checks
from contentgen.monitoring import tracing
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.views.page import GOOD
from videos.backends.responses import Job
from videos.engine import poll, store, submit
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    tracing.use(provider)
    yield found
    tracing.use(None)


def test_a_video_is_one_trace_also_when_it_is_seen_hours_later(
    as_alice: Client,
    fake: FakeBackend,
    sample_video: bytes,
    exporter: InMemorySpanExporter,
    django_capture_on_commit_callbacks: Any,
):
    def carry_out(work: Any, pk: int) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            work(pk)

    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(reverse("videos:studio"), GOOD)
    video = Video.objects.get()
    carry_out(submit.submit_next, video.backend_id)
    video.refresh_from_db()
    fake.jobs[video.backend_job_id] = Job(video.backend_job_id, "completed", "completed")
    fake.content = [sample_video]
    hours_ago = timezone.now() - timedelta(hours=5)
    Video.objects.update(created_at=hours_ago, accepted_at=hours_ago, due_at=timezone.now())
    carry_out(poll.poll_backend, video.backend_id)
    carry_out(store.store, video.pk)

    spans = exporter.get_finished_spans()
    assert {span.context.trace_id for span in spans} == {int(video.traceparent.split("-")[1], 16)}
    assert {span.name for span in spans} == {
        *("videos:studio", "queued to submitting", "submit", "request", "submitting to in_progress"),
        *("in_progress to storing", "store", "download", "keep", "storing to completed"),
    }
    ours = [span for span in spans if span.name != "videos:studio"]
    assert {span.attributes["contentgen.video"] for span in ours} == {video.public_id}
    told = "".join(span.to_json() for span in spans)
    assert GOOD["prompt"] not in told
    assert "alice" not in told


def test_a_command_begins_a_trace_for_its_video(backend: Backend, exporter: InMemorySpanExporter):
    video = VideoFactory(backend=backend)
    assert video.traceparent.startswith("00-")
    with tracing.span("later", video.traceparent):
        pass
    first, later = exporter.get_finished_spans()
    assert first.context.trace_id == later.context.trace_id


def test_a_trusted_proxys_trace_goes_on(client: Client, exporter: InMemorySpanExporter, settings):
    parent = f"00-{'a' * 32}-{'b' * 16}-01"
    client.get("/health/live", headers={"traceparent": parent})
    settings.TRUST_PROXY = 1
    client.get("/health/live", headers={"traceparent": parent})
    client.get("/health/live", headers={"traceparent": "00-nonsense"})
    traces = [f"{span.context.trace_id:032x}" for span in exporter.get_finished_spans()]
    assert [each == "a" * 32 for each in traces] == [False, True, False]


def test_without_the_setting_there_are_none(backend: Backend):
    with tracing.span("nothing") as span:
        assert span is None
    assert VideoFactory(backend=backend).traceparent == ""


def test_traces_that_cannot_be_sent_are_an_error(settings, monkeypatch: pytest.MonkeyPatch):
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector.test:4318"
    assert checks.check_tracing(None) == []
    monkeypatch.setattr(tracing, "is_installed", lambda: False)
    (error,) = checks.check_tracing(None)
    assert "requirements-tracing.txt" in error.hint
