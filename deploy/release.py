"""`make release VERSION=1.2.0`: check, name the version, build what is downloaded, tag. Publishes nothing.

Run on a clean `main`. The section Unreleased of CHANGELOG.md becomes that of the release; it must say what
whoever upgrades has to do. What fails leaves the branch as it was.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version

VERSION_FILE = Path("contentgen/version.py")
CHANGELOG = Path("CHANGELOG.md")
DIST = Path("dist")
UNRELEASED = "## Unreleased\n"
UPGRADING = "### Upgrading\n"


class ReleaseError(Exception):
    """The release cannot be made. The sentence says why."""


def main() -> None:
    try:
        version = read_version(sys.argv[1] if len(sys.argv) == 2 else "")
        check_checkout(version)
        notes = read_notes(CHANGELOG.read_text())
        make("lint", "test", "e2e")
        release(version, notes)
    except ReleaseError as error:
        sys.exit(f"Not released: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"Not released: {' '.join(error.cmd)} failed.")
    print(f"v{version} is tagged and {DIST}/ holds its files. To publish: git push origin main v{version}")


def read_version(text: str) -> Version:
    """Return the version to release: `1.2.0`, or `1.2.0rc1`. Raises `ReleaseError` for any other."""
    try:
        version = Version(text)
    except InvalidVersion as error:
        raise ReleaseError("say which version: make release VERSION=1.2.0") from error
    if len(version.release) != 3 or version.is_devrelease or version.local or str(version) != text:
        raise ReleaseError(f"{text} is no version to release; one is like 1.2.0 or 1.2.0rc1.")
    return version


def check_checkout(version: Version) -> None:
    """Raise `ReleaseError` unless this is `main` without changes, and the version comes after all others."""
    if (branch := git("branch", "--show-current")) != "main":
        raise ReleaseError(f"releases are made on main, and this is {branch or 'no branch'}.")
    if changed := git("status", "--porcelain"):
        raise ReleaseError(f"there are changes that are not committed:\n{changed}")
    released = [Version(tag[1:]) for tag in git("tag", "--list", "v[0-9]*").split()]
    if released and version <= max(released):
        raise ReleaseError(f"{max(released)} is released already; {version} must come after it.")


def read_notes(changelog: str) -> str:
    """Return what has changed since the last release. Raises `ReleaseError` where upgrading is not told."""
    _, found, rest = changelog.partition(UNRELEASED)
    notes = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not found or not notes:
        raise ReleaseError(f"{CHANGELOG} has nothing under Unreleased.")
    _, found, upgrading = f"{notes}\n".partition(UPGRADING)
    if not re.split(r"^### ", upgrading, maxsplit=1, flags=re.MULTILINE)[0].strip():
        raise ReleaseError(f'{CHANGELOG} does not say under "Upgrading" what to do, if only "Nothing.".')
    return notes


def release(version: Version, notes: str) -> None:
    """Commit, build, tag, and begin the next version. The branch is as before where any of it fails."""
    before = git("rev-parse", "HEAD")
    try:
        write_version(str(version))
        today = datetime.now(UTC).date()
        text = CHANGELOG.read_text()
        CHANGELOG.write_text(text.replace(UNRELEASED, f"{UNRELEASED}\n## {version} - {today}\n", 1))
        git("commit", "--all", "--message", f"release: {version}")
        build(version)
        write_version(f"{_after(version)}.dev0")
        git("tag", "--annotate", f"v{version}", "--cleanup", "verbatim", "--message", f"{version}\n\n{notes}")
        git("commit", "--all", "--message", f"release: {_after(version)} begins")
    except BaseException:
        subprocess.run(["git", "tag", "--delete", f"v{version}"], capture_output=True, check=False)
        git("reset", "--hard", before)
        raise


def write_version(version: str) -> None:
    text = VERSION_FILE.read_text()
    VERSION_FILE.write_text(re.sub(r'^VERSION = ".*"$', f'VERSION = "{version}"', text, flags=re.MULTILINE))


def _after(version: Version) -> str:
    """What is worked on next: the minor version after a release, and the same version after a candidate."""
    major, minor, patch = version.release
    return f"{major}.{minor}.{patch}" if version.is_prerelease else f"{major}.{minor + 1}.0"


def build(version: Version) -> None:
    """Write the source archive, its checksum and, where an engine answers, the image."""
    DIST.mkdir(exist_ok=True)
    archive = DIST / f"contentgen-{version}.tar.gz"
    git("archive", f"--prefix=contentgen-{version}/", "--output", str(archive), "HEAD")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_suffix(".gz.sha256").write_text(f"{digest}  {archive.name}\n")
    engine = _find_engine()
    if engine is None:
        print("Neither docker nor podman answers here, so no image was built.")
        return
    label = f"org.opencontainers.image.version={version}"
    subprocess.run([engine, "build", "--tag", f"contentgen:{version}", "--label", label, "."], check=True)


def _find_engine() -> str | None:
    """Return the first of docker and podman that is more than a client without an engine."""
    for name in ("docker", "podman"):
        engine = shutil.which(name)
        if engine and subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0:
            return engine
    return None


def make(*targets: str) -> None:
    subprocess.run(["make", *targets], check=True)


def git(*arguments: str) -> str:
    """Return what git printed. Raises `ReleaseError` with its own words where it fails."""
    ran = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"git {arguments[0]}: {ran.stderr.strip() or ran.stdout.strip()}")
    return ran.stdout.strip()


if __name__ == "__main__":
    main()
