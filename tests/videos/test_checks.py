import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    )

    assert ran.returncode == 0, ran.stderr
    assert "no issues" in ran.stdout


def test_an_empty_database_does_not_trouble_the_checks(tmp_path: Path):
    ran = _manage(tmp_path, "check", "--database", "default", "--fail-level", "WARNING")

    assert ran.returncode == 0, ran.stderr
