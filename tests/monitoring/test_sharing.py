"""What several processes count adds up in Redis, forks and kills included."""

import os
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from contentgen.monitoring import sharing
from contentgen.monitoring.measures import REQUESTS, STORE_SECONDS, pending
from tests.contentgen.test_frozen_redis import Server
from tests.monitoring.conftest import Scrape

VIEW = {"view": "videos:library", "status": "200"}
SAMPLE = ("contentgen_requests_total", "videos:library", "200")


@pytest.fixture
def server(tmp_path, settings) -> Iterator[Server]:
    started = Server(tmp_path)
    settings.REDIS_URL, settings.METRICS = started.url, True
    pending.take()
    yield started
    started.kill()


def test_processes_add_up_and_a_fork_counts_nothing_twice(server: Server):
    REQUESTS.add(2, **VIEW)
    child = os.fork()
    if child == 0:
        REQUESTS.add(3, **VIEW)
        sharing.share()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert sharing.read_samples()[SAMPLE] == 5
    assert sharing.read_samples()[SAMPLE] == 5, "what was shared is not shared again"
    assert sharing.count_processes().total() == 2


def test_a_histogram_adds_up(server: Server):
    STORE_SECONDS.observe(3, backend="Sora")
    sharing.share()
    STORE_SECONDS.observe(100, backend="Sora")
    found = sharing.read_samples()
    assert found["contentgen_store_seconds_count", "Sora"] == 2
    assert found["contentgen_store_seconds_sum", "Sora"] == 103
    assert ("contentgen_store_seconds_bucket", "Sora", "2") not in found
    assert found["contentgen_store_seconds_bucket", "Sora", "5"] == 1
    assert found["contentgen_store_seconds_bucket", "Sora", "120"] == 2


def test_what_could_not_be_shared_is_kept(server: Server, settings):
    url, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1"
    REQUESTS.add(**VIEW)
    sharing.share()
    settings.REDIS_URL = url
    assert sharing.read_samples()[SAMPLE] == 1


def test_processes_that_ended_are_forgotten(server: Server):
    with Redis.from_url(server.url) as redis:
        redis.zadd(sharing._processes_key(), {"network@gone/1": time.time() - 60})
    sharing.share()
    assert sharing.count_processes() == {"command": 1}


@pytest.mark.django_db
def test_metrics_are_there_without_redis(scrape: Scrape, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1"
    found = scrape()
    assert found.value("contentgen_broker_up") == 0
    assert found.value("contentgen_database_up") == 1


def test_nothing_is_counted_where_nobody_scrapes(settings):
    settings.METRICS = False
    pending.take()
    REQUESTS.add(**VIEW)
    STORE_SECONDS.observe(3, backend="Sora")
    assert pending.take() == {}


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("celery --quiet -A contentgen worker -n network-4711@%h -Q network", "network"),
        ("celery -A contentgen beat --pidfile=", "beat"),
        ("/venv/bin/gunicorn contentgen.wsgi", "web"),
        ("manage.py doctor", "command"),
    ],
)
def test_a_process_knows_its_kind(monkeypatch: pytest.MonkeyPatch, arguments: str, kind: str):
    monkeypatch.setattr("sys.argv", arguments.split())
    assert sharing._kind() == kind
