"""While the database is busy or away, every address answers 503 and says when to come back; never 500."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts import tokens
from accounts.models import User
from tests.factories import UserFactory
from tests.studio import free_port
from tests.views.page import GOOD
from videos.models import Backend, Video, VideoModel

PROJECT = Path(__file__).resolve().parents[2]
CREATES, THREADS = 120, 32  # as many threads as the web processes have together
GENERATE = "/api/v1/videos/generate"
# A browser with a session, and a program with a token, on every kind of address.
_VISIT = """
import json, os, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False, headers={"Authorization": "Bearer cg_x"})
browser = Client(raise_request_exception=False)
browser.cookies["sessionid"] = "a" * 32
answers = {}
for each, path in [
    (browser, "/"), (browser, "/library/"), (browser, "/accounts/login/"), (browser, "/admin/"),
    (client, "/api/v1/videos"), (client, "/v1/videos"),
]:
    response = each.get(path)
    answers[path] = [response.status_code, response.headers.get("Retry-After"), response.content.decode()]
print(json.dumps(answers))
"""


def test_every_address_answers_while_postgresql_is_away(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "REDIS_URL")}
    environment |= {
        "ENV_FILE": "",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/nothing",
        "ALLOWED_HOSTS": "testserver",
    }
    result = subprocess.run(
        [sys.executable, "-c", _VISIT],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    answers = json.loads(result.stdout)
    assert {
        path: (status, retry_after) for path, (status, retry_after, _) in answers.items()
    } == dict.fromkeys(answers, (503, "5"))
    for path, (_, _, content) in answers.items():
        if path.startswith(("/api/", "/v1/")):
            assert json.loads(content)["error"]["code"] == "database_unavailable"
        else:
            assert "use its database at the moment" in content


@pytest.fixture
def simulator(transactional_db) -> Backend:
    # The migrations bring the models, and a test that commits starts without what they brought.
    VideoModel.objects.get_or_create(
        name="sora-2",
        defaults={"sizes": ["1280x720"], "seconds": [4, 8], "price_per_second": {"1280x720": "0.10"}},
    )
    return Backend.objects.for_environment()


@pytest.fixture
def anna(transactional_db) -> User:
    user: User = UserFactory(username="anna")
    return user


# How another process locks the database, and how to wait for it only briefly.
_LOCKS = {
    "sqlite": (["BEGIN IMMEDIATE"], "PRAGMA busy_timeout = 50"),
    "postgresql": (["BEGIN", "LOCK TABLE videos_video IN ACCESS EXCLUSIVE MODE"], "SET lock_timeout = 50"),
}


@contextmanager
def _busy() -> Iterator[None]:
    """Another process keeps the database locked, and nobody here waits long for it."""
    statements, hurry = _LOCKS[connection.vendor]
    other = connection.copy()
    with other.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    options = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = options | ({"timeout": 0.05} if "timeout" in options else {})
    with connection.cursor() as cursor:
        cursor.execute(hurry)
    try:
        yield
    finally:
        other.close()
        connection.settings_dict["OPTIONS"] = options
        connection.close()


@pytest.mark.parametrize("path", [GENERATE, "/v1/videos"])
def test_a_locked_database_is_503_for_programs(anna: User, simulator: Backend, path):
    _, secret = tokens.issue(anna, "test")
    tokens.authenticate(secret)  # notes its use, so that the request itself has nothing to note
    headers = {"Authorization": f"Bearer {secret}"}
    with _busy():
        response = Client().post(path, {"prompt": "A lake"}, content_type="application/json", headers=headers)

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["error"]["code"] == "database_unavailable"
    assert not Video.objects.exists()


def test_a_locked_database_is_503_for_people(anna: User, simulator: Backend):
    client = Client(raise_request_exception=False)
    client.force_login(anna)
    with _busy():
        response = client.post("/", GOOD)

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "use its database at the moment" in response.content.decode()


def test_a_missing_table_is_still_our_fault(client, monkeypatch):
    def fail(*args: object) -> None:
        raise OperationalError("no such table: x") from _sqlite_error(sqlite3.SQLITE_ERROR)

    monkeypatch.setattr("contentgen.middleware.LoginRequiredMiddleware.process_view", fail)
    client.raise_request_exception = False

    assert client.get("/").status_code == 500


def _sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("no such table: x")
    error.sqlite_errorcode = code
    return error


def test_many_creating_requests_at_once_are_all_carried_out(anna: User, simulator: Backend):
    _, secret = tokens.issue(anna, "test")

    def create(_: int) -> int:
        client = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
        try:
            return client.post(GENERATE, {"prompt": "A lake"}, content_type="application/json").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(create, range(CREATES)))

    assert statuses == [200] * CREATES
    assert Video.objects.count() == CREATES
