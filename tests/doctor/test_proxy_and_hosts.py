"""What stands in front of the studio, and what its hosts share."""

from typing import Any

import pytest
from django.core.files.storage import default_storage

from contentgen import worker_control
from videos.doctor import proxy, sharing
from videos.doctor.finding import Health

SEEN = {"client": "192.0.2.1", "scheme": "https", "host": "studio.example.org"}


@pytest.fixture
def public(settings):
    settings.PUBLIC_URL, settings.TRUST_PROXY = "https://studio.example.org", 1
    return settings


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"forwarded_for": "192.0.2.1"}, []),  # set anew by the proxy
        ({"forwarded_for": f"{proxy._FORGED}, 192.0.2.1"}, []),  # added to
        ({"forwarded_for": proxy._FORGED, "client": proxy._FORGED}, ["is believed"]),
        ({"forwarded_for": "192.0.2.9, 192.0.2.1"}, ["has 2 of 1"]),
        ({"forwarded_for": ""}, ["has 0 of 1"]),
        ({"forwarded_for": "192.0.2.1", "scheme": "http"}, ["arrives as http, and PUBLIC_URL is https"]),
        ({"forwarded_for": "192.0.2.1", "host": "127.0.0.1:8000"}, ["for the host 127.0.0.1:8000"]),
    ],
)
def test_headers_that_lie(public, diagnose, monkeypatch, seen: dict[str, str], told: list[str]):
    monkeypatch.setattr(proxy, "_ask", lambda: {**SEEN, **seen})

    found = diagnose(proxy.check_proxy)

    assert len(found.bad) == len(told)
    assert all(text in found for text in told)


def test_the_studio_itself_is_asked(live_server, settings, diagnose, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proxy, "_TIMEOUT", 60.0)  # seconds, on a machine that is busy
    settings.PUBLIC_URL, settings.TRUST_PROXY = live_server.url, 0
    assert (
        diagnose(proxy.check_proxy).of("proxy").health == Health.OK
    )  # the claim arrives, and counts nothing

    settings.TRUST_PROXY = 1
    assert "is believed" in diagnose(proxy.check_proxy)
    monkeypatch.setattr(proxy, "permit", lambda: "of another studio")
    assert "answers 404" in diagnose(proxy.check_proxy)


def test_an_address_that_cannot_be_reached_from_here_says_nothing(settings, diagnose):
    settings.PUBLIC_URL = "http://127.0.0.1:9"

    assert diagnose(proxy.check_proxy).of("proxy").health == Health.NOT_CHECKED


def test_hosts_that_do_not_share_the_storage_or_the_settings(diagnose, monkeypatch: pytest.MonkeyPatch):
    same = {"has_probe": True, "settings": worker_control.settings_digest()}
    replies: list[dict[str, Any]] = [{"network-1@a": same}, {"network-1@b": same}, {"old@c": {"error": "?"}}]
    monkeypatch.setattr(sharing.current_app.control, "broadcast", lambda *args, **options: replies)
    assert "sees the same files, on a, b." in diagnose(sharing.check_sharing)

    replies[1] = {"network-1@b": {"has_probe": False, "settings": "0123"}}
    found = diagnose(sharing.check_sharing)

    assert found.of("shared storage").found.endswith("is not there for network-1@b.")
    assert found.of("shared settings").health == Health.WRONG
    assert default_storage.listdir("health") == ([], [])


def test_a_worker_looks_for_no_other_file():
    assert worker_control.describe_host(None, probe="../settings.py")["has_probe"] is False
