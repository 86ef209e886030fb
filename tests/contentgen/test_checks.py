"""The checks of the settings: each finds its fault, says what to do, and finds none where there is none."""

import pytest
from django.core.checks import run_checks

from contentgen import checks
from contentgen.run.__main__ import _check
from contentgen.run.state import StartError
from tests.factories import BackendFactory


@pytest.fixture(autouse=True)
def no_old_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEPLOYMENT", "DEBUG", "TRASH_DAYS", "TRUST_PROXY"):
        monkeypatch.delenv(name, raising=False)


def _ids(messages) -> list[str]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


def test_the_defaults_are_fine():
    assert run_checks(tags=[checks.SETTINGS]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", 0),
        ("PORT", 65_536),
        ("MAX_POLL_TIMEOUT", 0),
        ("MAX_QUEUE_TIMEOUT", 0),
        ("MAX_FILE_SIZE", 0),
        ("TRASH_RETENTION_DAYS", 0),
        ("TRASH_RETENTION_DAYS", 3651),
        ("API_REQUESTS_PER_MINUTE", 0),
        ("RETENTION_DAYS", 3651),
        ("RETENTION_WARNING_DAYS", 0),
        ("STORAGE_QUOTA_GB", 1_000_001),
    ],
)
def test_a_number_out_of_range_is_an_error(settings, name: str, value: int):
    setattr(settings, name, value)

    (error,) = checks.check_ranges(None)

    assert _ids([error]) == ["contentgen.E001"]
    assert error.is_serious()
    assert f"{name} is {value}" in error.msg


def test_ages_by_which_too_much_would_go_are_errors(settings):
    settings.BACKEND_JOB_DAYS, settings.ORIGINAL_DAYS, settings.BROWSER_COPY_DAYS = 3651, 30, 30

    assert _ids(checks.check_backend_job_days(None)) == ["contentgen.E008"]
    assert _ids(checks.check_file_ages(None)) == ["contentgen.E009"]

    settings.BACKEND_JOB_DAYS, settings.BROWSER_COPY_DAYS = 0, 0
    assert checks.check_backend_job_days(None) + checks.check_file_ages(None) == []


@pytest.mark.parametrize(
    "url",
    [
        "studio",
        "ftp://studio.example",
        "https://",
        "https://a/b?c",
        "https://a//b",
        "https://u:p@a",
        "https://a:x",
    ],
)
def test_an_address_at_which_nobody_can_call_back_is_an_error(settings, url: str):
    settings.PUBLIC_URL = url

    (error,) = checks.check_public_url(None)

    assert _ids([error]) == ["contentgen.E005"]
    assert f"“{url}”" in error.msg


@pytest.mark.parametrize(
    "url", ["", "https://studio.example.org", "http://127.0.0.1:8000", "https://[::1]:8443", "https://a/b/c"]
)
def test_an_address_of_a_studio_is_none(settings, url: str):
    settings.PUBLIC_URL = url
    assert checks.check_public_url(None) == []


@pytest.mark.parametrize("origin", ["*", "tools.example.org", "https://tools.example.org/", "https://a b"])
def test_what_is_no_origin_is_an_error(settings, origin: str):
    settings.CORS_ALLOWED_ORIGINS = ["https://tools.example.org", origin]

    (error,) = checks.check_origins(None)

    assert _ids([error]) == ["contentgen.E002"]
    assert error.is_serious()
    assert f"“{origin}”" in error.msg
    assert "CORS_ALLOWED_ORIGINS must list" in error.hint


def test_production_by_debug_alone_is_warned_of(settings, monkeypatch):
    settings.PRODUCTION = True
    assert _ids(checks.check_deployment(None)) == ["contentgen.W001"]

    monkeypatch.setenv("DEPLOYMENT", "production")

    assert checks.check_deployment(None) == []


def test_the_old_name_of_a_setting_is_warned_of(monkeypatch):
    monkeypatch.setenv("TRASH_DAYS", "7")

    assert _ids(checks.check_renamed(None)) == ["contentgen.W002"]


@pytest.mark.parametrize("value", ["true", "Yes", "off"])
def test_a_yes_or_no_for_the_number_of_proxies_is_warned_of(monkeypatch, value: str):
    monkeypatch.setenv("TRUST_PROXY", "2")
    assert checks.check_trust_proxy(None) == []
    monkeypatch.setenv("TRUST_PROXY", value)

    assert _ids(checks.check_trust_proxy(None)) == ["contentgen.W005"]


@pytest.mark.parametrize(
    "password",
    [
        "k3y!",
        "changeme",
        "ChangeMe123",
        "password1234",
        "12345678901",
        "admin-admin",
        "aaaaaaaaaaaa",
        "boss-2026!!",
    ],
)
def test_an_owner_password_that_can_be_guessed_is_an_error_in_production(settings, password: str):
    settings.OWNER_USERNAME, settings.OWNER_PASSWORD = "boss", password
    assert checks.check_owner_password(None) == []
    settings.PRODUCTION = True

    (error,) = checks.check_owner_password(None)

    assert _ids([error]) == ["contentgen.E004"]
    assert error.is_serious()
    assert password not in f"{error.msg} {error.hint}"


@pytest.mark.parametrize("password", ["", "correct horse battery", "Xq7-plum-lantern", "7f3kd9s0qz"])
def test_one_that_cannot_is_none(settings, password: str):
    settings.PRODUCTION, settings.OWNER_PASSWORD = True, password

    assert checks.check_owner_password(None) == []


@pytest.mark.django_db
def test_make_run_stops_before_an_upgrade_that_would_lose_a_key(settings):
    backend = BackendFactory(name="Box", key_env="BOX_KEY")

    with pytest.raises(StartError, match="add BACKEND_KEY_NAMES=BOX_KEY to the environment"):
        _check("database")

    settings.BACKEND_KEY_NAMES = ["BOX_KEY"]
    _check("database")
    assert not backend.key_problem


def test_make_run_refuses_what_is_wrong_and_logs_what_is_old(settings, monkeypatch, caplog):
    monkeypatch.setenv("TRASH_DAYS", "7")
    settings.PORT = 65_536

    with pytest.raises(StartError, match=r"PORT is 65536\. Set PORT to a whole number from 1 to 65535\."):
        _check("settings")

    assert "Set TRASH_RETENTION_DAYS instead" in caplog.text


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"URL": "off"}, 0),
        ({"URL": "https://chat.example.org/v1", "MODEL": "m"}, 0),
        ({"URL": "https://chat.example.org/v1"}, 1),
        ({"URL": "chat.example.org", "MODEL": "m"}, 1),
        ({"URL": "https://me:secret@chat.example.org/v1", "MODEL": "m"}, 1),
        ({"PRICE_IN": 1}, 1),
        ({"PRICE_IN": 1, "PRICE_OUT": 0}, 0),
    ],
)
def test_a_chat_server_that_cannot_be_asked_is_an_error(settings, changes: dict[str, object], count: int):
    for name, value in changes.items():
        setattr(settings, f"PROMPT_HELP_{name}", value)
    found = checks.check_prompt_help(None)
    assert _ids(found) == ["contentgen.E018"] * count
    assert "secret" not in str(found)
