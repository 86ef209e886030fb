"""Broker, storage, workers, mail, media, secrets: each really broken, and its line says the right words."""

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db.models.functions import Now

from contentgen import encryption
from tests.factories import BackendFactory
from videos.doctor import broker, mail, media, storage, stored_secrets, workers
from videos.doctor.finding import Health
from videos.engine import heartbeat
from videos.engine.leadership import Leadership
from videos.models import Heartbeat


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- Broker ------------------------------------------------------------------------------------------------


def test_a_broker_that_is_away(diagnose, settings, closed_port: int):
    settings.REDIS_URL = f"redis://:hunter2@127.0.0.1:{closed_port}/0"

    finding = diagnose(broker.check_broker).of("broker")

    assert finding.health == Health.WRONG
    assert f"redis://:•••@127.0.0.1:{closed_port}/0 does not answer: ConnectionError" in finding.found
    assert "Nothing is lost" in finding.advice


def test_no_broker_at_all(diagnose, settings):
    settings.REDIS_URL = ""

    assert "`make run` is not running here" in diagnose(broker.check_broker)
    assert diagnose(broker.check_cache).of("cache").health == Health.WARNING


@pytest.mark.parametrize(
    ("info", "told"),
    [
        (
            {"maxmemory": 100, "maxmemory_policy": "allkeys-lru"},
            "throws away what it has no memory for (allkeys-lru)",
        ),
        ({"maxmemory": 100, "used_memory": 95}, "MB are used"),
    ],
)
def test_a_broker_that_loses_messages(info: dict[str, object], told: str):
    (finding,) = broker._eviction(info)

    assert finding.health == Health.WARNING
    assert told in finding.found


# --- Storage -----------------------------------------------------------------------------------------------


def test_storage_takes_and_gives_files_and_keeps_none(diagnose, media_root: Path):
    media_root.mkdir()

    finding = diagnose(storage.check_storage).of("storage")

    assert finding.health == Health.OK
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_a_folder_in_the_place_of_which_there_is_something_else(diagnose, media_root: Path):
    """What no permission keeps root from: a file where the folder should be, as of a mount that failed."""
    media_root.mkdir()
    (media_root / "health").write_text("not a folder")

    finding = diagnose(storage.check_storage).of("storage")

    assert finding.health == Health.WRONG
    assert f"{media_root} takes no files: " in finding.found


def test_a_storage_that_is_not_mounted(diagnose, settings, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path / "missing" / "media"

    finding = diagnose(storage.check_storage).of("storage")

    assert (finding.health, "does not exist" in finding.found) == (Health.WRONG, True)
    assert not (tmp_path / "missing").exists()


def test_a_disk_with_too_little_room(diagnose, settings):
    settings.MIN_FREE_DISK = 1 << 60

    (finding, *_) = diagnose(storage.check_disks).bad

    assert finding.health == Health.WARNING
    assert "purge_trash" in finding.advice


def test_files_of_another_account(diagnose, settings, monkeypatch: pytest.MonkeyPatch):
    database = Path(settings.DATA_DIR) / "db.sqlite3-wal"
    database.write_bytes(b"")
    real = storage._owner_of
    monkeypatch.setattr(storage, "_owner_of", lambda path: 4711 if path == database else real(path))

    finding = diagnose(storage.check_owners).of("files' owner")

    assert finding.health == Health.WRONG
    assert f"{database} belongs to account 4711" in finding.found
    assert "chown -R" in finding.advice


def test_a_database_that_its_owner_may_not_write(diagnose, settings):
    path = Path(settings.DATA_DIR) / "db.sqlite3"
    path.write_bytes(b"")
    path.chmod(0o400)

    finding = diagnose(storage.check_owners).of("files' owner")

    assert (finding.health, finding.found) == (Health.WRONG, f"{path} cannot be written to.")


# --- Workers -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_was_not_seen_at_work(diagnose):
    found = diagnose(workers.check_signs_of_life)
    assert (found.of("beat").health, found.of("workers").health) == (Health.WRONG, Health.WRONG)
    assert "downloads, network, short" in found.of("workers").found

    assert "no beat runs" in found.of("beat").found
    assert Leadership(heartbeat.BEAT).is_held()
    assert "although beat runs" in diagnose(workers.check_signs_of_life).of("beat").found

    for role in heartbeat.expected_roles():
        Heartbeat.objects.create(role=role, beat_at=Now())
    assert diagnose(workers.check_signs_of_life).bad == []
    Heartbeat.objects.filter(role=heartbeat.queue_role("downloads")).delete()
    finding = diagnose(workers.check_signs_of_life).of("workers")
    assert finding.found == "Nobody was seen at work for downloads."
    assert "Start downloads of the Procfile" in finding.advice


class _Replies:
    """What workers reply, in place of Celery's inspection."""

    def __init__(self, ticks: int, tasks: list[str]) -> None:
        self.ticks, self._tasks, self._asked = ticks, tasks, 0

    def active_queues(self) -> dict[str, list[dict[str, str]]]:
        return {"worker@box": [{"name": "short"}, {"name": "network"}, {"name": "downloads"}]}

    def registered(self) -> dict[str, list[str]]:
        return {"worker@box": self._tasks}

    def stats(self) -> dict[str, dict[str, dict[str, int]]]:
        self._asked += 1
        return {"worker@box": {"total": {"videos.dispatch": 100 + (self._asked - 1) * self.ticks}}}


@pytest.mark.parametrize(
    ("ticks", "factor", "health", "told"),
    [
        (1000, 1.6, Health.WARNING, "A beat of an earlier version"),
        (1, 1e9, Health.OK, "One sends the ticks."),
        (0, 1.6, Health.NOT_CHECKED, "No tick"),
    ],
)
def test_beats_are_counted_by_their_ticks(
    diagnose, monkeypatch, ticks: int, factor: float, health: Health, told: str
):
    monkeypatch.setattr(workers, "_TWICE", factor)
    current_app.loader.import_default_modules()
    replies = _Replies(ticks, [name for name in current_app.tasks if not name.startswith("celery.")])
    monkeypatch.setattr(workers.current_app.control, "inspect", lambda **options: replies)
    monkeypatch.setattr(workers, "_WATCHED", 0.01)

    found = diagnose(workers.check_replies)

    assert found.of("number of beats").health == health
    assert told in found
    assert not [each for each in found.all if each.what == "workers' version"]


def test_a_worker_of_another_version(diagnose, monkeypatch: pytest.MonkeyPatch):
    replies = _Replies(1, ["videos.dispatch", "videos.of_tomorrow"])
    monkeypatch.setattr(workers.current_app.control, "inspect", lambda **options: replies)
    monkeypatch.setattr(workers, "_WATCHED", 0.01)

    finding = diagnose(workers.check_replies).of("workers' version")

    assert finding.found == "worker@box knows other tasks than this version."
    assert "restart it" in finding.advice


# --- Mail --------------------------------------------------------------------------------------------------


@pytest.fixture
def mail_settings(settings) -> Iterator[None]:
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", False, False
    settings.PUBLIC_URL = "https://studio.example.org"
    return settings


def test_a_mail_server_that_is_away(diagnose, mail_settings, closed_port: int):
    mail_settings.EMAIL_PORT = closed_port

    finding = diagnose(mail.check_mail_server).of("mail server")

    assert finding.health == Health.WRONG
    assert f"127.0.0.1:{closed_port} does not take mail: ConnectionRefusedError" in finding.found


def test_a_mail_server_that_refuses_the_password(diagnose, mail_settings, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: object) -> bool:
        raise smtplib.SMTPAuthenticationError(535, b"no")

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.open", refuse)

    assert "SMTPAuthenticationError: (535" in diagnose(mail.check_mail_server)


def test_a_folder_for_mail_that_is_not_there(diagnose, settings, tmp_path: Path):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    assert diagnose(mail.check_mail_server).of("mail server").health == Health.WRONG
    (tmp_path / "mail").mkdir()
    assert diagnose(mail.check_mail_server).bad == []


# --- Media and secrets -------------------------------------------------------------------------------------


def test_codecs_that_a_build_lacks(diagnose, monkeypatch: pytest.MonkeyPatch):
    assert diagnose(media.check_codecs).bad == []  # a real decoder was started

    monkeypatch.setattr(media, "find_missing_codecs", lambda budget: ("PyAV 1", ["writing libx264"]))
    finding = diagnose(media.check_codecs).of("video and images")

    assert (finding.health, finding.found) == (Health.WRONG, "PyAV 1 cannot do writing libx264.")


@pytest.mark.django_db
def test_secrets_that_no_key_reads_or_only_a_former_one(diagnose, settings):
    settings.SECRET_KEY = "former-" * 8
    backend = BackendFactory(name="Box")
    backend.store_key("sk-box")
    backend.save()
    assert encryption.is_current(backend.stored_key)
    assert diagnose(stored_secrets.check_stored_secrets).bad == []

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "current-" * 8, ["former-" * 8]
    finding = diagnose(stored_secrets.check_stored_secrets).of("stored secrets")
    assert (finding.health, "Run rotate_secrets" in finding.advice) == (Health.WARNING, True)

    settings.SECRET_KEY_FALLBACKS = []
    finding = diagnose(stored_secrets.check_stored_secrets).of("stored secrets")
    assert (finding.health, finding.found) == (
        Health.WRONG,
        "This SECRET_KEY cannot read that of the backend “Box”.",
    )
