"""Settings: what is misspelt is recognised, what contradicts itself is named."""

from pathlib import Path

import pytest

from videos.doctor.configuration import check_settings
from videos.doctor.finding import Health


@pytest.fixture(autouse=True)
def own_machine(settings) -> None:
    """Django's test runner adds a host, which a studio on one's own machine does not have."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]


def test_all_is_well(diagnose):
    found = diagnose(check_settings)

    assert [each.health for each in found.all] == [Health.OK], found.all


@pytest.mark.parametrize(
    ("name", "meant"),
    [("BACKEDN_URL", "BACKEND_URL"), ("SECRETKEY", "SECRET_KEY"), ("REDIS_URI", "REDIS_URL")],
)
def test_a_misspelt_setting_is_recognised(diagnose, monkeypatch: pytest.MonkeyPatch, name: str, meant: str):
    monkeypatch.setenv(name, "x")

    (finding,) = diagnose(check_settings).bad

    assert finding.health == Health.WRONG
    assert finding.found == f"{name} is set, and nothing reads it."
    assert finding.advice == f"Did you mean {meant}?"


def test_what_belongs_to_other_programs_or_is_a_key_is_left_alone(diagnose, monkeypatch: pytest.MonkeyPatch):
    for name in ("BACKEND_KEY_BOX", "OPENAI_API_KEY", "LC_ALL", "EDITOR", "BACKEND_PORT", "REDIS_PORT"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("OPENAI_API_KEY", "")

    assert diagnose(check_settings).bad == []


def test_in_the_file_of_settings_everything_is_to_be_known(
    diagnose, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / ".env").write_text(
        "# A comment=1\nPORT=8000\nexport COLOUR_OF_THE_LOGO=red\nBACKEND_KEY_BOX=k\n"
    )
    monkeypatch.setenv("ENV_FILE", str(tmp_path / ".env"))

    (finding,) = diagnose(check_settings).bad

    assert (finding.health, finding.found) == (
        Health.WARNING,
        "COLOUR_OF_THE_LOGO stands in .env, and nothing reads it.",
    )


@pytest.mark.parametrize(
    ("changes", "told", "health"),
    [
        ({"PORT": 0}, "PORT is 0. (contentgen.E001)", Health.WRONG),
        (
            {"SHARE_LINK_DAYS": 90, "SHARE_LINK_MAX_DAYS": 30},
            "SHARE_LINK_DAYS gives links 90 days",
            Health.WRONG,
        ),
        (
            {"EMAIL_HOST_USER": "me"},
            "EMAIL_HOST_USER is set, and EMAIL_HOST_PASSWORD is not.",
            Health.WARNING,
        ),
        ({"BIND": "192.0.2.7"}, "Others can reach the studio (BIND=192.0.2.7)", Health.WARNING),
        (
            {"PUBLIC_URL": "https://studio.example.org"},
            "studio.example.org, which ALLOWED_HOSTS does not have: it answers 400 there.",
            Health.WRONG,
        ),
        ({"SECRET_KEY": "short"}, "SECRET_KEY can be guessed: it is shorter than 32", Health.WARNING),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_contradicts_itself_is_named(diagnose, settings, changes, told: str, health: Health):
    for name, value in changes.items():
        setattr(settings, name, value)

    found = diagnose(check_settings)

    assert told in found
    assert health in {each.health for each in found.bad}
    assert all(each.advice for each in found.bad)


def test_production_behind_a_proxy_that_is_not_trusted(diagnose, settings):
    settings.PRODUCTION = settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS, settings.REDIS_URL = ["studio.example.org"], "redis://localhost"

    found = diagnose(check_settings)

    assert "TRUST_PROXY is 0" in found
    assert "each page redirects to itself for ever" in found
    settings.TRUST_PROXY = 1
    assert "TRUST_PROXY is 0" not in diagnose(check_settings)


def test_a_key_that_is_its_own_fallback(diagnose, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]

    assert "SECRET_KEY stands in SECRET_KEY_FALLBACKS too." in diagnose(check_settings)
