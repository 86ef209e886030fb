"""Updating a backend's models in the admin: what is shown first, and then just that, or nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import messages_of
from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY
from tests.factories import BackendFactory, VideoFactory
from videos.models import Backend, State, Video, VideoModel
from videos.services.backends import confirm_key
from videos.services.model_catalogue import sync_models

pytestmark = pytest.mark.django_db
VEO, GEN = OpenRouter.models[:2]
NEW = {**GEN, "id": "acme/new", "name": "New"}
CHANGED_VEO = {**VEO, "supported_durations": [4, 6, 8, 10]}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    with ExitStack() as stack:
        running = stack.enter_context(OpenRouter(b""))
        running.models = [VEO, GEN]  # type: ignore[misc]  # of this one alone
        yield running


@pytest.fixture
def backend(server: OpenRouter) -> Backend:
    """A backend that serves both models, whose service now says something else of them."""
    backend = BackendFactory(
        name="Cloud", service="openrouter", base_url=server.url, key_env="OPENROUTER_API_KEY"
    )
    confirm_key(backend, by="a test")
    sync_models(backend, add=["all"])
    server.models = [CHANGED_VEO, NEW]  # type: ignore[misc]
    return backend


def address(backend: Backend) -> str:
    return reverse("admin:videos_backend_models", args=[backend.pk])


def digest(page: str) -> str:
    return re.search(r'name="digest" value="(\w+)"', page)[1]  # type: ignore[index]


def state() -> dict[str, Any]:
    return {
        model.name: (model.seconds, model.label, sorted(each.name for each in model.backends.all()))
        for model in VideoModel.objects.filter(name__contains="/")
    }


def test_it_shows_what_would_change_and_changes_nothing(as_carol: Client, backend: Backend):
    VideoModel.objects.filter(name="google/veo-3.1").update(label="Our Veo")
    before = state()
    page = as_carol.get(address(backend)).content.decode()
    text = re.sub(r"<[^>]+>", " ", page)
    assert re.search(r"google/veo-3\.1\s+Lengths\s+4, 6, 8\s+4, 6, 8, 10", text)
    assert "google/veo-3.1: Label" in page
    assert re.search(r"No longer offered \(1\).*runway/gen-4\.5", text, re.DOTALL)
    assert '<input type="checkbox" name="add" value="acme/new">' in page
    assert "2, 5, 10 s" in page
    assert state() == before
    assert not LogEntry.objects.exists()


def test_it_does_what_it_showed_and_logs_it(as_carol: Client, backend: Backend):
    VideoModel.objects.filter(name="google/veo-3.1").update(label="Our Veo")
    video = VideoFactory(backend=backend, model="runway/gen-4.5", state=State.COMPLETED)
    shown = digest(as_carol.get(address(backend)).content.decode())

    response = as_carol.post(address(backend), {"digest": shown, "add": "acme/new"})

    assert response.status_code == 302
    assert state()["google/veo-3.1"] == ([4, 6, 8, 10], "Our Veo", ["Cloud"])
    assert state()["runway/gen-4.5"][2] == []
    assert state()["acme/new"][2] == ["Cloud"]
    assert Video.objects.get(pk=video.pk).state == State.COMPLETED
    words = "Models updated: 1 added (acme/new), 1 changed (google/veo-3.1), 1 retired (runway/gen-4.5)."
    assert messages_of(response) == [words]
    assert [str(entry.get_change_message()) for entry in LogEntry.objects.all()] == [words]


def test_what_is_not_checked_is_not_added(as_carol: Client, backend: Backend):
    shown = digest(as_carol.get(address(backend)).content.decode())
    as_carol.post(address(backend), {"digest": shown})
    assert "acme/new" not in state()


@pytest.mark.parametrize("sent", ["", "x" * 64, "shown"])
def test_what_has_changed_meanwhile_is_shown_again(
    as_carol: Client, backend: Backend, server: OpenRouter, sent: str
):
    shown = digest(as_carol.get(address(backend)).content.decode())
    if sent == "shown":
        server.models = [{**CHANGED_VEO, "supported_durations": [5]}, NEW]  # type: ignore[misc]
    before = state()

    response = as_carol.post(
        address(backend), {"digest": shown if sent == "shown" else sent, "add": "acme/new"}
    )

    page = response.content.decode()
    assert response.status_code == 200
    assert messages_of(response) == [
        "The models have changed since this was shown. Nothing was done: look at it once more."
    ]
    assert '<input type="checkbox" name="add" value="acme/new" checked>' in page, "what was checked stays"
    assert state() == before
    assert not LogEntry.objects.exists()
    assert as_carol.post(address(backend), {"digest": digest(page)}).status_code == 302


def test_what_an_operator_set_meanwhile_is_not_overwritten(as_carol: Client, backend: Backend):
    shown = digest(as_carol.get(address(backend)).content.decode())
    VideoModel.objects.filter(name="google/veo-3.1").update(seconds=[7])
    as_carol.post(address(backend), {"digest": shown})
    assert state()["google/veo-3.1"][0] == [7]


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        ([], "offers no model that makes videos"),
        ([{**VEO, "id": f"acme/model-{number}"} for number in range(2001)], "more than 2,000 models"),
        ([{**VEO, "id": "x" * 10_000}], "offers no model that makes videos"),
        (None, "cannot be understood"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    as_carol: Client, backend: Backend, server: OpenRouter, models: Any, sentence: str
):
    shown = digest(as_carol.get(address(backend)).content.decode())
    server.models = models
    before = state()
    for response in (as_carol.get(address(backend)), as_carol.post(address(backend), {"digest": shown})):
        assert response.status_code == 200
        assert sentence in response.content.decode()
        assert "digest" not in response.content.decode()
    assert state() == before


def test_a_service_that_is_away_is_a_sentence(as_carol: Client, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(key_confirmed_for="")
    page = as_carol.get(address(backend)).content.decode()
    assert "has not been confirmed" in page


def test_it_takes_the_permissions_for_both(staff: Callable[..., Client], backend: Backend):
    for permissions in (["change_backend"], ["change_videomodel"], ["view_backend", "view_videomodel"]):
        client = staff(*permissions)
        assert client.get(address(backend)).status_code == 403
        assert client.post(address(backend), {"digest": "x"}).status_code == 403
    client = staff("change_backend", "change_videomodel")
    page = client.get(address(backend)).content.decode()
    shown = digest(page)
    assert 'name="add"' not in page
    client.post(address(backend), {"digest": shown, "add": "acme/new"})
    assert "acme/new" not in state(), "that takes the permission to add models"
    assert state()["google/veo-3.1"][0] == [4, 6, 8, 10]


def test_strangers_and_unknown_backends(as_alice: Client, as_carol: Client, backend: Backend):
    assert as_alice.get(address(backend)).status_code == 302
    assert as_carol.get(reverse("admin:videos_backend_models", args=[10**6])).status_code in (302, 404)
    assert as_carol.get("/admin/videos/backend/x%00y/models/").status_code in (302, 404)


def test_the_way_to_it_stands_where_there_is_a_catalogue(as_carol: Client, backend: Backend):
    other = BackendFactory()
    for each, is_there in ((backend, True), (other, False)):
        page = as_carol.get(reverse("admin:videos_backend_change", args=[each.pk])).content.decode()
        assert ("Update models…" in page) is is_there


def test_hundreds_of_models_do_not_fill_the_list(as_carol: Client, backend: Backend):
    backend.models.set(
        VideoModel.objects.bulk_create(
            VideoModel(name=f"acme/{n}", label=str(n), sizes=["64x36"], seconds=[1]) for n in range(300)
        )
    )
    page = as_carol.get(reverse("admin:videos_backend_changelist")).content.decode()
    assert '<td class="field-model_count">300</td>' in page
    assert "acme/1" not in page
