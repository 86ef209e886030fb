"""The database: each way in which it is really broken makes its line say so."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base as postgresql
from django.db.backends.sqlite3 import base as sqlite
from django.db.migrations.recorder import MigrationRecorder

from videos.doctor import database
from videos.doctor.finding import Health
from videos.models import Heartbeat

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.django_db
def test_all_is_well_and_nothing_is_left(diagnose):
    for check in (
        database.check_connection,
        database.check_migrations,
        database.check_write,
        database.check_clock,
        database.check_foundation,
        database.check_search,
    ):
        found = diagnose(check)
        assert found.all
        assert found.bad == []
    assert not Heartbeat.objects.filter(role="doctor").exists()


@pytest.mark.django_db
def test_of_slow_writes_postgresql_is_told_to_nobody_who_has_it(diagnose, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "_SLOW_WRITE", -1.0)

    finding = diagnose(database.check_write).of("database writes")

    assert finding.health == Health.WARNING
    assert ("PostgreSQL" in finding.advice) == (connection.vendor == "sqlite")


@pytest.mark.django_db
def test_an_index_of_prompts_that_is_missing(diagnose):
    name = "TABLE videos_video_search" if connection.vendor == "sqlite" else "INDEX videos_videotext_trigrams"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP {name}")

    finding = diagnose(database.check_search).of("search")

    assert finding.health == Health.WARNING
    assert "reads all prompts" in finding.found
    assert "manage.py migrate" in finding.advice


@pytest.mark.django_db
def test_a_migration_from_the_future(diagnose):
    MigrationRecorder(connection).record_applied("videos", "9999_from_the_future")

    finding = diagnose(database.check_migrations).of("migrations")

    assert finding.health == Health.WRONG
    assert finding.found == (
        "The database is of a later version: videos.9999_from_the_future is unknown to this one."
    )
    assert "restore the backup" in finding.advice


@pytest.mark.django_db
def test_migrations_that_are_pending(diagnose):
    leaf = max(name for app, name in MigrationRecorder(connection).applied_migrations() if app == "webhooks")
    MigrationRecorder(connection).record_unapplied("webhooks", leaf)

    finding = diagnose(database.check_migrations).of("migrations")

    assert finding.health == Health.WRONG
    assert f"webhooks.{leaf} is to be applied" in finding.found
    assert "manage.py migrate" in finding.advice


@pytest.mark.django_db
@pytest.mark.parametrize("content", [None, b"this is no database, whatever its name says, and long enough"])
def test_a_file_that_is_missing_or_no_database(diagnose, tmp_path: Path, monkeypatch, content: bytes | None):
    """Of SQLite, whatever the tests run on."""
    path = tmp_path / "db.sqlite3"
    if content:
        path.write_bytes(content)
    other = _sqlite(path)
    monkeypatch.setattr(database, "connection", other)

    finding = diagnose(database.check_connection).of("database")
    other.close()

    assert finding.health == Health.WRONG
    assert ("There is no studio here" if content is None else "file is not a database") in finding.found
    assert str(path) in finding.found + finding.advice
    assert path.exists() is (content is not None)


@pytest.mark.django_db
def test_a_server_that_is_away(diagnose, monkeypatch: pytest.MonkeyPatch):
    settings = dict(connection.settings_dict) | {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "nowhere",
        "HOST": "127.0.0.1",
        "PORT": "9",
        "USER": "me",
        "PASSWORD": "hunter2",
        "OPTIONS": {"connect_timeout": 2},
    }
    monkeypatch.setattr(database, "connection", postgresql.DatabaseWrapper(settings, "away"))

    finding = diagnose(database.check_connection).of("database")

    assert finding.health == Health.WRONG
    assert "It does not answer: OperationalError" in finding.found
    assert "DATABASE_URL" in finding.advice
    assert "hunter2" not in finding.found


@pytest.mark.django_db
def test_a_database_that_takes_no_writes(diagnose):
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1" if is_sqlite else "SET TRANSACTION READ ONLY")
        try:
            finding = diagnose(database.check_write).of("database writes")
        finally:
            if is_sqlite:
                cursor.execute("PRAGMA query_only = 0")

    assert finding.health == Health.WRONG
    assert ("readonly database" if is_sqlite else "read-only transaction") in finding.found
    assert "read-only" in finding.advice or "this account may write" in finding.advice


@pytest.mark.django_db
def test_a_journal_that_is_not_wal(diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "db.sqlite3"
    sqlite3.connect(path).execute("CREATE TABLE a (b)").connection.close()
    other = _sqlite(path)
    monkeypatch.setattr(database, "connection", other)

    finding = diagnose(database.check_foundation).of("database file")
    other.close()

    assert (finding.health, finding.found) == (Health.WARNING, "SQLite's journal is “delete”, not WAL.")


def test_a_network_file_system(tmp_path: Path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/vda1 / ext4 rw 0 0\nnas:/export /srv/with\\040space nfs4 rw 0 0\n")

    assert database.network_file_system(Path("/srv/with space/studio/db.sqlite3"), str(mounts)) == "nfs4"
    assert database.network_file_system(Path("/srv/other/db.sqlite3"), str(mounts)) == ""
    assert database.network_file_system(Path("/srv/x"), str(tmp_path / "none")) == ""


@pytest.mark.parametrize(
    ("ahead", "health", "told"),
    [(1, Health.OK, "agrees"), (30, Health.WARNING, "30 s ahead of"), (-3600, Health.WRONG, "3600 s behind")],
)
def test_clocks(ahead: int, health: Health, told: str):
    finding = database.compare_clocks("clock", NOW + timedelta(seconds=ahead), NOW, NOW)

    assert finding.health == health
    assert told in finding.found


def test_a_slow_answer_does_not_make_a_clock_wrong():
    finding = database.compare_clocks("clock", NOW, NOW, NOW + timedelta(seconds=20))

    assert finding.health == Health.OK


def _sqlite(path: Path) -> BaseDatabaseWrapper:
    settings = dict(connection.settings_dict) | {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {},
    }
    return sqlite.DatabaseWrapper(settings, "other")
