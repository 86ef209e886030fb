"""What the migrations make of a studio that ran before backends could be chosen."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]  # a hundred migrations, back and again

BEFORE, AFTER = ("videos", "0004_experience_index"), ("videos", "0011_backend_unique")


def _migrate(target: tuple[str, str]):
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.fixture
def old():
    """The models as they were; afterwards the newest schema again, for the tests that follow."""
    yield _migrate(BEFORE)
    apps = _migrate(AFTER)
    apps.get_model("videos", "Backend").objects.all().delete()
    MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_it_keeps_every_backend_under_a_name_of_its_own_and_links_the_models(old):
    models = old.get_model("videos", "VideoModel").objects
    models.filter(name="sora-2").delete()
    for number, name in enumerate(("sora-2", "ours")):
        models.create(name=name, label=name, sizes=["1280x720"], seconds=[4], position=number)
    backends = old.get_model("videos", "Backend").objects
    backends.create(name="Simulator", is_simulator=True)
    for path in ("/v1", "/other/v1", "/v1"):
        backends.create(name="videos.example", base_url=f"http://videos.example{path}")

    new = _migrate(AFTER)

    rows = list(new.get_model("videos", "Backend").objects.order_by("pk"))
    assert [row.name for row in rows] == [
        "Simulator",
        "videos.example",
        "videos.example (2)",
        "videos.example (3)",
    ]
    assert [row.from_environment for row in rows] == [False, True, True, False]
    assert [row.enabled for row in rows] == [True, True, True, False]
    assert {row.models.count() for row in rows} == {new.get_model("videos", "VideoModel").objects.count()}
    prices = dict(new.get_model("videos", "VideoModel").objects.values_list("name", "price_per_second"))
    assert prices["sora-2"] == {"*": "0.10"}
    assert prices["ours"] == {}
