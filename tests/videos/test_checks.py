import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from tests.factories import BackendFactory
from videos import checks
from videos.models import VideoModel

PROJECT = Path(__file__).resolve().parent.parent.parent


def _ids(messages) -> list[str]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("name", "value"),
    [("DEFAULT_MODEL", " "), ("DEFAULT_SIZE", "1280"), ("DEFAULT_SIZE", "0x0"), ("DEFAULT_SECONDS", 0)],
)
def test_malformed_defaults_are_errors(settings, name: str, value: object):
    assert checks.check_defaults(None) == []
    setattr(settings, name, value)

    (error,) = checks.check_defaults(None)

    assert error.id == "videos.E001"
    assert name in error.msg


@pytest.mark.parametrize(
    ("production", "url", "found"),
    [(False, "", []), (True, "redis://r", []), (True, "", ["videos.E002"])],
)
def test_production_needs_a_broker(settings, production: bool, url: str, found: list[str]):
    settings.PRODUCTION, settings.REDIS_URL = production, url

    assert _ids(checks.check_broker(None)) == found


def test_folders_that_cannot_be_written_to_are_errors(settings, tmp_path: Path):
    settings.DATA_DIR = settings.VIDEO_STORAGE_PATH = tmp_path / "not" / "there" / "yet"
    assert checks.check_folders(None) == []
    assert not settings.DATA_DIR.exists()
    (tmp_path / "file").touch()
    settings.VIDEO_STORAGE_PATH = tmp_path / "file" / "media"

    (error,) = checks.check_folders(None)

    assert error.id == "videos.E003"
    assert "VIDEO_STORAGE_PATH" in error.msg


@pytest.mark.parametrize(
    ("key", "url", "found"),
    [
        ("", "", []),
        ("", "http://127.0.0.1:8000/v1", []),
        ("sk", "https://host.example/openai/v1", []),
        ("sk", "", ["videos.W001"]),
        ("sk", "https://api.openai.com/v1", ["videos.W001"]),
        ("", "https://api.openai.com.example/v1", []),
        ("", "host.example/v1", ["videos.W002"]),
        ("", "ftp://host.example/v1", ["videos.W002"]),
        ("", "https://host.example", ["videos.W002"]),
        ("", "https://host.example/v1?key=1", ["videos.W002"]),
        ("", "https://host.example:port/v1", ["videos.W002"]),
    ],
)
def test_a_backend_that_cannot_work_is_pointed_out(settings, key: str, url: str, found: list[str]):
    settings.BACKEND_KEY, settings.BACKEND_URL = key, url

    assert _ids(checks.check_backend(None)) == found


@pytest.mark.django_db
def test_defaults_that_the_catalogue_does_not_offer_are_pointed_out(settings):
    assert checks.check_catalogue(None, databases=["default"]) == []
    settings.DEFAULT_SECONDS, settings.DEFAULT_SIZE = 5, "1x1"
    assert _ids(checks.check_catalogue(None, databases=["default"])) == ["videos.W003"] * 2
    VideoModel.objects.update(enabled=False)

    (warning,) = checks.check_catalogue(None, databases=["default"])

    assert "DEFAULT_MODEL" in warning.msg


def test_the_catalogue_is_not_looked_at_unless_the_database_is_to_be_checked(settings):
    settings.DEFAULT_MODEL = "sora-9"

    assert checks.check_catalogue(None, databases=None) == []


def _manage(tmp_path: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(tmp_path), **env}
    command = [sys.executable, "manage.py", *args]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_the_deployment_check_is_clean_in_production(tmp_path: Path):
    ran = _manage(
        tmp_path,
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        DEPLOYMENT="production",
        SECRET_KEY="0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ALLOWED_HOSTS="studio.example.org",
        REDIS_URL="redis://127.0.0.1:6379/0",
        EMAIL_HOST="mail.example.org",
        EMAIL_FROM="studio@example.org",
        PUBLIC_URL="https://studio.example.org",
        TRUST_PROXY="1",
    )

    assert ran.returncode == 0, ran.stderr
    assert "no issues" in ran.stdout


def test_an_empty_database_does_not_trouble_the_checks(tmp_path: Path):
    ran = _manage(tmp_path, "check", "--database", "default", "--fail-level", "WARNING")

    assert ran.returncode == 0, ran.stderr


@pytest.mark.django_db
def test_a_key_in_a_variable_of_before_stops_an_upgrade_and_says_what_to_do(settings):
    BackendFactory(name="Box", key_env="BOX_KEY")
    BackendFactory(name="New", key_env="BACKEND_KEY_NEW")
    BackendFactory(name="Open", key_env="")

    (error,) = checks.check_backend_keys(None, databases=["default"])

    assert _ids([error]) == ["videos.E005"]
    assert error.is_serious()
    assert "“Box” takes its key from BOX_KEY" in error.msg
    assert "add BACKEND_KEY_NAMES=BOX_KEY" in error.hint
    with pytest.raises(SystemCheckError, match="BACKEND_KEY_NAMES=BOX_KEY"):
        call_command("migrate", skip_checks=False, verbosity=0)
    settings.BACKEND_KEY_NAMES = ["BOX_KEY"]
    assert checks.check_backend_keys(None, databases=["default"]) == []
    assert checks.check_backend_keys(None, databases=[]) == []


@pytest.mark.django_db
def test_a_setting_of_the_studio_as_a_key_is_warned_of_and_stops_nothing():
    BackendFactory(name="Evil", key_env="SECRET_KEY")

    (warning,) = checks.check_backend_keys(None, databases=["default"])

    assert _ids([warning]) == ["videos.W004"]
    assert not warning.is_serious()


def test_a_setting_of_the_studio_is_not_made_a_key_by_listing_it(settings):
    settings.BACKEND_KEY_NAMES = ["BOX_KEY", "SECRET_KEY"]

    (error,) = checks.check_key_names(None)

    assert _ids([error]) == ["videos.E006"]
    assert "SECRET_KEY" in error.msg
