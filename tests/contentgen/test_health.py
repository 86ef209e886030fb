"""The health checks: each part on its own, quickly, and no reasons given to strangers."""

import socket
import threading
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from celery import Celery
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from contentgen import health
from contentgen.version import VERSION

SECRET = "hunter2"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """All parts are up; a test breaks one."""
    well = {name: lambda: None for name in health._PARTS}
    monkeypatch.setattr(health, "_PARTS", well)
    monkeypatch.setattr(health, "_check_worker", lambda: None)
    return well


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never replies."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _broken() -> None:
    raise OperationalError(f"connection to postgres://me:{SECRET}@db failed")


def test_it_is_alive_without_a_database(client):
    # This test may not use the database, so that looking up the session would fail.
    client.cookies["sessionid"] = "of somebody"

    reply = client.get("/health")

    assert reply.status_code == 200
    assert reply.json() == {
        "status": "healthy",
        "service": "content-gen-backend",
        "version": VERSION,
    }
    assert "no-store" in reply["Cache-Control"]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/health/startup"])
def test_it_changes_nothing(client, path):
    assert client.post(path).status_code == 405


def test_it_answers_a_load_balancer_over_plain_http(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_it_answers_under_any_host(client, parts, path):
    response = client.get(path, headers={"Host": "10.0.0.7:8000"})

    assert response.status_code == 200
    assert client.get("/", headers={"Host": "10.0.0.7:8000"}).status_code == 400


def test_it_is_ready_when_every_part_is(client, parts):
    reply = client.get("/health/ready")

    assert reply.status_code == 200
    assert reply.json() == {
        "status": "ready",
        "parts": dict.fromkeys(["database", "broker", "storage", "disk", "scheduler", "worker"], "ok"),
    }


@pytest.mark.parametrize("name", ["database", "storage"])
def test_it_says_which_part_is_down_and_not_why(client, parts, name, caplog):
    parts[name] = _broken

    reply = client.get("/health/ready")

    assert reply.status_code == 503
    assert reply.json()["parts"] == {**dict.fromkeys([*parts, "worker"], "ok"), name: "down"}
    assert SECRET not in reply.content.decode()
    assert f"{name} is down" in caplog.text


def test_it_asks_no_worker_through_a_broker_that_is_away(client, parts, monkeypatch):
    asked: list[str] = []
    parts["broker"] = _broken
    monkeypatch.setattr(health, "_check_worker", lambda: asked.append("worker"))

    reply = client.get("/health/ready")

    assert reply.json()["parts"]["worker"] == "down"
    assert reply.status_code == 503
    assert asked == []


def test_it_does_not_wait_for_a_broker_that_says_nothing(client, parts, settings, silent_server, monkeypatch):
    parts["broker"] = health._check_broker
    settings.REDIS_URL = f"redis://:{SECRET}@127.0.0.1:{silent_server}/0"
    began = time.monotonic()

    reply = client.get("/health/ready")

    assert reply.json()["parts"]["broker"] == "down"
    assert SECRET not in reply.content.decode()
    assert time.monotonic() - began < 30, "it says nothing for ever"


def test_a_queue_without_a_worker_counts_as_down(client, parts, monkeypatch, caplog):
    monkeypatch.undo()
    monkeypatch.setattr(health, "_PARTS", dict.fromkeys(health._PARTS, lambda: None))
    monkeypatch.setattr(health, "unserved_queues", lambda app: {"downloads"})

    reply = client.get("/health/ready")

    assert reply.status_code == 503
    assert reply.json()["parts"]["worker"] == "down"
    assert "no worker serves downloads" in caplog.text


def test_its_result_is_shared_for_a_few_seconds(client, parts, monkeypatch):
    """A load balancer, or a stranger, may ask a thousand times."""
    looked: list[str] = []
    for name in list(parts):
        parts[name] = lambda name=name: looked.append(name)
    monkeypatch.setattr(health, "_check_worker", lambda: looked.append("worker"))

    replies = [client.get("/health/ready") for _ in range(50)]

    assert {reply.status_code for reply in replies} == {200}
    assert sorted(looked) == sorted([*parts, "worker"])


def test_what_was_found_does_not_count_for_long(client, parts, monkeypatch):
    monkeypatch.setattr(health, "MAX_AGE", 0)
    assert client.get("/health/ready").status_code == 200

    parts["database"] = _broken

    assert client.get("/health/ready").status_code == 503


def test_what_is_back_is_soon_seen_to_be(client, parts, monkeypatch):
    monkeypatch.setattr(health, "DOWN_MAX_AGE", 0)
    parts["database"] = _broken
    assert client.get("/health/ready").status_code == 503

    parts["database"] = lambda: None

    assert client.get("/health/ready").status_code == 200


def test_a_part_that_is_down_is_one_line_in_the_log_however_often_it_is_asked(client, parts, caplog):
    parts["database"] = _broken

    for _ in range(5):
        client.get("/health/ready")

    assert [record.name for record in caplog.records] == ["contentgen.health"]


def test_it_writes_no_file_for_each_call(client, parts, monkeypatch):
    monkeypatch.setattr(health, "MAX_AGE", 0)
    parts["storage"] = health._check_storage
    written: list[str] = []
    save = default_storage.save
    monkeypatch.setattr(default_storage, "save", lambda name, file: written.append(name) or save(name, file))

    for _ in range(20):
        assert client.get("/health/ready").json()["parts"]["storage"] == "ok"

    assert len(written) == 1


def test_storage_that_cannot_be_written_to_is_down_each_time(client, parts, monkeypatch):
    monkeypatch.setattr(health, "MAX_AGE", 0)
    parts["storage"] = health._check_storage

    def read_only(*_: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr(default_storage, "save", read_only)

    assert client.get("/health/ready").json()["parts"]["storage"] == "down"
    monkeypatch.undo()
    assert health._check_part("storage", health._check_storage) == "ok"


def test_it_knows_which_queues_nobody_serves():
    app = Mock(spec=Celery)
    app.control.inspect.return_value.active_queues.return_value = {
        "worker@one": [{"name": "short"}],
        "network@one": [{"name": "network"}],
    }

    assert health.unserved_queues(app) == {"downloads"}


def test_no_answer_means_that_no_queue_is_served():
    app = Mock(spec=Celery)
    app.control.inspect.return_value.active_queues.return_value = None

    assert health.unserved_queues(app) == {"short", "network", "downloads"}


@pytest.mark.django_db
def test_it_leaves_no_file_behind(media_root):
    health._check_database()
    health._check_storage()

    assert [path for path in media_root.rglob("*") if path.is_file()] == []


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A process that has just begun, and finds all well; a test breaks something."""
    monkeypatch.setattr(health, "_has_started", threading.Event())
    monkeypatch.setattr(health, "DOWN_MAX_AGE", 0)
    well = {name: lambda: None for name in health._STARTUP_PARTS}
    monkeypatch.setattr(health, "_STARTUP_PARTS", well)
    return well


@pytest.mark.parametrize("name", ["migrations", "settings", "broker"])
def test_it_has_started_once_each_part_was_well_and_stays_so(client, starting, name):
    starting[name] = _broken
    reply = client.get("/health/startup")
    assert reply.status_code == 503
    assert reply.json() == {"status": "starting", "parts": {**dict.fromkeys(starting, "ok"), name: "down"}}
    assert SECRET not in reply.content.decode()

    starting[name] = lambda: None
    assert client.get("/health/startup").json()["status"] == "started"
    starting[name] = _broken
    assert client.get("/health/startup").status_code == 200, "what fails later is for /health/ready to tell"


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_keeps_it_from_starting():
    health._check_migrations()
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("videos")
    MigrationRecorder(connection).record_unapplied(*newest)
    with pytest.raises(RuntimeError, match=rf"1 migrations are to be applied, videos\.{newest[1]}"):
        health._check_migrations()


def test_settings_that_are_wrong_keep_it_from_starting(settings):
    health._check_settings()
    settings.METRICS_TOKEN = "short"
    with pytest.raises(RuntimeError, match="METRICS_TOKEN"):
        health._check_settings()


def test_it_is_alive_under_both_addresses(client):
    assert client.get("/health/live").json() == client.get("/health").json()
