"""`/metrics` is for whoever has the token, or reaches the private port, and for nobody else."""

import pytest
from django.conf import settings as studio
from django.test import Client

from contentgen import checks
from tests.monitoring.conftest import TOKEN, Scrape

pytestmark = pytest.mark.django_db


def test_there_are_none_unless_a_setting_opens_them(client: Client):
    assert not studio.METRICS
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"]
)
def test_without_the_token_there_are_none(client: Client, scrape: Scrape, header: str):
    response = client.get("/metrics", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert b"contentgen_" not in response.content


def test_it_answers_prometheus_by_address_and_over_plain_http(client: Client, scrape: Scrape, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/metrics", headers={"Host": "10.0.0.7:8000", "Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert client.post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_the_private_port_has_metrics_and_nothing_else(as_carol: Client, scrape: Scrape, settings):
    settings.METRICS_PORT, settings.METRICS_TOKEN = 9101, ""
    assert as_carol.get("/metrics", SERVER_PORT="9101").status_code == 200
    assert as_carol.get("/health/live", SERVER_PORT="9101").status_code == 200
    assert as_carol.get("/library/", SERVER_PORT="9101").status_code == 404
    assert as_carol.get("/metrics", headers={"Host": "testserver:9101"}).status_code == 404
    assert as_carol.get("/library/").status_code == 200


@pytest.mark.parametrize(("name", "value"), [("METRICS_TOKEN", "short"), ("METRICS_PORT", 8000)])
def test_what_would_open_them_to_others_is_an_error(settings, name: str, value: object):
    assert checks.check_metrics(None) == []
    setattr(settings, name, value)
    (error,) = checks.check_metrics(None)
    assert name in error.msg
