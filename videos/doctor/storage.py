"""Where files are kept: whether they can be written and read, by whom, and how much room is left."""

import os
import pwd
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.template.defaultfilters import filesizeformat

from contentgen import disk_space
from contentgen.storage_address import ObjectStore
from contentgen.storage_interface import as_studio_storage, local_folder
from videos.doctor.database import network_file_system
from videos.doctor.finding import Finding, Findings, ok, warning, wrong
from videos.doctor.runner import describe

_PROBE = "health/probe"  # where health checks write theirs
_CONTENT = b"ContentGen writes this to see whether it can."
_SLOW = 2.0  # seconds for a small file
_LOOKED_AT = 2000  # entries of folders, whose owners are compared


def check_storage() -> Findings:
    """Write a file, with all that it takes to outlive a power cut, and read it again."""
    for place in (settings.STORAGE_URL, settings.STORAGE_FORMER):
        if isinstance(place, ObjectStore) and place.missing_extra:
            yield wrong("storage", f"{place} cannot be reached: a package is missing.", place.missing_extra)
            return
    root = local_folder(default_storage)
    if root and settings.STORAGE_URL is None and not root.exists():
        yield _missing(root)
        return
    ours = as_studio_storage(default_storage)
    where = f"{ours.describe() if ours else 'Storage'}{_on_network(root)}"
    began = time.monotonic()
    try:
        is_whole = _write_and_read(ours.impatient() if ours else default_storage)
    except Exception as error:  # noqa: BLE001  # each kind of storage has errors of its own
        yield wrong("storage", f"{where} takes no files: {describe(error)}", _advice())
        return
    seconds = time.monotonic() - began
    if not is_whole:
        yield wrong("storage", f"What was written to {where} was read differently.", "Check the disk.")
    elif seconds > _SLOW:
        slow = "The disk is slow or busy." if root else "The store is slow, or far away."
        yield warning("storage", f"A small file took {seconds:.1f} s at {where}.", slow)
    else:
        yield ok("storage", f"{where} takes and gives files, synced, in {seconds * 1000:.0f} ms.")
    if settings.STORAGE_FORMER:
        advice = "Run migrate_storage, with --delete-source at last; then unset STORAGE_FORMER."
        yield warning("storage's move", "Files are still looked for at their former place.", advice)


def _write_and_read(storage: Storage) -> bool:
    name = storage.save(_PROBE, ContentFile(_CONTENT))
    try:
        with storage.open(name) as file:
            return bool(file.read() == _CONTENT)
    finally:
        storage.delete(name)


def _advice() -> str:
    if settings.STORAGE_URL is not None:
        return (
            "See whether the store answers at the endpoint of STORAGE_URL, and whether its keys may list, "
            "read, write and delete in that bucket. Finished videos wait, and nothing is submitted until "
            "then."
        )
    return (
        "Give this account write permission there, mount it again, or make room. Nothing is submitted until "
        "then."
    )


def _missing(root: Path) -> Finding:
    """Say what it means that there is no such folder yet."""
    if root.parent.is_dir() and os.access(root.parent, os.W_OK):
        return ok("storage", f"{root} is made with the first file.")
    advice = "Mount it, or correct VIDEO_STORAGE_PATH. Nothing is submitted until then."
    return wrong("storage", f"{root} does not exist, and this account cannot make it.", advice)


def check_disks() -> Findings:
    """Compare the room that is left with what should be."""
    for disk in disk_space.disks():
        what = f"disk of {disk.setting}"
        found = f"{filesizeformat(disk.free)} of {filesizeformat(disk.total)} are free."
        advice = "Empty the trash (purge_trash), shorten TRASH_RETENTION_DAYS, or add space."
        if disk.free < 1 << 20:
            yield wrong(what, found, advice)
        elif disk.is_low:
            least = filesizeformat(disk.minimum)
            yield warning(what, f"{found} There should be {least}.", advice)
        else:
            yield ok(what, found)
        yield from _files_left(disk)


def check_owners() -> Findings:
    """Find what belongs to another account than `DATA_DIR`, or cannot be written by this one."""
    folder = Path(settings.DATA_DIR)
    if not folder.is_dir():
        advice = "Set DATA_DIR to the studio's folder; `make run` makes a new one."
        yield wrong("files' owner", f"DATA_DIR={folder} does not exist.", advice)
        return
    owner = folder.stat().st_uid
    if os.geteuid() not in (owner, 0):
        found = f"You are {_name(os.geteuid())}, and DATA_DIR belongs to {_name(owner)}."
        yield warning("files' owner", found, f"Run commands as {_name(owner)}, as the studio does.")
    foreign = [path for path in _entries(folder) if _owner_of(path) not in (owner, None)]
    closed = [path for path in _entries(folder) if path.exists() and not _is_writable(path)]
    if foreign:
        found = f"{foreign[0]} belongs to {_name(_owner_of(foreign[0]) or 0)}, DATA_DIR to {_name(owner)}."
        advice = (
            f"Stop the studio, then: chown -R {_name(owner)} {folder}. Run all its processes as one account."
        )
        yield wrong("files' owner", _more(found, foreign), advice)
    elif closed:
        advice = f"Give its owner write permission again: chmod -R u+rwX {folder}."
        yield wrong("files' owner", _more(f"{closed[0]} cannot be written to.", closed), advice)
    else:
        yield ok("files' owner", f"What is in DATA_DIR belongs to {_name(owner)}.")


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the folder, and what is in it two levels deep, as far as it is few. Links are passed over."""
    count = 0
    for parent, folders, files in os.walk(folder):
        if len(Path(parent).relative_to(folder).parts) >= 2:
            folders.clear()
        yield Path(parent)
        for name in files:
            count += 1
            path = Path(parent) / name
            if not path.is_symlink():
                yield path
        if count > _LOOKED_AT:
            return


def _owner_of(path: Path) -> int | None:
    with suppress(OSError):
        return path.lstat().st_uid
    return None


def _is_writable(path: Path) -> bool:
    """Whether the studio's account may write it: root, who asks here, may write anything."""
    if path.name == "owner-password" or not (path.is_dir() or path.name.startswith("db.sqlite3")):
        return True  # read alone, or replaced as a whole
    mode = path.stat().st_mode
    return os.access(path, os.W_OK) and bool(mode & 0o200)


def _files_left(disk: disk_space.Disk) -> Iterable[Finding]:
    folder = settings.VIDEO_STORAGE_PATH if disk.setting == "VIDEO_STORAGE_PATH" else settings.DATA_DIR
    with suppress(OSError):
        found = os.statvfs(folder)
        if found.f_files and not found.f_favail:
            yield wrong(
                f"disk of {disk.setting}",
                "It has no room for another file.",
                "Remove files: no inode is free.",
            )
        if found.f_flag & os.ST_RDONLY:
            yield wrong(f"disk of {disk.setting}", "It is mounted read only.", "Mount it for writing.")


def _on_network(root: Path | None) -> str:
    kind = network_file_system(root) if root else ""
    return f" ({kind})" if kind else ""


def _more(found: str, paths: list[Path]) -> str:
    return found if len(paths) == 1 else f"{found} The same goes for {len(paths) - 1} more."


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"
