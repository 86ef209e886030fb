"""What a deployment behind a proxy lacks is named before anybody meets it."""

import pytest

from contentgen import checks, proxy_checks
from contentgen.proxy_echo import HEADER, permit


@pytest.fixture
def behind_a_proxy(settings):
    """A deployment in which all is as it should be."""
    settings.TRUST_PROXY = 1
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = True
    settings.PUBLIC_URL = "https://studio.example.org/video"
    settings.ALLOWED_HOSTS = ["studio.example.org"]
    return settings


def _ids() -> list[str | None]:
    found = (
        proxy_checks.check_trusted_proxy(None),
        proxy_checks.check_public_url_is_set(None),
        proxy_checks.check_public_host(None),
        proxy_checks.check_public_scheme(None),
        proxy_checks.check_own_path(None),
        checks.check_public_url(None),
    )
    return [message.id for messages in found for message in messages]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TRUST_PROXY", 0, "contentgen.W006"),
        ("PUBLIC_URL", "", "contentgen.W007"),
        ("PUBLIC_URL", "http://studio.example.org", "contentgen.W008"),
        ("SESSION_COOKIE_SECURE", False, "contentgen.W009"),
        ("ALLOWED_HOSTS", ["other.example.org"], "contentgen.E010"),
        ("PUBLIC_URL", "https://studio.example.org/library", "contentgen.E011"),
        ("PUBLIC_URL", "https://studio.example.org/api/studio", "contentgen.E011"),
        ("PUBLIC_URL", "https://studio.example.org/static", "contentgen.E011"),
    ],
)
def test_each_missing_piece_is_named(behind_a_proxy, name: str, value: object, expected: str):
    assert _ids() == []

    setattr(behind_a_proxy, name, value)

    assert _ids() == [expected]


def test_two_names_of_the_address_must_agree(settings, monkeypatch: pytest.MonkeyPatch):
    settings.PUBLIC_URL = "https://studio.example.org"
    monkeypatch.setenv("BASE_URL", "https://studio.example.org/")
    assert checks.check_base_url(None) == []
    monkeypatch.setenv("BASE_URL", "https://other.example.org")
    assert [message.id for message in checks.check_base_url(None)] == ["contentgen.W010"]


def test_what_a_proxy_says_is_told_to_the_doctor_alone(client, settings):
    settings.TRUST_PROXY = 1
    headers = {"x-forwarded-for": "203.0.113.4", "host": "lies.example"}

    assert client.get("/health/proxy", headers=headers).status_code == 404
    seen = client.get("/health/proxy", headers={**headers, HEADER: permit()}).json()

    assert seen == {
        "client": "203.0.113.4",
        "scheme": "http",
        "host": "lies.example",
        "forwarded_for": "203.0.113.4",
    }
