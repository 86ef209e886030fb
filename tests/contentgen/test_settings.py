"""The settings as a process sees them: each case is a new process with its own environment."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from contentgen.run.state import Endpoints, write_endpoints

PROJECT = Path(__file__).resolve().parents[2]
STRONG = "Zk3v9QxL0pRt7WmYc2Hs8UeJ5bNgAfDi1oVq6TlX"
PRODUCTION = {"DEPLOYMENT": "production", "SECRET_KEY": STRONG, "ALLOWED_HOSTS": "studio.example.org"}


def _load(tmp_path: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a new process and print the named ones as JSON."""
    script = (
        "import json, sys\n"
        "from django.core.exceptions import ImproperlyConfigured\n"
        "try:\n    from contentgen import settings\n"
        "except ImproperlyConfigured as error:\n    sys.exit(f'refused: {error}')\n"
        "print(json.dumps({n: getattr(settings, n) for n in sys.argv[1:]}, default=str))"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *names],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _values(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    loaded: dict[str, object] = json.loads(result.stdout)
    return loaded


def _refusal(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def test_it_needs_nothing_on_a_new_machine(tmp_path):
    values = _values(
        _load(tmp_path, "DEBUG", "PRODUCTION", "PORT", "BIND", "REDIS_URL", "OWNER_USERNAME", "DATABASES")
    )

    assert values["DEBUG"] is False
    assert values["PRODUCTION"] is False
    assert (values["BIND"], values["PORT"]) == ("127.0.0.1", 8000)
    assert values["REDIS_URL"] == ""
    assert values["OWNER_USERNAME"] == "owner"
    assert values["DATABASES"]["default"]["NAME"] == str(tmp_path / "db.sqlite3")


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_it_refuses_production_without_its_secrets(tmp_path, missing):
    environment = {**PRODUCTION, missing: ""}

    assert f"Set {missing}" in _refusal(_load(tmp_path, **environment))
    assert not (tmp_path / "secret_key").exists()


def test_it_accepts_production_and_makes_no_key_of_its_own(tmp_path):
    values = _values(_load(tmp_path, "SECRET_KEY", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", **PRODUCTION))

    assert values["SECRET_KEY"] == PRODUCTION["SECRET_KEY"]
    assert values["ALLOWED_HOSTS"] == ["studio.example.org"]
    assert values["SECURE_SSL_REDIRECT"] is True
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eight"),
        ("DEFAULT_SECONDS", "-4"),
        ("MAX_FILE_SIZE", "10MB"),
        ("MAX_POLL_TIMEOUT", "1.5"),
        ("DEBUG", "perhaps"),
        ("DEPLOYMENT", "staging"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_it_names_the_setting_it_cannot_read(tmp_path, name, value):
    refusal = _refusal(_load(tmp_path, **{name: value}))

    assert f"{name} must be" in refusal
    assert f"not “{value}”" in refusal


@pytest.mark.parametrize(("value", "deployment"), [("Production", "production"), ("local", "local")])
def test_it_takes_a_deployment_in_any_case(tmp_path, value, deployment):
    values = _values(_load(tmp_path, "DEPLOYMENT", "DEBUG", **{**PRODUCTION, "DEPLOYMENT": value}))

    assert values == {"DEPLOYMENT": deployment, "DEBUG": False}


@pytest.mark.parametrize(
    ("debug", "deployment", "is_production"),
    [("", "", False), ("1", "", False), ("0", "", True), ("0", "local", False), ("1", "production", True)],
)
def test_debug_alone_means_production_only_when_it_is_0(tmp_path, debug, deployment, is_production):
    environment = {**PRODUCTION, "DEBUG": debug, "DEPLOYMENT": deployment}

    values = _values(_load(tmp_path, "DEBUG", "PRODUCTION", **environment))

    assert values == {"DEBUG": debug == "1", "PRODUCTION": is_production}


@pytest.mark.parametrize(
    ("environment", "days"),
    [({"TRASH_DAYS": "7"}, 7), ({"TRASH_DAYS": "7", "TRASH_RETENTION_DAYS": "9"}, 9), ({}, 30)],
)
def test_it_reads_the_old_name_where_the_new_one_is_unset(tmp_path, environment, days):
    assert _values(_load(tmp_path, "TRASH_RETENTION_DAYS", **environment)) == {"TRASH_RETENTION_DAYS": days}


def test_it_takes_an_empty_setting_as_unset(tmp_path):
    names = (
        "PORT",
        "DEBUG",
        "DEPLOYMENT",
        "TIME_ZONE",
        "LOG_LEVEL",
        "DEFAULT_SECONDS",
        "SECURE_HSTS_SECONDS",
    )

    values = _values(_load(tmp_path, *names, **dict.fromkeys(names, "")))

    assert list(values.values()) == [8000, False, "local", "UTC", "INFO", 4, 0]


def test_it_takes_a_secret_as_it_is(tmp_path):
    odd = {"SECRET_KEY": "$HOME#not-a-comment", "OWNER_PASSWORD": "$ecret # word"}

    assert _values(_load(tmp_path, *odd, **odd)) == odd


def test_it_reads_a_relative_folder_from_the_project(tmp_path):
    values = _values(_load(tmp_path, "VIDEO_STORAGE_PATH", VIDEO_STORAGE_PATH="elsewhere/videos"))

    assert values["VIDEO_STORAGE_PATH"] == str(PROJECT / "elsewhere" / "videos")
    assert not (PROJECT / "elsewhere").exists()


def test_it_copes_with_odd_characters_in_the_data_folder(tmp_path):
    folder = tmp_path / "my data? #1 100%"

    values = _values(_load(tmp_path, "DATABASES", DATA_DIR=str(folder)))

    assert values["DATABASES"]["default"]["NAME"] == str(folder / "db.sqlite3")


def test_it_says_which_data_folder_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()

    assert f"DATA_DIR={tmp_path}/file/data" in _refusal(_load(tmp_path, DATA_DIR=f"{tmp_path}/file/data"))


def test_the_environment_wins_over_the_file(tmp_path):
    env_file = tmp_path / "env"
    env_file.write_text("PORT=9001\nTIME_ZONE=Europe/Berlin\n")

    values = _values(_load(tmp_path, "PORT", "TIME_ZONE", ENV_FILE=str(env_file), PORT="9002"))

    assert values == {"PORT": 9002, "TIME_ZONE": "Europe/Berlin"}


def test_the_example_with_all_its_lines_switched_on_changes_nothing(tmp_path):
    lines = (PROJECT / ".env.example").read_text().splitlines()
    settings = [line[2:] for line in lines if line.startswith("# ") and line[2:].partition("=")[0].isupper()]
    env_file = tmp_path / "env"
    env_file.write_text("\n".join(settings))
    names = (
        "PORT",
        "BIND",
        "DEBUG",
        "DEPLOYMENT",
        "ALLOWED_HOSTS",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "REDIS_URL",
    )
    names += ("MAX_POLL_TIMEOUT", "DEFAULT_SIZE", "MAX_FILE_SIZE", "LOG_LEVEL", "TIME_ZONE", "SIMULATOR_URL")

    switched_on = _values(_load(tmp_path, *names, ENV_FILE=str(env_file)))

    assert len(settings) > 20
    assert switched_on == _values(_load(tmp_path, *names))


def test_the_secret_key_stays_and_is_for_its_user_alone(tmp_path):
    first = _values(_load(tmp_path, "SECRET_KEY"))
    second = _values(_load(tmp_path, "SECRET_KEY"))

    assert first == second
    assert len(first["SECRET_KEY"]) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("secret_key*")] == ["secret_key"]


def test_a_message_to_a_broker_that_is_away_is_given_up_at_once(tmp_path):
    """Django answers a person while it sends it, so one try must do."""
    values = _values(_load(tmp_path, "CELERY_BROKER_TRANSPORT_OPTIONS", "CELERY_TASK_PUBLISH_RETRY"))

    assert values["CELERY_BROKER_TRANSPORT_OPTIONS"]["max_retries"] == 0
    assert values["CELERY_TASK_PUBLISH_RETRY"] is False


def test_each_studio_has_names_of_its_own_in_redis(tmp_path):
    server = "postgres://{}@db.example.org/{}"
    redis = {"REDIS_URL": "redis://127.0.0.1:1/0"}

    def prefix(**environment: str) -> object:
        values = _values(
            _load(
                tmp_path, "REDIS_PREFIX", "CACHES", "CELERY_BROKER_TRANSPORT_OPTIONS", **redis, **environment
            )
        )
        assert values["CACHES"]["default"]["KEY_PREFIX"] == values["REDIS_PREFIX"]
        assert values["CELERY_BROKER_TRANSPORT_OPTIONS"]["global_keyprefix"] == f"{values['REDIS_PREFIX']}:"
        return values["REDIS_PREFIX"]

    studios = {
        prefix(),  # SQLite, with a secret key in this folder
        prefix(SECRET_KEY="another" * 9),
        prefix(DATABASE_URL=server.format("me:one", "studio")),
        prefix(DATABASE_URL=server.format("me:one", "staging")),
        prefix(REDIS_PREFIX="mine"),
    }
    assert len(studios) == 5
    # Hosts of one studio may have another folder and another password.
    elsewhere = {"DATABASE_URL": server.format("you:two", "studio"), "DATA_DIR": str(tmp_path / "other")}
    assert prefix(**elsewhere) in studios
    assert prefix(REDIS_PREFIX="mine", **elsewhere) == "mine"


def test_it_takes_origins(tmp_path):
    listed = "https://tools.example.org, http://localhost:3000"
    values = _values(_load(tmp_path, "CORS_ALLOWED_ORIGINS", CORS_ALLOWED_ORIGINS=listed))
    assert values["CORS_ALLOWED_ORIGINS"] == ["https://tools.example.org", "http://localhost:3000"]


@pytest.mark.parametrize(
    "key",
    [
        "short",
        "k" * 60,
        "abcdefghij" * 6,
        "django-insecure-" + STRONG,
        "changeme",
        "ChangeMe-" + STRONG,
        "your-secret-key-" + STRONG,
    ],
)
def test_it_refuses_production_with_a_key_that_can_be_guessed(tmp_path, key):
    refusal = _refusal(_load(tmp_path, **{**PRODUCTION, "SECRET_KEY": key}))

    assert "SECRET_KEY can be guessed" in refusal
    assert "secrets.token_urlsafe(64)" in refusal, "it says what to do"
    assert STRONG not in refusal


def test_a_local_studio_may_have_any_key(tmp_path):
    assert _values(_load(tmp_path, "SECRET_KEY", SECRET_KEY="short")) == {"SECRET_KEY": "short"}


@pytest.mark.parametrize(
    ("value", "count"),
    [("", 0), ("0", 0), ("1", 1), ("2", 2), ("true", 1), ("Yes", 1), ("on", 1), ("false", 0), ("off", 0)],
)
def test_it_counts_proxies_and_understands_the_yes_and_no_of_before(tmp_path, value, count):
    values = _values(_load(tmp_path, "TRUST_PROXY", TRUST_PROXY=value))

    assert values == {"TRUST_PROXY": count}


@pytest.mark.parametrize("value", ["-1", "one", "1.5"])
def test_it_refuses_what_is_no_number_of_proxies(tmp_path, value):
    assert "TRUST_PROXY must be the number of proxies" in _refusal(_load(tmp_path, TRUST_PROXY=value))


def test_hsts_binds_other_names_only_where_somebody_says_so(tmp_path):
    names = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")

    assert list(_values(_load(tmp_path, *names, **PRODUCTION)).values()) == [31_536_000, False, False]
    chosen = dict.fromkeys(names[1:], "1")
    assert list(_values(_load(tmp_path, *names, **PRODUCTION, **chosen)).values()) == [31_536_000, True, True]


def test_no_setting_of_its_own_can_be_a_key(tmp_path):
    values = _values(_load(tmp_path, "OWN_VARIABLES"))

    own = set(re.findall(r"\w+", str(values["OWN_VARIABLES"])))
    example = (PROJECT / ".env.example").read_text()
    listed = re.findall(r"^# ([A-Z_]+)=", example, flags=re.MULTILINE)
    assert [name for name in listed if name not in own] == ["WEB_CONCURRENCY", "BACKEND_KEY"]


def test_the_simulators_key_of_a_run_is_not_for_a_simulator_of_ones_own(tmp_path):
    write_endpoints(tmp_path, Endpoints("", "http://127.0.0.1:2/v1", "key of the run"))

    assert _values(_load(tmp_path, "SIMULATOR_API_KEY")) == {"SIMULATOR_API_KEY": "key of the run"}
    own = {"SIMULATOR_URL": "http://127.0.0.1:3/v1"}
    assert _values(_load(tmp_path, "SIMULATOR_API_KEY", **own)) == {"SIMULATOR_API_KEY": ""}


def test_the_path_in_the_public_address_is_the_studios_own(tmp_path):
    names = ("FORCE_SCRIPT_NAME", "STATIC_URL", "SESSION_COOKIE_PATH", "PUBLIC_URL")
    below = _values(_load(tmp_path, *names, PUBLIC_URL="https://example.org/studio/"))
    assert list(below.values()) == ["/studio", "/studio/static/", "/studio/", "https://example.org/studio"]

    alone = _values(_load(tmp_path, *names, BASE_URL="https://example.org"))
    assert list(alone.values()) == [None, "/static/", "/", "https://example.org"]
