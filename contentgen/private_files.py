"""Who may read what the studio keeps: its own account alone, or its group too with `DATA_GROUP_READABLE`."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)


def close_data_dir(**signal: Any) -> None:
    """Close `DATA_DIR` and all in it to other accounts, and say so in one line. Receives a signal.

    A folder that is closed already costs one look, so this can be done at each start. What belongs to another
    account stays as it is, and is named.
    """
    folder = Path(settings.DATA_DIR)
    if not _is_open(folder, settings.PRIVATE_FOLDER_MODE):
        return
    closed, left = 0, []
    for path, mode in _entries(folder):
        if _is_open(path, mode):
            try:
                path.chmod(stat.S_IMODE(path.stat().st_mode) & mode)
                closed += 1
            except OSError:
                left.append(path)
    logger.warning("Others could read DATA_DIR=%s; %d items there are closed now.", folder, closed)
    if left:
        logger.warning("%d of another account stay open there, such as %s.", len(left), left[0])


def _entries(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield all in `folder` with the widest mode that it may have.

    The folder itself is the last: closed, it tells the next start that there is nothing to do.
    """
    for parent, folders, files in os.walk(folder):
        yield from ((Path(parent) / name, settings.PRIVATE_FOLDER_MODE) for name in folders)
        yield from ((Path(parent) / name, settings.PRIVATE_FILE_MODE) for name in files)
    yield folder, settings.PRIVATE_FOLDER_MODE


def _is_open(path: Path, widest: int) -> bool:
    """Whether others have more access than `widest` gives. Links are left alone, and where they lead."""
    try:
        found = path.lstat()
    except FileNotFoundError:  # removed meanwhile
        return False
    is_link = stat.S_ISLNK(found.st_mode)
    return not is_link and bool(stat.S_IMODE(found.st_mode) & 0o077 & ~widest)
