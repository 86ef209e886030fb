"""What the list and the page of a backend say of the last week, of what is there now, and of its checks."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.backends.server import Server, reply
from tests.factories import BackendFactory, VideoFactory
from tests.simulator.conftest import StartSimulator
from videos.backends.capability import Capability
from videos.backends.probe_report import ProbeReport
from videos.models import Backend, State, VideoModel
from videos.services import backends as backend_services
from videos.services.backends import probe_backend, set_capabilities

pytestmark = pytest.mark.django_db
LIST = "admin:videos_backend_changelist"


@pytest.fixture
def backend(db) -> Backend:
    return BackendFactory(name="Box")


def _page(client: Client, backend: Backend) -> str:
    return client.get(reverse("admin:videos_backend_change", args=[backend.pk])).content.decode()


def _finished(backend: Backend, seconds: float, **fields: Any) -> None:
    now = timezone.now()
    began = now - timedelta(seconds=seconds)
    VideoFactory(backend=backend, state=State.COMPLETED, accepted_at=began, generated_at=now, **fields)


def test_the_week_is_counted_by_what_became_of_jobs(as_carol: Client, backend: Backend):
    for seconds in (10, 20, 90):
        _finished(backend, seconds)
    VideoFactory(backend=backend, state=State.FAILED, error_code="timed_out")
    VideoFactory(backend=backend, state=State.CANCELED)
    old = timezone.now() - timedelta(days=8)
    VideoFactory(backend=backend, state=State.FAILED, finished_at=old)
    VideoFactory(backend=backend, state=State.COMPLETED, attempted_at=None)  # as an uploaded clip

    assert "75 %" in as_carol.get(reverse(LIST)).content.decode()
    page = _page(as_carol, backend)

    assert "<strong>3</strong> of 4 succeeded" in page
    assert "Longer than the time limit" in page
    assert "state=failed" in page
    assert "20 seconds" in page
    assert "90 seconds" in page


def test_a_failure_leads_to_its_videos(as_carol: Client, backend: Backend):
    VideoFactory(backend=backend, state=State.FAILED, error_code="timed_out", prompt="the lost one")
    VideoFactory(backend=backend, state=State.FAILED, prompt="another failure")
    earlier = timezone.now() - timedelta(days=8)
    VideoFactory(
        backend=backend,
        state=State.FAILED,
        error_code="timed_out",
        prompt="of last week",
        finished_at=earlier,
    )
    VideoFactory(state=State.FAILED, error_code="timed_out", prompt="elsewhere")
    found = re.search(r'href="([^"]*reason=timed_out[^"]*)"', _page(as_carol, backend))
    assert found
    rows = as_carol.get(found[1].replace("&amp;", "&")).content.decode()
    assert "the lost one" in rows
    for other in ("another failure", "of last week", "elsewhere"):
        assert other not in rows


def test_what_is_in_flight_is_listed_and_leads_to_the_rest(as_carol: Client, backend: Backend):
    VideoFactory.create_batch(21, backend=backend, state=State.IN_PROGRESS)
    VideoFactory(backend=backend, prompt="still queued here")

    page = _page(as_carol, backend)

    assert page.count("In progress") == 20
    assert "still queued here" not in page
    assert "state=in_flight" in page


def test_running_jobs_without_an_answer_show_in_the_list(as_carol: Client, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(probed_at=None)
    long_ago = timezone.now() - timedelta(minutes=10)
    VideoFactory(
        backend=backend,
        state=State.IN_PROGRESS,
        accepted_at=long_ago,
        answered_at=long_ago,
        error_code="unreachable",
    )
    assert "Does not answer since" in as_carol.get(reverse(LIST)).content.decode()


def _count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


def test_the_list_takes_as_many_queries_for_many_backends(as_carol: Client):
    for backend in BackendFactory.create_batch(2):
        VideoFactory(backend=backend, state=State.IN_PROGRESS)
    first = _count_queries(as_carol, reverse(LIST))
    for backend in BackendFactory.create_batch(10):
        VideoFactory.create_batch(2, backend=backend, state=State.FAILED)
        backend.models.set(VideoModel.objects.all())

    assert _count_queries(as_carol, reverse(LIST)) <= first


def test_a_page_takes_as_many_queries_for_many_videos(as_carol: Client, backend: Backend):
    address = reverse("admin:videos_backend_change", args=[backend.pk])
    VideoFactory(backend=backend, state=State.IN_PROGRESS)
    first = _count_queries(as_carol, address)
    VideoFactory.create_batch(15, backend=backend, state=State.IN_PROGRESS)
    _finished(backend, 5)

    assert _count_queries(as_carol, address) <= first


def test_a_probe_is_kept_as_a_checklist(as_carol: Client, backend: Backend, start_simulator: StartSimulator):
    Backend.objects.filter(pk=backend.pk).update(base_url=f"{start_simulator().url}/v1")
    backend.refresh_from_db()
    assert "before checks were kept" in _page(as_carol, backend)

    as_carol.post(
        reverse(LIST), {"action": "probe", "index": "0", "_selected_action": [backend.pk], "page": "1"}
    )

    page = _page(as_carol, backend)
    assert "Last probed" in page
    assert "The server answers." in page
    assert page.count("backend-check--passed") > 5


def test_a_probe_that_failed_says_what_to_do(as_carol: Client, backend: Backend):
    with Server(reply(401, {"error": {"message": "no"}})) as server:
        Backend.objects.filter(pk=backend.pk).update(base_url=server.url)
        probe_backend(Backend.objects.get(pk=backend.pk), by="a test")

    page = _page(as_carol, backend)
    assert "It failed." in page
    assert "refuses the key" in page
    assert "backend-check--failed" in page


def test_what_staff_set_stays_when_a_probe_finds_something_else(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, as_carol: Client
):
    set_capabilities(backend, {"can_remix": False})
    report = ProbeReport(capabilities={Capability.REMIX: True, Capability.EDIT: True})
    monkeypatch.setattr(backend_services.clients, "probe", lambda *_, **__: report)

    probe_backend(Backend.objects.get(pk=backend.pk), by="a test")

    backend.refresh_from_db()
    assert (backend.can_remix, backend.can_edit) == (False, True)
    assert "As the service says (yes)" in _page(as_carol, backend)
    set_capabilities(backend, {"can_remix": None})
    backend.refresh_from_db()
    assert (backend.can_remix, backend.capabilities_set) == (True, {})


def test_adding_one_leads_to_the_connect_page(as_carol: Client, staff: Callable[..., Client]):
    address = reverse("admin:videos_backend_add")
    assert as_carol.get(address).url == reverse("videos:connect")
    assert as_carol.get(address, {"by_hand": "1"}).status_code == 200
    connector = staff("connect_backend", "view_backend")
    assert connector.get(address).url == reverse("videos:connect")
    assert connector.get(address, {"by_hand": "1"}).status_code == 403
    assert connector.post(address, {"name": "x"}).status_code == 403
    assert staff("view_backend", "add_backend").get(address).status_code == 403


def test_the_page_says_where_a_key_goes(as_carol: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BACKEND_KEY_BOX", "sk-one")
    backend = BackendFactory(key_env="BACKEND_KEY_BOX", base_url="http://box.test/v1")

    page = _page(as_carol, backend)

    assert "sent to http://box.test/v1 and nowhere else" in page
    assert "sk-one" not in page


def test_a_model_that_came_meanwhile_stays_when_another_is_unticked(as_carol: Client, backend: Backend):
    first, second = VideoModel.objects.all()[:2]
    backend.models.set([first, second])
    form = {"name": "Box", "service": "videos-api", "base_url": backend.base_url, "timeout": 60}
    form |= {
        "max_in_flight": 4,
        "job_retention": "studio",
        "position": 0,
        "enabled": "on",
        "models_shown": [first.pk],
    }

    as_carol.post(reverse("admin:videos_backend_change", args=[backend.pk]), form)

    assert list(backend.models.all()) == [second]
