"""The version before: which commit it is, and its files in a folder of their own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.studio import PROJECT

TIMEOUT = 120  # seconds for git
# What is upgraded from as long as nothing is released, by where the files are: the first knows no other place
# than a disk. Commits between them may not run by themselves.
BEFORE_RELEASES = {
    "disk": "d758dec40ae6e8dd716628ce65bb377fbfe6c8f5",
    "s3": "a2979bb8dd0e535f9f3cb71cdcca8598148820e3",
}


class NoHistoryError(Exception):
    """There is no version before: no git, no repository, or a clone without its history."""


def base_of(ref: str, storage: str = "disk") -> str:
    """Return the commit of `ref`, else of the newest release, else that of `BEFORE_RELEASES`.

    Raises `NoHistoryError`.
    """
    if ref:
        return _commit(ref)
    try:
        return _commit(_git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^"))
    except NoHistoryError:
        return _commit(BEFORE_RELEASES[storage])


def _commit(ref: str) -> str:
    return _git("rev-parse", "--verify", f"{ref}^{{commit}}")


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """Yield a folder in `folder` with the files of `commit`, and remove it afterwards."""
    place = folder / "before"
    _git("worktree", "add", "--detach", "--force", str(place), commit)
    try:
        yield place
    finally:
        _git("worktree", "remove", "--force", str(place))


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=TIMEOUT, check=True
        )
    except FileNotFoundError as error:
        raise NoHistoryError("git is not installed.") from error
    except subprocess.CalledProcessError as error:
        raise NoHistoryError(f"git {arguments[0]}: {error.stderr.strip()}") from error
    return done.stdout.strip()
