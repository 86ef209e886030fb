"""The number of the latest submission, kept outside the database as well: in storage and in the cache.

A number is in the database first and outside second, and its submission is sent third. So a number outside
that is higher than the database's proves that the database was restored from a backup: it has forgotten
submissions. A crash at any point leaves the number outside equal or lower, which proves nothing and holds
nothing up.

In storage a mark is an empty file whose name holds the number. Names are created and deleted as a whole, on a
disk and in an object store alike, so no mark is ever half written, and the highest of them is the latest
whatever the order in which workers wrote them.
"""

import logging
import re
from pathlib import Path
from uuid import UUID

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext

logger = logging.getLogger(__name__)

FOLDER = "studio/submissions"
ORIGINAL = "studio/original"  # a file that is written once, for `storage_identity`
KEPT = 10  # marks; more than one, so that a listing that runs meanwhile finds at least one of them
_NAME = re.compile(r"([0-9a-f]{32})-(\d+)(?:_\w+)?")  # storage adds a suffix to a name that it has already


class MarksUnavailableError(Exception):
    """The storage could not be read or written."""


def latest(installation: UUID) -> int | None:
    """Return the highest number kept for this installation in storage or cache, or None when there is none.

    Raises `MarksUnavailableError` when the storage cannot be read. A cache that is away counts as empty.
    """
    stored = [number for owner, number, _ in _stored() if owner == installation.hex]
    cached = _cached(installation)
    return max([*stored, *([] if cached is None else [cached])], default=None)


def has_others(installation: UUID) -> bool:
    """Whether the storage has marks of another installation. Raises `MarksUnavailableError`."""
    return any(owner != installation.hex for owner, _, _ in _stored())


def is_cached(installation: UUID) -> bool:
    """Whether the cache knows this installation: it was there before the database could be put back."""
    return _cached(installation) is not None


def storage_identity() -> str:
    """Return what tells the storage from a copy of it, or an empty text where it is not on a disk.

    Raises `MarksUnavailableError`.
    """
    try:
        if not default_storage.exists(ORIGINAL):
            default_storage.save(ORIGINAL, ContentFile(b""))
        original = Path(default_storage.path(ORIGINAL))
        # Of several, because a file system may give a copy the inode of what was deleted before.
        inodes = [path.stat().st_ino for path in (original, original.parent, original.parent.parent)]
        return f"{'.'.join(map(str, inodes))}-{original.stat().st_ctime_ns}"
    except NotImplementedError:
        return ""
    except Exception as error:
        raise MarksUnavailableError(_unreadable(error)) from error


def is_copy(recorded: str) -> bool:
    """Whether the storage is a copy of the one whose identity was `recorded`. Raises `MarksUnavailableError`.

    A copied file has another inode, and a later change time, which no tool can set. One of the two changes by
    itself: the inodes with some file systems when they are mounted, the time with the owner of the file.
    """
    try:
        if not recorded or not default_storage.exists(ORIGINAL):
            return False
    except Exception as error:
        raise MarksUnavailableError(_unreadable(error)) from error
    before, now = recorded.split("-"), storage_identity().split("-")
    return len(now) == len(before) and all(old != new for old, new in zip(before, now, strict=True))


def keep(installation: UUID, number: int) -> None:
    """Keep `number` as the latest, unless a higher one is kept. Raises `MarksUnavailableError`."""
    ours = sorted((known, name) for owner, known, name in _stored() if owner == installation.hex)
    if not ours or ours[-1][0] < number:
        try:
            default_storage.save(f"{FOLDER}/{installation.hex}-{number}", ContentFile(b""))
        except Exception as error:
            raise MarksUnavailableError(
                gettext("The storage cannot be written to: %(error)s") % {"error": error}
            ) from error
    _cache(installation, number)
    _delete([name for _, name in ours[: -KEPT + 1]])


def _unreadable(error: Exception) -> str:
    return gettext("The storage cannot be read: %(error)s") % {"error": error}


def _stored() -> list[tuple[str, int, str]]:
    """All marks in storage: installation, number and file name."""
    try:
        _, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    except Exception as error:  # each kind of storage has errors of its own
        raise MarksUnavailableError(_unreadable(error)) from error
    found = ((name, _NAME.fullmatch(name)) for name in names)
    return [(match[1], int(match[2]), name) for name, match in found if match]


def _delete(names: list[str]) -> None:
    for name in names:
        try:
            default_storage.delete(f"{FOLDER}/{name}")
        except Exception as error:  # noqa: BLE001 - an old mark does no harm; the next submission tries again
            logger.debug("The old mark %s could not be deleted: %s", name, error)


def _key(installation: UUID) -> str:
    return f"submissions:{installation.hex}"


def _cached(installation: UUID) -> int | None:
    try:
        number: int | None = cache.get(_key(installation))
    except Exception as error:  # noqa: BLE001 - each kind of cache has errors of its own
        logger.debug("The cache could not be read: %s", error)
        return None
    return number


def _cache(installation: UUID, number: int) -> None:
    """Cache the number for good. Two workers may leave the lower of theirs, until the next submission."""
    known = _cached(installation)
    if known is not None and known >= number:
        return
    try:
        cache.set(_key(installation), number, timeout=None)
    except Exception as error:  # noqa: BLE001 - as above
        logger.debug("The cache could not be written: %s", error)
