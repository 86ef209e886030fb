"""What was written before there was a column to search is found afterwards, and nothing else changes."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import VideoFactory
from videos.models import Video

migration = importlib.import_module("videos.migrations.0041_fill_search_text")
BEFORE = [("accounts", "0003_api_token_verbose_name"), ("videos", "0031_job_candidates")]


def _fill() -> None:
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)


@pytest.mark.drill  # a hundred migrations, back and again
@pytest.mark.django_db(transaction=True)
def test_an_upgrade_finds_what_was_written_before_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migration, "BATCH_SIZE", 2)
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    old = MigrationExecutor(connection).loader.project_state(BEFORE).apps
    before = _write(old)

    MigrationExecutor(connection).migrate(newest)

    after = list(Video.objects.order_by("pk").values())
    assert [{name: row[name] for name in before[0]} for row in after] == before
    assert [row["search_text"] for row in after] == ["ete 0", "ete 1", "ete 2", "ete 3", "ete 4"]
    new = MigrationExecutor(connection).loader.project_state(newest).apps
    assert new.get_model("videos", "ReferenceImage").objects.get().search_text == "zurich"
    assert new.get_model("videos", "Character").objects.get().search_text == "zoe"
    template = new.get_model("videos", "PromptTemplate").objects.get(title="Größe")
    assert template.search_text == "grosse uber a fox"


def _write(old: Any) -> list[dict[str, Any]]:
    owner = old.get_model("accounts", "User").objects.create(username="alice")
    backend = old.get_model("videos", "Backend").objects.create(name="Box", base_url="http://box/v1")
    video = old.get_model("videos", "Video")
    for number in range(5):
        fields = {"prompt": f"ÉTÉ {number}", "model": "m", "size": "1x1", "seconds": 4}
        video.objects.create(public_id=f"v{number}", owner=owner, backend=backend, **fields)
    image = {"public_id": "r", "name": "Zürich", "content_type": "image/png", "width": 1, "height": 1}
    old.get_model("videos", "ReferenceImage").objects.create(owner=owner, **image)
    old.get_model("videos", "Character").objects.create(
        owner=owner, backend=backend, public_id="c", name="Zoë"
    )
    old.get_model("videos", "PromptTemplate").objects.create(title="Größe", category="Über", prompt="A fox")
    return list(video.objects.order_by("pk").values())


@pytest.mark.django_db(transaction=True)
def test_a_fill_that_was_stopped_goes_on_where_it_was():
    done, left = VideoFactory(prompt="Done"), VideoFactory(prompt="Été")
    Video.objects.filter(pk=done.pk).update(search_text="as it was written")
    Video.objects.filter(pk=left.pk).update(search_text="")

    _fill()

    assert Video.objects.get(pk=done.pk).search_text == "as it was written"
    assert Video.objects.get(pk=left.pk).search_text == "ete"
