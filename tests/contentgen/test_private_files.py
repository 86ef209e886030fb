"""`DATA_DIR` is for the studio's own account: what is made there, and what an earlier release left open."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from contentgen.private_files import close_data_dir
from tests.studio import PROJECT


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def readable_by_others(folder: Path) -> list[str]:
    """Return what others can read, for the message of a failed assertion."""
    found = [folder, *folder.rglob("*")]
    return [f"{path} {_mode(path):o}" for path in found if not path.is_symlink() and _mode(path) & 0o077]


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """That of a person's shell, whatever a test before this one has left."""
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.fixture
def open_folder(settings, tmp_path: Path) -> Path:
    """A DATA_DIR as an earlier release left it."""
    folder = tmp_path / "data"
    (folder / "media" / "videos").mkdir(parents=True)
    for name in ("db.sqlite3", "db.sqlite3-wal", "secret_key", "media/videos/a.mp4"):
        (folder / name).write_text("x")
        (folder / name).chmod(0o644)
    settings.DATA_DIR = folder
    return folder


def test_what_was_open_is_closed_with_one_line(open_folder: Path, caplog):
    close_data_dir()

    assert readable_by_others(open_folder) == []
    assert (_mode(open_folder), _mode(open_folder / "db.sqlite3")) == (0o700, 0o600)
    assert [record.getMessage() for record in caplog.records] == [
        f"Others could read DATA_DIR={open_folder}; 7 items there are closed now."
    ]
    caplog.clear()
    close_data_dir()
    assert caplog.records == []


def test_a_link_out_of_it_changes_nothing_there(open_folder: Path, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o644)
    (open_folder / "link").symlink_to(outside)
    (open_folder / "loop").symlink_to(open_folder)

    close_data_dir()

    assert _mode(outside) == 0o644


def test_what_belongs_to_somebody_else_is_named_and_stops_nothing(open_folder: Path, caplog, monkeypatch):
    def refuse(path: Path, mode: int) -> None:
        if path.name == "secret_key":
            raise PermissionError
        os.chmod(path, mode)  # noqa: PTH101

    monkeypatch.setattr(Path, "chmod", refuse)

    close_data_dir()

    assert readable_by_others(open_folder) == [f"{open_folder / 'secret_key'} 644"]
    assert "secret_key" in caplog.text


def test_the_group_keeps_what_the_operator_gives_it(open_folder: Path, settings):
    settings.PRIVATE_FOLDER_MODE, settings.PRIVATE_FILE_MODE = 0o750, 0o640

    close_data_dir()

    assert (_mode(open_folder), _mode(open_folder / "media/videos/a.mp4")) == (0o750, 0o640)


def test_a_stored_file_is_for_its_user_alone(media_root: Path):
    name = default_storage.save("videos/1/clip.mp4", ContentFile(b"x"))

    assert _mode(media_root / name) == 0o600
    assert readable_by_others(media_root) == []


def _manage(data_dir: Path, *arguments: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        check=True,
        umask=0o022,
    )
    return ran.stderr


# The first of them makes the database as all of them do, in a quarter of the time.
A_MIGRATION = ("migrate", "contenttypes", "0001", "--verbosity", "0")


def test_a_migration_makes_private_files_whatever_the_umask(tmp_path: Path):
    _manage(tmp_path / "data", *A_MIGRATION)

    assert (tmp_path / "data" / "db.sqlite3").exists()
    assert readable_by_others(tmp_path / "data") == []


def test_an_upgrade_closes_what_it_finds_and_says_so(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "media").mkdir()
    folder.chmod(0o755)

    said = _manage(folder, *A_MIGRATION)

    assert said.count("Others could read DATA_DIR=") == 1
    assert readable_by_others(folder) == []


def test_the_group_may_read_where_it_is_set(tmp_path: Path):
    folder = tmp_path / "data"

    _manage(folder, *A_MIGRATION, DATA_GROUP_READABLE="1")

    assert (_mode(folder), _mode(folder / "db.sqlite3")) == (0o750, 0o640)
