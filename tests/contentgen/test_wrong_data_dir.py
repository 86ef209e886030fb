"""A command in a shell with the wrong DATA_DIR says so in one sentence, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def manage(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("exists", [True, False], ids=["an empty folder", "no folder"])
@pytest.mark.parametrize(
    "command",
    [
        ("create_token", "owner"),
        ("generate_video", "A boat"),
        ("add_backend", "Box", "http://127.0.0.1:9/v1"),
        ("changepassword", "owner"),
    ],
    ids=lambda command: command[0],
)
def test_a_command_without_a_studio_says_so_and_leaves_nothing(
    tmp_path: Path, command: tuple[str, ...], exists: bool
):
    folder = tmp_path / "elsewhere"
    if exists:
        folder.mkdir()

    ran = manage(folder, *command)

    assert ran.returncode == 1
    assert ran.stderr == (
        f"There is no studio in DATA_DIR={folder}. Set DATA_DIR to the folder that `make run` uses, or run "
        "`manage.py migrate` first.\n"
    )
    assert ran.stdout == ""
    assert list(tmp_path.rglob("*")) == ([folder] if exists else [])


@pytest.mark.parametrize("command", [("create_token", "--help"), ("check",), ("help",)], ids=" ".join)
def test_what_needs_no_studio_works_without_one_and_leaves_nothing(tmp_path: Path, command: tuple[str, ...]):
    ran = manage(tmp_path / "elsewhere", *command)

    assert ran.returncode == 0, ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_was_never_migrated_is_no_studio(tmp_path: Path):
    (tmp_path / "db.sqlite3").touch()

    ran = manage(tmp_path, "create_token", "owner")

    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "There is no studio" in ran.stderr


def test_migrate_makes_a_studio_that_commands_find(tmp_path: Path):
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    key = (tmp_path / "secret_key").read_text()

    ran = manage(tmp_path, "create_token", "nobody")

    assert "There is no account" in ran.stderr
    assert (tmp_path / "secret_key").read_text() == key
