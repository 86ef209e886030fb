"""What the tests of metrics and logs share: a scrape, and lines as programs read them."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from contentgen.monitoring import log_context, sharing
from contentgen.monitoring.log_format import JsonFormatter
from contentgen.monitoring.measures import pending
from tests.engine.conftest import backend as backend  # fixtures here too
from tests.engine.conftest import fake as fake
from tests.engine.conftest import sample_video as sample_video

TOKEN = "a token that nobody guesses"

Scrape = Callable[[], "Scraped"]


class Scraped:
    """The metrics of one scrape."""

    def __init__(self, text: str) -> None:
        self.families = {each.name: each for each in text_string_to_metric_families(text)}
        self.samples = [sample for each in self.families.values() for sample in each.samples]

    def value(self, name: str, **labels: str) -> float | None:
        """Return the only sample of this name and these labels; None where there is none."""
        found = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) <= 1, f"{name} has several"
        return found[0] if found else None


@pytest.fixture
def scrape(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Scrape:
    """Return a function that scrapes anew, whatever was remembered."""
    settings.METRICS, settings.METRICS_TOKEN, settings.REDIS_URL = True, TOKEN, ""
    monkeypatch.setattr(sharing, "_in_memory", {})
    pending.take()

    def scrape() -> Scraped:
        cache.clear()
        response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code == 200
        return Scraped(response.content.decode())

    return scrape


class Lines:
    """The lines of the log since the test began, as JSON."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def grep(self, text: str) -> list[dict[str, Any]]:
        return [line for line in self.all if text in json.dumps(line, ensure_ascii=False)]


@pytest.fixture
def lines() -> Iterator[Lines]:
    found = Lines()
    handler = logging.StreamHandler(found.stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    log_context.begin()
    yield found
    root.removeHandler(handler)
    root.setLevel(before)
    log_context.begin()
