"""What the migrations make of backends from before keys had to be confirmed: they keep working."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from videos.engine import clients
from videos.models import Backend

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]  # a hundred migrations, back and again

BEFORE, AFTER = ("videos", "0031_job_candidates"), ("videos", "0038_confirm_backends")


def _migrate(target: tuple[str, str]):
    MigrationExecutor(connection).migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.fixture
def old():
    """The models as they were; afterwards the newest schema again, for the tests that follow."""
    yield _migrate(BEFORE)
    MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
    Backend.objects.all().delete()


def test_what_was_in_use_is_confirmed_and_still_sends_its_key(old, settings, monkeypatch):
    monkeypatch.setenv("BOX_KEY", "sk-of-the-box")
    monkeypatch.setenv("SECRET_KEY", "never")
    settings.BACKEND_KEY_NAMES = ["BOX_KEY"]
    rows = old.get_model("videos", "Backend").objects
    rows.create(name="Box", base_url="http://box.test/v1", key_env="BOX_KEY")
    rows.create(name="Open", base_url="http://open.test/v1", key_env="")
    rows.create(name="Evil", base_url="http://evil.test/v1", key_env="SECRET_KEY")

    _migrate(AFTER)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())  # the models of today read today's columns

    box, opened, evil = (Backend.objects.get(name=name) for name in ("Box", "Open", "Evil"))
    assert (clients.connection_for(box).api_key, box.key_problem) == ("sk-of-the-box", "")
    assert (opened.key_confirmed_for, opened.key_problem, opened.in_private_network) == ("", "", None)
    assert clients.connection_for(evil).api_key == ""
    assert evil.key_problem
