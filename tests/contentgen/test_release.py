"""A release is checked, named in one place, tagged and built; what fails leaves the checkout as it was."""

import os
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from contentgen.version import VERSION

ROOT = Path(settings.BASE_DIR)
NOTES = "## Unreleased\n\n### Added\n\n- A door.\n\n### Upgrading\n\nNothing.\n"
IDENTITY = {
    "GIT_AUTHOR_NAME": "Mara",
    "GIT_AUTHOR_EMAIL": "mara@example.org",
    "GIT_COMMITTER_NAME": "Mara",
    "GIT_COMMITTER_EMAIL": "mara@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class Checkout:
    """A repository with what the script needs of ours, whose checks are as quick as `true`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = folder.parent / "tools"  # neither docker nor podman
        self.tools.mkdir()
        for tool in ("git", "make", "true", "false", "sh"):
            self.tools.joinpath(tool).symlink_to(_which(tool))
        folder.joinpath("contentgen").mkdir(parents=True)
        self.write("contentgen/version.py", 'VERSION = "1.0.0.dev0"\n')
        self.write("Makefile", "lint test e2e:\n\t@true\n")
        self.write(".gitignore", "/dist/\n")
        self.write("CHANGELOG.md", f"# Changelog\n\n{NOTES}")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def write(self, name: str, text: str) -> None:
        self.folder.joinpath(name).write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "As it is")

    def git(self, *arguments: str) -> str:
        return self._run("git", *arguments, check=True).stdout.strip()

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, str(ROOT / "deploy/release.py"), *arguments)

    def state(self) -> tuple[str, str, str]:
        return self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"), self.git("tag")

    def _run(self, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {**IDENTITY, "PATH": str(self.tools), "HOME": str(self.folder)}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60, check=check
        )


def _which(tool: str) -> str:
    return subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_a_release_is_tagged_and_built_and_the_next_version_begins(checkout: Checkout):
    ran = checkout.release("1.0.0")

    assert ran.returncode == 0, ran.stderr
    assert 'VERSION = "1.0.0"' in checkout.git("show", "v1.0.0:contentgen/version.py")
    changelog = checkout.git("show", "v1.0.0:CHANGELOG.md")
    assert "## Unreleased\n\n## 1.0.0 - 20" in changelog
    assert "### Upgrading\n\nNothing." in checkout.git("tag", "--list", "--format=%(contents)", "v1.0.0")
    assert 'VERSION = "1.1.0.dev0"' in checkout.folder.joinpath("contentgen/version.py").read_text()
    assert checkout.git("status", "--porcelain") == ""
    archive = checkout.folder / "dist/contentgen-1.0.0.tar.gz"
    with tarfile.open(archive) as opened:
        stored = opened.extractfile("contentgen-1.0.0/contentgen/version.py")
        assert stored is not None
        assert stored.read() == b'VERSION = "1.0.0"\n'
    subprocess.run(["sha256sum", "--check", f"{archive.name}.sha256"], cwd=archive.parent, check=True)


def test_after_a_candidate_the_same_version_is_worked_on(checkout: Checkout):
    assert checkout.release("1.0.0rc1").returncode == 0

    assert 'VERSION = "1.0.0.dev0"' in checkout.folder.joinpath("contentgen/version.py").read_text()


@pytest.mark.parametrize("version", ["", "1.0", "v1.0.0", "1.0.0.dev0", "1.0.0+mine", "soon"])
def test_a_version_that_is_none_is_refused(checkout: Checkout, version: str):
    _refuses(
        checkout, version, because="VERSION=1.2.0" if version in ("", "soon") else "no version to release"
    )


def test_it_takes_a_clean_main(checkout: Checkout):
    checkout.write("notes.txt", "not committed")
    _refuses(checkout, "1.0.0", because="notes.txt")
    checkout.commit()
    checkout.git("switch", "--quiet", "--create", "aside")
    _refuses(checkout, "1.0.0", because="this is aside")


def test_versions_only_go_up(checkout: Checkout):
    checkout.git("tag", "v1.4.0")

    _refuses(checkout, "1.4.0", because="1.4.0 is released already")
    _refuses(checkout, "1.3.9", because="must come after it")


@pytest.mark.parametrize(
    ("notes", "because"),
    [
        ("## 0.9.0\n\n- Old.\n", "nothing under Unreleased"),
        ("## Unreleased\n\n## 0.9.0\n\n- Old.\n", "nothing under Unreleased"),
        ("## Unreleased\n\n- A door.\n", "what to do"),
        ("## Unreleased\n\n### Upgrading\n\n### Added\n\n- A door.\n", "what to do"),
        ("## Unreleased\n\n- A door.\n\n## 0.9.0\n\n### Upgrading\n\nNothing.\n", "what to do"),
    ],
)
def test_it_says_what_has_changed_and_how_to_upgrade(checkout: Checkout, notes: str, because: str):
    checkout.write("CHANGELOG.md", f"# Changelog\n\n{notes}")
    checkout.commit()

    _refuses(checkout, "1.0.0", because=because)


def test_a_failed_check_ends_it(checkout: Checkout):
    checkout.write("Makefile", "lint e2e:\n\t@true\ntest:\n\t@false\n")
    checkout.commit()

    _refuses(checkout, "1.0.0", because="make lint test e2e failed")


def test_a_failed_build_leaves_the_branch_as_it_was(checkout: Checkout):
    podman = checkout.tools / "podman"
    podman.write_text('#!/bin/sh\ntest "$1" = info\n')
    podman.chmod(0o700)

    _refuses(checkout, "1.0.0", because="podman build")


def test_a_client_without_an_engine_builds_no_image_and_stops_nothing(checkout: Checkout):
    checkout.tools.joinpath("docker").symlink_to(_which("false"))

    ran = checkout.release("1.0.0")

    assert ran.returncode == 0, ran.stderr
    assert "no image was built" in ran.stdout


def _refuses(checkout: Checkout, version: str, *, because: str) -> None:
    before = checkout.state()
    ran = checkout.release(*([version] if version else []))
    assert ran.returncode == 1
    assert because in ran.stderr
    assert checkout.state() == before


def test_the_project_takes_its_version_from_that_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "contentgen.version.VERSION"}


@pytest.mark.parametrize("argument", ["version", "--version"])
def test_the_command_line_tells_it_without_a_studio(argument: str, tmp_path: Path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "none"), "ENV_FILE": ""}
    command = [sys.executable, str(ROOT / "manage.py"), argument]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)

    assert told.stdout.startswith(f"ContentGen {VERSION} (Django 5.2.")
    assert not (tmp_path / "none").exists()
